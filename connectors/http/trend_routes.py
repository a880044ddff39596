"""Routes of what is counted: tracks, a track's trend, and how tracks stand beside each other."""

import time
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel

from connectors.gzip_parts import Part
from connectors.http.board import Leaderboard
from connectors.http.bodies import accepts_gzip, tag_of
from connectors.http.paging import Limit, Offset, page_of
from connectors.http.problems import ProblemError, documented, telling_bad_range
from connectors.http.services import Services
from connectors.http.trend_csv import trend_csv
from connectors.trends.live import LiveTrends
from connectors.trends.series import TrendSeries
from connectors.trends.standings import Order
from connectors.trends.timespan import TimeRange, parse_range

MOST_TRACKS: Final = 100  # that a question may name
MOST_COMPARED: Final = 200  # all of ten thousand would hold up every reader for a fifth of a second
PROBLEMS: Final = documented(
    {
        400: "The range makes no sense",
        401: "A token is needed",
        403: "The token may not do this, or no token may",
        404: "There is no such track",
        422: "A parameter is missing or malformed",
        429: "This caller asks too often",
        503: "Redis does not answer",
    }
)

Track = Annotated[str, Path(min_length=1, max_length=256, description="name of the track")]
ResolutionName = Literal["10s", "1m", "1h", "1d"]
Window = Annotated[str | None, Query(description="the last while, as in 15m, 1h or 7d")]
Start = Annotated[str | None, Query(description="start of the range, Unix seconds or ISO 8601")]
End = Annotated[str | None, Query(description="end of the range, exclusive; now where missing")]
Resolution = Annotated[
    ResolutionName | None, Query(description="width of the buckets; suits the range where missing")
]


class Tracks(BaseModel):
    """Names of tracks."""

    tracks: list[str]


def trend_routes(services: Services) -> APIRouter:
    """The routes, answered by these services."""
    routes = APIRouter(
        prefix="/api/v1",
        tags=["trends"],
        responses=PROBLEMS,
        route_class=services.bodies.route_class(),
    )

    @routes.get("/tracks")
    async def tracks(
        request: Request, response: Response, limit: Limit = 100, offset: Offset = 0
    ) -> Tracks:
        """Tracks that ever had a post, by name."""
        names = await services.trends.tracks()
        return Tracks(tracks=list(page_of(names, limit, offset, request.url, response)))

    @routes.get(
        "/trends/{track:path}",
        response_class=Response,
        responses={
            200: {"model": TrendSeries, "content": {"text/csv": {}}},
            304: {"description": "It is what If-None-Match names"},
        },
    )
    async def trends(
        request: Request,
        track: Track,
        window: Window = None,
        start: Start = None,
        end: End = None,
        resolution: Resolution = None,
        format: Annotated[  # noqa: A002 - the name in the query
            Literal["json", "csv"], Query(description="csv: a line a bucket")
        ] = "json",
    ) -> Response:
        """Counts and shares of a track over a range; the last hour where none is given."""
        await require_track(services.trends, track)
        asked = asked_range(window, start, end, resolution)
        with telling_bad_range():
            answer = await services.trends.trends(track, asked.start, asked.end, asked.resolution)
        if format == "json":
            return services.bodies.respond(
                request, answer.tag, lambda: answer.parts, "application/json"
            )
        csv = services.bodies.respond(
            request,
            f"{answer.tag}-csv",
            lambda: [Part(trend_csv(TrendSeries.model_validate_json(answer.json())))],
            "text/csv",
        )
        csv.headers["Content-Disposition"] = f'attachment; filename="{_file_name(track)}.csv"'
        return csv

    @routes.get(
        "/leaderboard",
        response_class=Response,
        responses={200: {"model": Leaderboard}},
    )
    async def leaderboard(
        request: Request,
        response: Response,
        *,
        window: Window = None,
        start: Start = None,
        end: End = None,
        resolution: Resolution = None,
        sort: Annotated[
            Order,
            Query(description="change: how far net sentiment moved, whichever way"),
        ] = "posts",
        track: Annotated[
            list[str], Query(max_length=MOST_TRACKS, description="only these; all where missing")
        ] = [],  # noqa: B006 - FastAPI copies it
        limit: Limit = 50,
        offset: Offset = 0,
    ) -> Response:
        """Tracks over a range beside as long before it: volume, net sentiment, change.

        It counts the buckets that `trends` answers of the same window and resolution. Changes are
        of whole buckets, as many in both windows.
        """
        asked = asked_range(window, start, end, resolution)
        with telling_bad_range():
            found = await services.board.read(asked)
        ranked = await found.ranked(sort)
        asked_for = [each for each in ranked if each in track] if track else ranked
        shown = page_of(asked_for, limit, offset, request.url, response)
        short = accepts_gzip(request.headers.get("accept-encoding", ""))
        parts = await found.leaderboard(shown, deflated=short)
        answer = services.bodies.respond(request, tag_of(parts), lambda: parts, "application/json")
        answer.headers.update(response.headers)
        return answer

    return routes


async def require_track(trends: LiveTrends, track: str) -> None:
    """See to it that a track was ever counted.

    Raises:
        ProblemError: it was not; names the closest that were.
    """
    known = await trends.tracks()
    if track not in known:
        close = closest_names(track, known)
        hint = f"did you mean {', '.join(map(repr, close))}?" if close else "see /api/v1/tracks"
        raise ProblemError(404, "unknown_track", f"no track {track!r}: {hint}")


def closest_names(track: str, known: Sequence[str]) -> list[str]:
    """Names that one may have been meant for; among many tracks, of those that begin alike."""
    begin_alike = sorted(known, key=lambda name: name[:1] != track[:1])
    return get_close_matches(track, begin_alike[:MOST_COMPARED], n=3, cutoff=0.5)


def asked_range(
    window: str | None, start: str | None, end: str | None, resolution: str | None
) -> TimeRange:
    """The range that the parameters of a request name.

    Raises:
        ProblemError: they make no sense.
    """
    with telling_bad_range():
        return parse_range(window, start, end, resolution, now=time.time())


def _file_name(track: str) -> str:
    """A track's name as a file's: plain letters and digits."""
    return "".join(sign if sign.isascii() and sign.isalnum() else "-" for sign in track)

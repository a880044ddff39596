"""The route that tells what changes as it happens: server-sent events that resume."""

from typing import Annotated, Final

from fastapi import APIRouter, Header, Query
from fastapi.responses import StreamingResponse

from connectors.http.feed import Interest
from connectors.http.problems import ProblemError
from connectors.http.services import Services
from connectors.http.trend_routes import MOST_TRACKS, PROBLEMS, ResolutionName

MOST_FOLLOWERS: Final = 2000


def stream_routes(services: Services) -> APIRouter:
    """The routes, answered by these services."""
    routes = APIRouter(prefix="/api/v1", tags=["stream"], responses=PROBLEMS)

    @routes.get(
        "/stream",
        response_class=StreamingResponse,
        responses={200: {"content": {"text/event-stream": {}}}},
    )
    async def stream(
        track: Annotated[
            list[str], Query(max_length=MOST_TRACKS, description="only these; all where missing")
        ] = [],  # noqa: B006 - FastAPI copies it
        resolution: Annotated[ResolutionName, Query(description="width of the buckets")] = "10s",
        last_event_id: Annotated[
            str | None, Header(description="go on after this event", max_length=64)
        ] = None,
    ) -> StreamingResponse:
        """Follow trends and alerts.

        `hello` comes first. `trend` holds the newest buckets of a track that changed, as they are
        now; `alert` an alert. `reset`: something was missed, read the other routes again. `away`:
        Redis does not answer; `reset` follows when it is back.
        """
        if services.feed.followers >= MOST_FOLLOWERS:
            raise ProblemError(
                503, "too_many_followers", f"{MOST_FOLLOWERS} follow already: start another server"
            )
        events = services.feed.follow(Interest(frozenset(track), resolution), last_event_id)
        return StreamingResponse(
            events,
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    return routes

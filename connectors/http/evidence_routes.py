"""Routes of what stands behind a trend: where it comes from, who spoke, example posts, alerts."""

import time
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from connectors.alerts.paging import AlertCursor
from connectors.alerts.store import WatchState
from connectors.exemplars.exemplar import Exemplar
from connectors.http.problems import ProblemError, telling_bad_range
from connectors.http.services import Services
from connectors.http.trend_routes import (
    PROBLEMS,
    End,
    Start,
    Track,
    Window,
    asked_range,
    require_track,
)
from connectors.schemas.alert import Alert
from connectors.trends.distinct import DistinctCounts
from connectors.trends.splits import TrendSplits

Limit = Annotated[int, Query(ge=1, le=200, description="most items in an answer")]
SentimentName = Literal["negative", "neutral", "positive"]
EmotionName = Literal["happy", "disgust", "sad", "fear", "surprise", "angry", "neutral"]


class Exemplars(BaseModel):
    """Example posts of a track, the best first."""

    track: str
    exemplars: list[Exemplar]
    explained: bool = Field(description="whether this server explains them when asked")


class Forgotten(BaseModel):
    """What was removed."""

    removed: int = Field(description="examples, counted once for each track that held one")


class Alerts(BaseModel):
    """Alerts, the newest first."""

    alerts: list[Alert]
    watch: WatchState = Field(description="whether anybody would have raised one")


def evidence_routes(services: Services) -> APIRouter:
    """The routes, answered by these services."""
    routes = APIRouter(
        prefix="/api/v1",
        tags=["evidence"],
        responses=PROBLEMS,
        route_class=services.bodies.route_class(),
    )

    @routes.get("/splits/{track:path}")
    async def splits(
        track: Track, window: Window = None, start: Start = None, end: End = None
    ) -> TrendSplits:
        """A track's counts over a range by platform and by language."""
        await require_track(services.trends, track)
        asked = asked_range(window, start, end, None)
        with telling_bad_range():
            return await services.reader.splits(track, asked.start, asked.end, time.time())

    @routes.get("/distinct/{track:path}")
    async def distinct(
        track: Track, window: Window = None, start: Start = None, end: End = None
    ) -> DistinctCounts:
        """About how many conversations and authors a track had, by platform and language too."""
        await require_track(services.trends, track)
        asked = asked_range(window, start, end, None)
        with telling_bad_range():
            return await services.voices.read(track, asked.start, asked.end)

    @routes.get("/exemplars/{track:path}")
    async def exemplars(
        track: Track,
        sentiment: SentimentName | None = None,
        emotion: EmotionName | None = None,
        limit: Limit = 20,
    ) -> Exemplars:
        """Example posts of a track: new ones that the model was sure of."""
        await require_track(services.trends, track)
        found = await services.reader.exemplars(
            track, sentiment=sentiment, emotion=emotion, limit=limit
        )
        return Exemplars(track=track, exemplars=found, explained=services.explanations is not None)

    @routes.delete("/exemplars")
    async def forget(
        post_id: Annotated[str, Query(min_length=1, max_length=512, description="its post_id")],
    ) -> Forgotten:
        """Remove a post and its text from the examples of every track. Counts stay as they are."""
        return Forgotten(removed=await services.exemplars.forget_posts([post_id]))

    @routes.get("/alerts")
    async def alerts(
        request: Request,
        response: Response,
        track: Annotated[str | None, Query(max_length=256, description="only of this")] = None,
        before: Annotated[
            float | None,
            Query(ge=0, le=1e11, description="only those raised before, Unix seconds"),
        ] = None,
        cursor: Annotated[
            str | None, Query(max_length=256, description="of the next page, as `Link` has it")
        ] = None,
        limit: Limit = 50,
    ) -> Alerts:
        """Alerts, the newest first: the last hundred of a track, the last thousand of all.

        `Link` (RFC 8288) is where the next page is. Without a cursor a page has all alerts of its
        last moment, also over the limit, so that `before` that moment leaves none out.
        """
        if track is not None:
            await require_track(services.trends, track)
        page = await services.alerts.page(
            track, limit, before=before, cursor=None if cursor is None else _cursor(cursor)
        )
        if page.cursor is not None:
            query = request.url.include_query_params(cursor=page.cursor.encoded).query
            response.headers["Link"] = f'<{request.url.path}?{query}>; rel="next"'
        return Alerts(alerts=page.alerts, watch=await services.alerts.watch())

    return routes


def _cursor(encoded: str) -> AlertCursor:
    try:
        return AlertCursor.decode(encoded)
    except ValueError as error:
        raise ProblemError(400, "bad_cursor", str(error)) from error

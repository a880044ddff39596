"""Routes that judge a range: beside another one, and corrected for what the model confuses."""

import asyncio
import time
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from connectors.http.problems import telling_bad_range
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
from connectors.trends.comparison import Comparison
from connectors.trends.corrected import CorrectedShares, corrected_shares
from connectors.trends.series import TrendSeries
from connectors.trends.timespan import TimeRange, parse_moment


class Corrected(BaseModel):
    """Shares of sentiment as people would label the posts."""

    track: str
    start: int
    end: int
    posts: int
    corrected: CorrectedShares | None = Field(
        description="null without posts, or where another model than the fitted one scored some"
    )


def judgement_routes(services: Services) -> APIRouter:
    """The routes, answered by these services."""
    routes = APIRouter(
        prefix="/api/v1",
        tags=["judgement"],
        responses=PROBLEMS,
        route_class=services.bodies.route_class(),
    )

    @routes.get("/comparison/{track:path}")
    async def comparison(
        track: Track,
        window: Window = None,
        start: Start = None,
        end: End = None,
        baseline_start: Annotated[
            str | None, Query(description="start of the baseline; of the range before if missing")
        ] = None,
        baseline_end: Annotated[str | None, Query(description="end of the baseline")] = None,
    ) -> Comparison:
        """A range of a track beside another: how volume and shares differ, and how sure that is."""
        with telling_bad_range():
            earliest = None if baseline_start is None else parse_moment(baseline_start)
        series = await read(
            track, asked_range(window, start, end, None).reaching(earliest, time.time())
        )
        with telling_bad_range():
            if baseline_start is None and baseline_end is None:
                return await services.reader.compare(series)
            if baseline_start is None or baseline_end is None:
                raise ValueError("give both ends of the baseline, or neither")
            asked = asked_range(None, baseline_start, baseline_end, series.resolution)
            return await services.reader.compare(series, (asked.start, asked.end))

    @routes.get("/corrected/{track:path}")
    async def corrected(
        track: Track, window: Window = None, start: Start = None, end: End = None
    ) -> Corrected:
        """Shares of sentiment over a range, corrected for what the model confuses."""
        series = await read(track, asked_range(window, start, end, None))
        found = None
        if services.quantifier is not None:
            found = await asyncio.to_thread(
                corrected_shares, track, series.total, services.quantifier
            )
        return Corrected(
            track=track,
            start=series.start,
            end=series.end,
            posts=series.total.posts,
            corrected=found,
        )

    async def read(track: str, asked: TimeRange) -> TrendSeries:
        await require_track(services.trends, track)
        with telling_bad_range():
            return await services.reader.trends(track, asked.start, asked.end, asked.resolution)

    return routes

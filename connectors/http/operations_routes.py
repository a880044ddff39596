"""Routes for who runs the server: alive, ready, metrics."""

import time

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel

from connectors.http.services import Services
from connectors.http.trend_routes import PROBLEMS
from connectors.trends.timespan import parse_range


class Status(BaseModel):
    """The server's state."""

    status: str


def operations_routes(services: Services) -> APIRouter:
    """The routes, answered by these services."""
    routes = APIRouter(tags=["operations"])

    @routes.get("/healthz")
    async def healthz() -> Status:
        """Whether the process answers."""
        return Status(status="alive")

    @routes.get("/readyz", responses={503: PROBLEMS[503]})
    async def readyz() -> Status:
        """Whether it can answer questions: Redis is there."""
        await services.client.ping()
        return Status(status="ready")

    @routes.get("/metrics", response_class=Response, responses={503: PROBLEMS[503]})
    async def metrics() -> Response:
        """Figures for Prometheus: of this server, and of each track's last hour."""
        asked = parse_range("1h", None, None, None, now=time.time())
        board = await services.board.read(asked)
        watch = await services.alerts.watch()
        services.metrics.open_streams.set(services.feed.followers)
        page = services.metrics.page(board.volumes.values(), watch)
        return Response(page, media_type=CONTENT_TYPE_LATEST)

    return routes

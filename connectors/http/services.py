"""What the routes of one server share, opened and closed with it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

import redis.asyncio

from connectors.http.bodies import Bodies
from connectors.http.feed import Feed
from connectors.http.metrics import ApiMetrics
from connectors.http.options import ApiOptions
from connectors.trends.live import LiveTrends


@dataclass(frozen=True, slots=True)
class Services:
    """One of each for a server.

    Attributes:
        client: of Redis, for what the others do not read.
        trends: counts and shares.
        feed: what has just changed.
        bodies: answers that several readers share.
        metrics: what the server measures of itself.
    """

    client: redis.asyncio.Redis
    trends: LiveTrends
    feed: Feed
    bodies: Bodies
    metrics: ApiMetrics


def make_services(options: ApiOptions) -> Services:
    """The services of a server; they connect when they are first used."""
    client = options.redis.open()
    return Services(
        client=client,
        trends=LiveTrends(client, options.layout),
        feed=Feed(client, options.layout),
        bodies=Bodies(),
        metrics=ApiMetrics(),
    )


@contextlib.asynccontextmanager
async def running(services: Services) -> AsyncIterator[None]:
    """With the feed watching; the connections are closed at the end."""
    watching = asyncio.create_task(services.feed.watch())
    try:
        yield
    finally:
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching
        await services.client.aclose()

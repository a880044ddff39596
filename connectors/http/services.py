"""What the routes of one server share, opened and closed with it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

import redis.asyncio

from connectors.alerts.layout import AlertLayout
from connectors.alerts.store import AlertReader
from connectors.exemplars.explanations import ExemplarExplanations
from connectors.exemplars.store import ExemplarStore
from connectors.http.board import Board
from connectors.http.bodies import Bodies
from connectors.http.feed import Feed
from connectors.http.metrics import ApiMetrics
from connectors.http.options import ApiOptions
from connectors.http.voices import VoiceReads
from connectors.prevalence.quantifier import Quantifier
from connectors.trends.live import LiveTrends
from connectors.trends.opinions import LiveOpinions
from connectors.trends.reader import TrendReader

CANCEL_AGAIN_S: Final = 1.0
MOST_CONNECTIONS: Final = 16  # one thread would gain nothing by more


@dataclass(frozen=True, slots=True)
class Services:
    """One of each for a server.

    Attributes:
        client: of Redis, to see whether it answers.
        reader: splits, example posts.
        exemplars: forgets example posts.
        alerts: what was unusual.
        trends: counts and shares.
        voices: distinct counts.
        board: how tracks stand.
        feed: what has just changed.
        bodies: answers that several readers share.
        metrics: what the server measures of itself.
        quantifier: corrects shares; None where nothing does.
        explanations: of example posts; None where nothing explains.
    """

    client: redis.asyncio.Redis
    reader: TrendReader
    exemplars: ExemplarStore
    alerts: AlertReader
    trends: LiveTrends
    voices: VoiceReads
    board: Board
    feed: Feed
    bodies: Bodies
    metrics: ApiMetrics
    quantifier: Quantifier | None
    explanations: ExemplarExplanations | None


def make_services(options: ApiOptions) -> Services:
    """The services of a server; they connect when they are first used."""
    client = options.redis.open(most_connections=MOST_CONNECTIONS)
    trends = LiveTrends(client, options.layout)
    reader = TrendReader(client, options.layout)
    alerts = AlertReader(client, AlertLayout(options.layout.namespace))
    return Services(
        client=client,
        reader=reader,
        exemplars=ExemplarStore(client, options.layout),
        alerts=alerts,
        trends=trends,
        voices=VoiceReads(reader),
        board=Board(trends, LiveOpinions(client, options.layout)),
        feed=Feed(client, options.layout, alerts),
        bodies=Bodies(),
        metrics=ApiMetrics(),
        quantifier=options.quantifier,
        explanations=None
        if options.explainer is None
        else ExemplarExplanations(client, options.layout, options.explainer),
    )


@contextlib.asynccontextmanager
async def running(services: Services) -> AsyncIterator[None]:
    """With the feed watching; the connections are closed at the end."""
    watching = asyncio.create_task(services.feed.watch())
    try:
        yield
    finally:
        while not watching.done():  # a client that waits for its server may swallow a cancellation
            watching.cancel()
            await asyncio.wait([watching], timeout=CANCEL_AGAIN_S)
        if services.explanations is not None:
            await services.explanations.close()
        await services.client.aclose()

"""Posts of two tracks as a worker counts them, and watches that look at them at a given time."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import redis.asyncio

from connectors.alerts.evidence import Span
from connectors.alerts.policy import AlertPolicy, quick_policy
from connectors.alerts.watch import AlertWatch, Watched
from connectors.schemas.alert import Alert
from connectors.schemas.prediction import Prediction
from connectors.trends.layout import TrendLayout
from connectors.trends.sink import TrendSink
from tests.conftest import PredictionMaker

POLICY = quick_policy(min_posts=20)
SETTLED_S = 0.0
HISTORY_S = 15 * 60
USUAL, BURST = 10, 60  # posts in 10 s


@dataclass
class Topic:
    """Keeps what it is given; fails as often as it is told to."""

    alerts: list[Alert] = field(default_factory=list)
    failures: int = 0

    async def put(self, alert: Alert) -> None:
        if self.failures:
            self.failures -= 1
            raise ConnectionError
        self.alerts.append(alert)


class Spans:
    """Knows that everything is on one platform."""

    async def span(
        self,
        track: str,
        start: float,
        end: float,
        label: str | None,
        *,
        texts_of_all: bool = False,
    ) -> Span:
        del texts_of_all
        posts = {"bluesky": int(end - start)} if track == "acme" else {}
        return Span(end - start, posts, {} if label is None else posts)


@dataclass
class Stream:
    """Posts of two tracks, counted as a worker counts them."""

    client: redis.asyncio.Redis
    namespace: str
    predict: PredictionMaker
    start: int
    offset: int = 0

    async def count(self, steps: int, acme: int, *, model: str = "m-1", negative: int = 0) -> None:
        posts: list[Prediction] = []
        for _ in range(steps):
            moods = [0 if at < negative else at % 2 + 1 for at in range(acme)]
            posts += [self._post("acme", mood, model) for mood in moods]
            posts += [self._post("globex", at % 3, "m-1") for at in range(USUAL)]
            self.start += POLICY.step_s
        await TrendSink(self.client, TrendLayout(self.namespace)).apply({"posts@id:0": posts})

    def _post(self, track: str, sentiment: int, model: str) -> Prediction:
        self.offset += 1
        return self.predict(
            self.offset, [track], self.start + 5.0, sentiment=sentiment, model_version=model
        )


async def usual_stream(
    client: redis.asyncio.Redis, namespace: str, predict: PredictionMaker
) -> Stream:
    """A quarter of an hour in which nothing moves, a while ago."""
    start = int(time.time() - HISTORY_S - 900) // 60 * 60
    stream = Stream(client, namespace, predict, start)
    await stream.count(HISTORY_S // POLICY.step_s, USUAL, negative=3)
    return stream


def watch(stream: Stream, topic: Topic, policy: AlertPolicy = POLICY) -> AlertWatch:
    watched = Watched(stream.client, stream.namespace, topic, spans=Spans())
    return AlertWatch(watched, policy, settle_s=SETTLED_S, lease_s=20)


async def looked(stream: Stream, topics: Sequence[Topic], policy: AlertPolicy = POLICY) -> None:
    """One watch after the other takes all looks that are due now."""
    for topic in topics:
        own = watch(stream, topic, policy)
        assert await own._memory.take()
        await own.look_on(stream.start)
        await own._memory.give_back()

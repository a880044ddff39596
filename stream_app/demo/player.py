"""Plays a scenario into the `posts` topic at a rate, and says what the broker has taken.

Not for judging what became of the posts: `latency` and `tally` do.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from typing import Final

from connectors.kafka.in_flight import Delivery
from connectors.kafka.producer import PostProducer
from connectors.schemas.rejection import Reason
from stream_app.demo.breaking import broken_record
from stream_app.demo.features import TextFeatures, envelope
from stream_app.demo.scenario import Scenario, ScenarioPost
from stream_app.trial.latency import SentPost

TICK_S: Final = 0.02
RECENT_KEPT: Final = 5000


class Player:
    """Sends what the scenario says.

    Args:
        scenario: who posts what.
        features: of its texts.
        rate: posts a second; a broker that takes fewer slows it down.
        post_max_bytes: what a post too large must be over.
        delivered: called with every valid post that the broker has taken.

    Attributes:
        sent: posts sent so far, the broken ones included.
        broken: those that were broken on purpose, by reason.
        elapsed_s: seconds since the first post.
        recent: partition and offset -> the post, for the latest ones.
    """

    def __init__(
        self,
        scenario: Scenario,
        features: TextFeatures,
        *,
        rate: float,
        post_max_bytes: int,
        delivered: Callable[[SentPost], None],
    ) -> None:
        self.scenario = scenario
        self.sent = 0
        self.broken: Counter[Reason] = Counter()
        self.elapsed_s = 0.0
        self.recent: dict[tuple[int, int], ScenarioPost] = {}
        self._features = features
        self._rate = rate
        self._post_max_bytes = post_max_bytes
        self._delivered = delivered

    @property
    def valid(self) -> int:
        """Posts sent that must be counted."""
        return self.sent - self.broken.total()

    async def play(self, producer: PostProducer, seconds: float, stop: asyncio.Event) -> None:
        """Send until the time is over or `stop` is set; returns when all is delivered.

        Args:
            producer: started.
            seconds: how long; infinity for no end.
            stop: ends it early.

        Raises:
            connectors.kafka.errors.DeliveryError: the broker did not take a post.
        """
        began = time.monotonic()
        while not stop.is_set():
            self.elapsed_s = time.monotonic() - began
            if self.elapsed_s >= seconds:
                break
            while self.sent < self.elapsed_s * self._rate and not stop.is_set():
                await self._send(producer, self.scenario.next_post(self.elapsed_s))
            await asyncio.sleep(TICK_S)
        await producer.flush()

    async def _send(self, producer: PostProducer, post: ScenarioPost) -> None:
        created_at = time.time()
        document = envelope(post, self._features, created_at)
        self.sent += 1
        if post.fault is not None:
            self.broken[post.fault] += 1
            await producer.send_raw(*broken_record(document, post.fault, self._post_max_bytes))
            return
        delivery = await producer.send(document)
        delivery.add_done_callback(lambda done: self._settle(post, created_at, done))

    def _settle(
        self, post: ScenarioPost, created_at: float, done: asyncio.Future[Delivery]
    ) -> None:
        if done.cancelled() or done.exception() is not None:
            return  # the producer's flush raises it
        taken = done.result()
        self.recent[taken.partition, taken.offset] = post
        if len(self.recent) > RECENT_KEPT:
            del self.recent[next(iter(self.recent))]
        self._delivered(
            SentPost(taken.offset, taken.partition, post.track, taken.append_ms, created_at)
        )

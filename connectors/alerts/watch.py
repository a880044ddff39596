"""Watches all tracks and tells of shifts: counts in, looks taken, alerts fixed, then told.

Not for how a shift is found (`detector`), or what is remembered (`memory`).
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
import redis.asyncio

from connectors.alerts.baseline import Baseline, learn
from connectors.alerts.delivery import send_webhooks
from connectors.alerts.detector import look
from connectors.alerts.feed import Feed
from connectors.alerts.gathering import Gathering, SpanReader, WordReader
from connectors.alerts.layout import AlertLayout
from connectors.alerts.lifecycle import Ended, Lifecycle, Raised
from connectors.alerts.memory import LEASE_S, LeaseLostError, WatchMemory
from connectors.alerts.onset import steps_since
from connectors.alerts.panel import Counts
from connectors.alerts.policy import AlertPolicy
from connectors.alerts.store import AlertStore
from connectors.alerts.telling import alert_id, ended_alert, raised_alert
from connectors.alerts.webhook import Webhook
from connectors.schemas.alert import Alert
from connectors.trends.layout import TrendLayout

MOST_STEPS: Final = 60  # read in one go; a silence of all tracks for so long is a silence

logger = logging.getLogger(__name__)


class AlertSink(Protocol):
    """What takes alerts: `AlertTopic`."""

    async def put(self, alert: Alert) -> None:
        """Take one."""


@dataclass(frozen=True, slots=True)
class Watched:
    """Where a watch reads and writes.

    Attributes:
        client: of Redis, answering bytes.
        namespace: first part of every key.
        topic: takes alerts.
        webhook: takes them as well; None where there is none.
        spans: knows what carried a shift; None where nothing does.
        words: counts words of all posts; None where nothing does.
        tell: told each alert once it is in Redis and Kafka.
    """

    client: redis.asyncio.Redis
    namespace: str
    topic: AlertSink
    webhook: Webhook | None = None
    spans: SpanReader | None = None
    words: WordReader | None = None
    tell: Callable[[Alert], None] = lambda alert: logger.info("%s", alert.summary)


class AlertWatch:
    """Takes a look at every step once the next has begun, and tells of what begins and ends.

    Args:
        watched: where it reads and writes.
        policy: what an alert needs.
        settle_s: how long after its end a step is read, so that its posts are counted.
        lease_s: after how long another watch may take over, seconds.
    """

    def __init__(
        self,
        watched: Watched,
        policy: AlertPolicy,
        *,
        settle_s: float = 15.0,
        lease_s: float = LEASE_S,
    ) -> None:
        layout = AlertLayout(watched.namespace)
        self._watched = watched
        self._policy = policy
        self._settle_s = settle_s
        self._lease_s = lease_s
        self._memory = WatchMemory(watched.client, layout, lease_s)
        self._store = AlertStore(watched.client, layout)
        self._feed: Feed | None = None
        self._gathering = Gathering(policy, watched.spans, watched.words)
        self._lifecycle = Lifecycle(policy)
        self._baseline: Baseline | None = None
        self._stopped = asyncio.Event()

    def stop(self) -> None:
        """Let `run` end after the look that is under way."""
        self._stopped.set()

    async def run(self) -> None:
        """Watch until it is stopped; waits while another watch is active.

        Raises:
            redis.exceptions.RedisError: Redis did not answer, for longer than its retries.
            DeliveryError: Kafka did not take an alert; it is told when a watch begins again.
        """
        while not self._stopped.is_set():
            if await self._memory.take():
                try:
                    await self._active()
                except LeaseLostError as lost:
                    logger.warning("%s", lost)
                finally:
                    await self._memory.give_back()
            await self._rest(self._lease_s / 3)

    async def _active(self) -> None:
        """Look on until it is stopped.

        Raises:
            LeaseLostError: another watch took over.
        """
        self._feed = None
        beside = [
            asyncio.create_task(self._keep_lease()),
            asyncio.create_task(send_webhooks(self._memory, self._watched.webhook)),
        ]
        try:
            while not self._stopped.is_set():
                await self.look_on(time.time())
                await self._rest(min(self._lease_s / 3, self._policy.step_s / 4))
                for task in beside:
                    if task.done():
                        task.result()
        finally:
            for task in beside:
                task.cancel()
            await asyncio.wait(beside)

    async def _keep_lease(self) -> None:
        """Prolong the lease, also while much is read or learned.

        Raises:
            LeaseLostError: it ran out, and another watch took over.
        """
        while await self._memory.take():
            await self._rest(self._lease_s / 3)
            if self._stopped.is_set():
                return
        raise LeaseLostError("the lease ran out: this watch no longer decides")

    async def _rest(self, wait_s: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopped.wait(), wait_s)

    async def look_on(self, now: float) -> None:
        """Tell what is untold, and take every look that is due.

        Args:
            now: Unix seconds.

        Raises:
            LeaseLostError: another watch is active.
        """
        await self._tell_untold()
        ready = int(now - self._settle_s) // self._policy.step_s * self._policy.step_s
        feed = self._feed or await self._begin(ready)
        await feed.find_tracks()
        await feed.mend_late()
        while feed.panel.end < ready and not self._stopped.is_set() and await self._memory.take():
            first, step_s = feed.panel.end, self._policy.step_s
            starts = range(first, min(ready, first + MOST_STEPS * step_s), step_s)
            steps = await feed.read(starts)
            reached = np.flatnonzero(steps.any(axis=(1, 2)))
            if not len(reached) and len(steps) < MOST_STEPS:
                return  # nobody posts, or nobody counts: not even a silence can be told yet
            for counts in steps[: reached[-1] + 1 if len(reached) else None]:
                await self._look(feed, counts)

    async def _begin(self, ready: int) -> Feed:
        looked_until, self._lifecycle = await self._memory.recall(self._policy)
        oldest = ready - self._policy.recent_blocks * self._policy.block_s
        if looked_until is None or looked_until < oldest:
            looked_until = ready
            await self._memory.fix(ready, self._lifecycle, [])
        trends = TrendLayout(self._watched.namespace)
        self._feed = Feed(self._watched.client, trends, self._policy, looked_until)
        self._baseline = None
        return self._feed

    async def _look(self, feed: Feed, counts: Counts) -> None:
        panel = feed.panel
        if self._baseline is None or panel.end == panel.blocks_end or self._grown(feed):
            self._baseline = await asyncio.to_thread(learn, panel, self._policy)
        panel.push(counts)
        under_way = self._lifecycle.under_way(feed.tracks)
        found = look(panel, self._baseline, self._policy, under_way)
        changes = self._lifecycle.follow(feed.tracks, found)
        self._gathering.begin()
        alerts = [alert for change in changes if (alert := await self._alert(feed, change))]
        await self._memory.fix(panel.end, self._lifecycle, alerts)
        await self._tell_untold()

    def _grown(self, feed: Feed) -> bool:
        return self._baseline is not None and len(self._baseline.level) < feed.panel.tracks

    async def _alert(self, feed: Feed, change: Raised | Ended) -> Alert | None:
        if isinstance(change, Ended):
            own = alert_id(change.track, change.kind, change.raised_at)
            alert = await self._store.find(change.track, own)
            return None if alert is None else ended_alert(alert, change)
        since = self._since(feed, change)
        first_post = feed.panel.first_post(feed.tracks.index(change.track))
        evidence = await self._gathering.evidence(change, since, first_post)
        return raised_alert(change, since, self._policy.step_s, evidence)

    def _since(self, feed: Feed, raised: Raised) -> int:
        track = feed.tracks.index(raised.track)
        steps = min(3 * self._policy.windows[-1], self._policy.recent_steps)
        starts = raised.at - self._policy.step_s * np.arange(steps, 0, -1)
        counts = feed.panel.last_steps(steps)[track]
        assert self._baseline is not None  # noqa: S101 - a shift was found with it
        expected = self._baseline.expected(starts)[track]
        return raised.at - self._policy.step_s * steps_since(counts, expected, raised.shift)

    async def _tell_untold(self) -> None:
        while alert := await self._memory.next_untold():
            await self._store.put(alert)
            await self._watched.topic.put(alert)
            await self._memory.told(alert, to_webhook=self._watched.webhook is not None)
            self._watched.tell(alert)

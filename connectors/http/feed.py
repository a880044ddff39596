"""What has just changed, for all who follow: read once, numbered, kept for those who come back.

An event holds a state, never a difference, so that one that comes twice does no harm. Not for the
history: `LiveTrends` has that.
"""

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal
from uuid import uuid4

import redis.asyncio
from pydantic import BaseModel
from redis.exceptions import RedisError

from connectors.alerts.layout import KEPT_IN_ALL
from connectors.alerts.store import AlertReader
from connectors.trends.layout import TrendLayout, resolution
from connectors.trends.reader import TrendReader
from connectors.trends.series import TrendBucket

POLL_S: Final = 0.5
NEWEST_BUCKETS: Final = 3
REMEMBERED_ALERTS: Final = 2 * KEPT_IN_ALL
ANY: Final = ""  # resolution of what has none
REMEMBERED_EVENTS: Final = 8192
RESUME_WITHIN_S: Final = 60.0
HEARTBEAT_S: Final = 15.0
_log = logging.getLogger(__name__)

Kind = Literal["hello", "trend", "alert", "reset", "away"]


class TrendEvent(BaseModel):
    """The newest buckets of a track that changed, as they are now."""

    track: str
    resolution: str
    buckets: list[TrendBucket]


@dataclass(frozen=True, slots=True)
class Interest:
    """What a follower wants to hear of.

    Attributes:
        tracks: names; every track where there is none.
        resolution: of the buckets.
    """

    tracks: frozenset[str]
    resolution: str

    def covers(self, track: str, resolution: str) -> bool:
        """Whether a change is of this interest."""
        fits = resolution in {self.resolution, ANY}
        return fits and (not self.tracks or track in self.tracks)


@dataclass(frozen=True, slots=True)
class _Event:
    place: tuple[str, str] | None  # track and resolution; None: for every follower
    frame: bytes


class Feed:
    """Looks twice a second which tracks were counted in, and tells followers.

    Args:
        client: stays the caller's to close.
        layout: names of the keys.
        alerts: what was unusual.
    """

    def __init__(
        self, client: redis.asyncio.Redis, layout: TrendLayout, alerts: AlertReader
    ) -> None:
        self.followers = 0
        self._client = client
        self._layout = layout
        self._reader = TrendReader(client, layout)
        self._run = uuid4().hex[:8]
        self._next = 1
        self._events: deque[_Event] = deque(maxlen=REMEMBERED_EVENTS)
        self._published = asyncio.Event()
        self._wanted: dict[Interest, float] = {}
        self._fences: Mapping[str, Mapping[bytes, bytes]] = {}
        self._told: dict[tuple[str, str], dict[int, int]] = {}
        self._alerts = alerts
        self._alerted: dict[str, str] | None = None  # id -> state
        self._is_away = False
        self._is_closed = False

    def close(self) -> None:
        """End all followers' streams: the server stops."""
        self._is_closed = True
        self._published.set()

    async def watch(self) -> None:
        """Look for changes until cancelled; goes on when Redis is away, and says so."""
        while True:
            try:
                if self._wanted:
                    await self._look()
            except RedisError as error:
                if not self._is_away:
                    _log.warning("Redis is away: %s", error)
                    self._publish("away", b"{}")
                self._is_away = True
            await asyncio.sleep(POLL_S)

    async def follow(self, interest: Interest, last_event_id: str | None) -> AsyncIterator[bytes]:
        """Events as they go over the wire, from the one after `last_event_id`.

        Where that one is not remembered, the first event is `reset`: what was missed must be read
        from the other routes. Without an id it is `hello`.

        Args:
            interest: what is wanted.
            last_event_id: the last one that this follower had; None for a new one.
        """
        self.followers += 1
        self._wanted[interest] = time.monotonic()
        try:
            at = self._place_after(last_event_id)
            if at is None:
                kind: Kind = "hello" if last_event_id is None else "reset"
                at = self._next
                yield _frame(self._name(at - 1), kind, b"{}")
            while not self._is_closed:
                self._wanted[interest] = time.monotonic()
                first = self._next - len(self._events)
                if at < first:
                    at = self._next
                    yield _frame(self._name(at - 1), "reset", b"{}")
                published = self._published
                frames = b"".join(self._frames(interest, at))
                at = self._next
                if frames:
                    yield frames
                elif not await _within(published, HEARTBEAT_S):
                    yield b": still here\n\n"
        finally:
            self.followers -= 1

    def _frames(self, interest: Interest, at: int) -> Iterator[bytes]:
        for event in list(self._events)[len(self._events) - (self._next - at) :]:
            if event.place is None or interest.covers(*event.place):
                yield event.frame

    def _place_after(self, last_event_id: str | None) -> int | None:
        """Number of the event after that one; None where it is not known any more."""
        run, _, number = (last_event_id or "").partition("-")
        if run != self._run or not number.isascii() or not number.isdecimal() or len(number) > 15:
            return None
        following = int(number) + 1
        return following if self._next - len(self._events) <= following <= self._next else None

    def _name(self, number: int) -> bytes:
        return f"{self._run}-{number}".encode()

    def _publish(self, kind: Kind, data: bytes, place: tuple[str, str] | None = None) -> None:
        self._events.append(_Event(place, _frame(self._name(self._next), kind, data)))
        self._next += 1
        self._published.set()
        self._published = asyncio.Event()

    async def _look(self) -> None:
        """Publish what changed since the last look."""
        self._forget_old_interests()
        await self._tell_alerts()
        fences = await self._read_fences(await self._reader.tracks())
        before, self._fences = self._fences, fences
        if self._is_away:
            self._is_away = False
            self._publish("reset", b"{}")
        for track, fence in fences.items():
            if fence != before.get(track):
                for name in sorted({each.resolution for each in self._covering(track)}):
                    await self._tell(track, name)

    async def _read_fences(self, tracks: Sequence[str]) -> dict[str, Mapping[bytes, bytes]]:
        async with self._client.pipeline(transaction=False) as pipeline:
            for track in tracks:
                pipeline.hgetall(self._layout.fence(track))
            return dict(zip(tracks, await pipeline.execute(), strict=True))

    def _covering(self, track: str) -> Iterable[Interest]:
        return [each for each in self._wanted if each.covers(track, each.resolution)]

    async def _tell(self, track: str, name: str) -> None:
        now = time.time()
        span_s = (NEWEST_BUCKETS - 1) * resolution(name).seconds
        series = await self._reader.trends(track, now - span_s, now, name)
        told = self._told.get((track, name), {})
        self._told[track, name] = {bucket.start: bucket.posts for bucket in series.buckets}
        changed = [each for each in series.buckets if told.get(each.start) != each.posts]
        if changed:
            event = TrendEvent(track=track, resolution=name, buckets=changed)
            self._publish("trend", event.model_dump_json().encode(), (track, name))

    async def _tell_alerts(self) -> None:
        """Publish alerts that were raised or have ended since the last look."""
        alerts = await self._alerts.untold(self._alerted or {})
        if self._alerted is not None:
            for alert in reversed(alerts):
                self._publish("alert", alert.encoded, (alert.track, ANY))
        told = (self._alerted or {}) | {alert.alert_id: alert.state for alert in alerts}
        self._alerted = dict(list(told.items())[-REMEMBERED_ALERTS:])

    def _forget_old_interests(self) -> None:
        oldest = time.monotonic() - RESUME_WITHIN_S
        self._wanted = {each: seen for each, seen in self._wanted.items() if seen >= oldest}


async def _within(event: asyncio.Event, seconds: float) -> bool:
    """Whether an event came within that time."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
    return event.is_set()


def _frame(name: bytes, kind: Kind, data: bytes) -> bytes:
    """An event as it goes over the wire; JSON holds no line break."""
    return b"id: %b\nevent: %b\ndata: %b\n\n" % (name, kind.encode(), data)

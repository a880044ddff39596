"""Makes the trends in Redis again from `predictions`, while workers run; exact when it is done.

Not for what must agree: that is `recount`; nor for how it is written: that is `repairs`.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol
from uuid import uuid4

import redis.asyncio

from connectors.trends.counting import MOST_VALUES, distinct_expires_at, named_split
from connectors.trends.layout import POSTS, RESOLUTIONS, Bucket, TrendLayout
from connectors.trends.positions import Settled
from connectors.trends.recount import (
    DIFFERING_REGISTERS,
    Basis,
    Recount,
    comparable,
    distinct_beside,
)
from connectors.trends.repairs import (
    BucketRepair,
    Mark,
    RegisterRepair,
    Repairs,
    needed_repairs,
)
from connectors.trends.retention import refusal
from connectors.trends.series import text
from connectors.trends.snapshot import TrackSnapshot, take_snapshots

ROUNDS = 8


class RebuildError(Exception):
    """The trends cannot be made again, for a reason that the message says."""


class Record(Protocol):
    """What must be counted; `Predictions` is one."""

    async def settled(self) -> Settled:
        """How far the workers have committed."""

    async def recount(self, basis: Basis) -> Recount:
        """Count all predictions up to their present end."""

    async def whole_since(self) -> float | None:
        """From which event time on nothing is missing, Unix seconds; None: nothing is."""


@dataclass(frozen=True, slots=True)
class Surplus:
    """Something of which Redis has more than the predictions; it was left as it is.

    Attributes:
        field: `posts`, or registers of distinct counts that are higher than expected.
    """

    track: str
    resolution: str
    bucket_start: int
    field: str
    expected: int
    found: int


@dataclass(slots=True)
class Rebuilt:
    """What a rebuild did.

    Attributes:
        predictions: records read from `predictions` in one round, duplicates included.
        posts: distinct posts among them that count in at least one track.
        tracks: tracks looked at.
        buckets: buckets that were put right.
        added: posts that were missing, a post in each bucket it counts in.
        removed: posts that were too many, likewise.
        rounds: how often everything was counted.
        surplus: buckets left as they are.
    """

    predictions: int = 0
    posts: int = 0
    tracks: int = 0
    buckets: int = 0
    added: int = 0
    removed: int = 0
    rounds: int = 0
    surplus: list[Surplus] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Scope:
    """Which buckets are put right.

    Attributes:
        start: only those that begin here or later, Unix seconds.
        end: only those that end here or before, Unix seconds.
        lower: also those of which Redis has more posts than the predictions.
    """

    start: float | None = None
    end: float | None = None
    lower: bool = False


async def rebuild(
    record: Record, client: redis.asyncio.Redis, layout: TrendLayout, scope: Scope
) -> Rebuilt:
    """Count all predictions and put every live bucket of the scope right, while workers count.

    A round: what is settled is read; every fence is raised to it, so that workers only count what
    lies behind; snapshots say what Redis holds up to its fences; the recount says what it should
    hold; the difference is added. Another round follows where a track or a bucket came to light
    that the snapshots did not have. A rebuild that ended half way has done no harm: repeat it.

    Args:
        record: what must be counted.
        client: where the counts are.
        layout: names of the keys.
        scope: which buckets.

    Raises:
        RebuildError: old predictions are gone and the scope reaches back to them, or another
            rebuild is at work.
        VerificationError: a record is no prediction.
        KafkaConnectorError: the broker does not answer, or a topic is missing.
        redis.exceptions.RedisError: Redis does not answer; repeat it.
    """
    await _require_whole(record, scope)
    work = _Rebuild(record, client, layout, scope)
    for _ in range(ROUNDS):
        if await work.round():
            return work.rebuilt
    raise RebuildError(
        f"not done after {ROUNDS} rounds, since others write to the same trends: "
        "let no other rebuild run, and begin again"
    )


class _Rebuild:
    """One rebuild, round by round."""

    def __init__(
        self, record: Record, client: redis.asyncio.Redis, layout: TrendLayout, scope: Scope
    ) -> None:
        self.rebuilt = Rebuilt()
        self._record = record
        self._client = client
        self._layout = layout
        self._scope = scope
        self._repairs = Repairs(client, layout, uuid4().hex)
        self._lost: set[str] = set()

    async def round(self) -> bool:
        """Do all once; returns whether nothing is left to do."""
        settled = await self._record.settled()
        now_s, _ = await self._client.time()
        tracks = await self._tracks()
        await self._repairs.raise_fences(tracks, settled.fences)
        marks = {track: await self._repairs.mark(track) for track in tracks}
        snapshots = await take_snapshots(self._client, self._layout, tracks)
        snapshots = {track: snapshots[track] for track in tracks}  # not those named since
        recount = await self._record.recount(Basis.of(settled, snapshots, now_s))
        self._tell(recount, snapshots)
        done = True
        for track, snapshot in snapshots.items():
            done &= await self._mend(snapshot, recount, marks[track])
        lost = set(recount.tracks()).difference(snapshots)
        for track in sorted(lost):
            await self._tell_apart(TrackSnapshot(track, now_s, {}, {}), recount)
        self._lost |= lost
        return done and not lost

    async def _tracks(self) -> list[str]:
        """Every track that Redis names, and those that it had lost, named again."""
        if self._lost:
            await self._client.sadd(self._layout.tracks, *self._lost)
        return sorted(map(text, await self._client.smembers(self._layout.tracks)))

    def _tell(self, recount: Recount, snapshots: Mapping[str, TrackSnapshot]) -> None:
        rebuilt = self.rebuilt
        rebuilt.rounds += 1
        rebuilt.predictions, rebuilt.posts = recount.predictions, recount.posts
        rebuilt.tracks = len(snapshots)
        rebuilt.surplus.clear()

    async def _mend(self, snapshot: TrackSnapshot, recount: Recount, mark: Mark) -> bool:
        """Put a track right; returns whether nothing of it is left to do."""
        if await self._tell_apart(snapshot, recount):
            return False
        scope, expected = self._scope, recount.expected(snapshot)
        buckets = comparable(snapshot, expected, scope.start, scope.end)
        repairs = []
        for repair in needed_repairs(snapshot, expected, buckets):
            if repair.posts < 0 and not scope.lower:
                self.rebuilt.surplus.append(_surplus(snapshot, repair))
            else:
                repairs.append(repair)
        repaired = await self._repairs.repair(snapshot.track, mark, repairs)
        if repaired.done:
            self._add_up(repairs)
        whole = await self._mend_distinct(snapshot, recount, buckets)
        return repaired.done and whole and not repaired.left_out and not snapshot.unread

    async def _tell_apart(self, snapshot: TrackSnapshot, recount: Recount) -> bool:
        """Name platforms and languages that the track had lost; whether there were any."""
        any_lost = False
        for dimension in MOST_VALUES:
            known = snapshot.values.get(dimension, frozenset())
            found = _values(recount, snapshot.track, dimension)
            lost = [value for value in found if value not in known]
            any_lost |= await self._repairs.tell_apart(snapshot.track, dimension, lost)
        return any_lost

    async def _mend_distinct(
        self, snapshot: TrackSnapshot, recount: Recount, buckets: list[Bucket]
    ) -> bool:
        """Raise registers that are too low; returns whether none was too high and had to go."""
        merged, removed = [], []
        expected = recount.distinct(snapshot)
        for bucket in buckets:
            for name, wanted, held in distinct_beside(snapshot, expected, bucket):
                key = self._key(snapshot.track, bucket, name)
                higher = sum(own > wants for own, wants in zip(held, wanted, strict=True))
                if higher and self._scope.lower:
                    removed.append(key)
                    continue
                if higher:
                    self.rebuilt.surplus.append(_higher(snapshot.track, bucket, name, higher))
                expires_at = distinct_expires_at(bucket, name)
                merged.append(RegisterRepair(key, wanted, expires_at))
        await self._repairs.merge(snapshot.track, merged)
        if removed:
            await self._client.delete(*removed)  # the next round fills them again
        return not removed

    def _key(self, track: str, bucket: Bucket, name: str) -> str:
        """Key of a distinct count by its name."""
        within = named_split(name)
        split, kind = within or (None, name)
        return self._layout.distinct(track, bucket, kind, split)

    def _add_up(self, repairs: list[BucketRepair]) -> None:
        self.rebuilt.buckets += len(repairs)
        for repair in repairs:
            self.rebuilt.added += max(repair.posts, 0)
            self.rebuilt.removed += max(-repair.posts, 0)


def _values(recount: Recount, track: str, dimension: str) -> list[str]:
    """Platforms or languages of a track's posts, those with most posts first."""
    posts: Counter[str] = Counter()
    for bucket, total in recount.totals.of(track).items():
        if bucket.resolution == RESOLUTIONS[-1].name:
            for (own, value), figures in total.sums.splits.items():
                if own == dimension:
                    posts[value] += figures[0]
    return [value for value, _ in posts.most_common()]


def _surplus(snapshot: TrackSnapshot, repair: BucketRepair) -> Surplus:
    bucket, found = repair.bucket, snapshot.buckets[repair.bucket][POSTS]
    return Surplus(
        snapshot.track, bucket.resolution, bucket.start, POSTS, found + repair.posts, found
    )


def _higher(track: str, bucket: Bucket, name: str, registers: int) -> Surplus:
    differing = name + DIFFERING_REGISTERS
    return Surplus(track, bucket.resolution, bucket.start, differing, 0, registers)


async def _require_whole(record: Record, scope: Scope) -> None:
    if why := refusal(await record.whole_since(), scope.start):
        raise RebuildError(why)

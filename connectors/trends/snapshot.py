"""A track's fence and live buckets as they stood at one moment.

Not for dashboards: those read a range through `reader`.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from sys import intern
from typing import Any

import redis.asyncio

from connectors.trends.counting import (
    MEASURES,
    MOST_VALUES,
    OTHER,
    distinct_expires_at,
    split_field,
)
from connectors.trends.hyperloglog import registers_of
from connectors.trends.layout import AUTHORS, CONVERSATIONS, Bucket, TrendLayout
from connectors.trends.series import counts, split_counts, text

ATTEMPTS = 5
MARGIN_S = 5  # what is this near its expiry may vanish at any moment
KINDS = (CONVERSATIONS, AUTHORS)


@dataclass(frozen=True, slots=True)
class TrackSnapshot:
    """What Redis held of a track.

    Attributes:
        track: name of the track.
        taken_at: Redis' own clock, Unix seconds.
        fence: source partition -> last offset counted.
        buckets: counts of every bucket that was alive, those by platform and language included
            under the names of `split_field`.
        listed: buckets of the index, those included that hold nothing.
        unread: buckets made while the others were being listed; what is held of them is not whole.
        values: dimension -> values told apart.
        distinct: registers of the distinct counts of buckets that have some, by the names of
            `Totals.registers`.
    """

    track: str
    taken_at: int
    fence: dict[str, int]
    buckets: dict[Bucket, dict[str, int]]
    unread: frozenset[Bucket] = frozenset()
    listed: frozenset[Bucket] = frozenset()
    values: dict[str, frozenset[str]] = field(default_factory=dict)
    distinct: dict[Bucket, dict[str, bytes]] = field(default_factory=dict)

    @property
    def alive_after(self) -> int:
        """What expires at this Unix second or before may have vanished."""
        return self.taken_at + MARGIN_S


async def take_snapshots(
    client: redis.asyncio.Redis, layout: TrendLayout, others: Iterable[str] = ()
) -> dict[str, TrackSnapshot]:
    """Snapshots of every track that ever had a post, by name, one after another.

    Args:
        client: answers bytes.
        layout: names of the keys.
        others: more tracks, which Redis may not name.

    Raises:
        redis.exceptions.RedisError: Redis did not answer.
    """
    tracks = {text(track) for track in await client.smembers(layout.tracks)}.union(others)
    return {track: await take_snapshot(client, layout, track) for track in sorted(tracks)}


async def take_snapshot(
    client: redis.asyncio.Redis, layout: TrendLayout, track: str
) -> TrackSnapshot:
    """Read a track in one transaction, while workers count.

    The index says which buckets there are, and two sets what is told apart; where either grew after
    it was read, all is read again, a few times. What is still not known then is named as unread.

    Raises:
        redis.exceptions.RedisError: Redis did not answer.
    """
    for _ in range(ATTEMPTS - 1):
        snapshot = await _read(client, layout, track)
        if not snapshot.unread:
            return snapshot
    return await _read(client, layout, track)


@dataclass(frozen=True, slots=True)
class _Known:
    """What there is to read of a track: buckets, and values told apart by dimension."""

    now_s: int
    buckets: list[Bucket]
    values: dict[str, frozenset[str]]

    def distinct(self, bucket: Bucket) -> list[tuple[str, tuple[str, str] | None, str]]:
        """Distinct counts of a bucket: name, split and kind of each."""
        found: list[tuple[str, tuple[str, str] | None, str]] = []
        if bucket.distinct_expire_at > self.now_s:
            found += [(kind, None, kind) for kind in KINDS]
        if bucket.distinct_splits_expire_at > self.now_s:
            found += [
                (split_field(dimension, value, kind), (dimension, value), kind)
                for dimension, values in self.values.items()
                for value in (*sorted(values - {OTHER}), OTHER)
                for kind in KINDS
            ]
        return found


async def _known(client: redis.asyncio.Redis, layout: TrendLayout, track: str) -> _Known:
    (now_s, _), members, *values = await _asked(client, layout, track, transaction=False)
    return _Known(now_s, [_bucket(member) for member in members], _values(values))


async def _asked(
    client: redis.asyncio.Redis,
    layout: TrendLayout,
    track: str,
    commands: Iterable[tuple[str, str]] = (),
    *,
    transaction: bool,
) -> list[Any]:
    """Redis' time, the index, the values told apart, then answers of commands about a key."""
    async with client.pipeline(transaction=transaction) as pipeline:
        pipeline.time()
        pipeline.zrange(layout.index(track), 0, -1)
        for dimension in MOST_VALUES:
            pipeline.smembers(layout.values(track, dimension))
        for command in commands:
            pipeline.execute_command(*command)
        answers: list[Any] = await pipeline.execute()
    return answers


async def _read(client: redis.asyncio.Redis, layout: TrendLayout, track: str) -> TrackSnapshot:
    known = await _known(client, layout, track)
    commands = [("HGETALL", layout.fence(track))]
    for bucket in known.buckets:
        commands += [("HGETALL", layout.bucket(track, bucket))]
        commands += [("HGETALL", layout.splits(track, bucket))]
        commands += [
            ("GET", layout.distinct(track, bucket, kind, split))
            for _, split, kind in known.distinct(bucket)
        ]
    answers = iter(await _asked(client, layout, track, commands, transaction=True))
    (taken_at, _), members = next(answers), next(answers)
    values = _values([next(answers) for _ in MOST_VALUES])
    fence = next(answers)
    unread = frozenset(map(_bucket, members)).difference(known.buckets)
    if values != known.values:  # nothing is known of what the new ones hold
        unread |= frozenset(known.buckets)
    snapshot = TrackSnapshot(
        track=track,
        taken_at=taken_at,
        fence=counts(fence),
        buckets={},
        unread=unread,
        listed=frozenset(known.buckets),
        values=values,
    )
    for bucket in known.buckets:
        found, splits = next(answers), next(answers)
        distinct = {name: next(answers) for name, _, _ in known.distinct(bucket)}
        _take(snapshot, bucket, found, splits, distinct)
    return snapshot


def _values(answers: Iterable[Collection[bytes | str]]) -> dict[str, frozenset[str]]:
    return {
        dimension: frozenset(map(text, own))
        for dimension, own in zip(MOST_VALUES, answers, strict=True)
    }


def _take(
    snapshot: TrackSnapshot,
    bucket: Bucket,
    found: Mapping[bytes | str, bytes | str],
    splits: Mapping[bytes | str, bytes | str],
    distinct: Mapping[str, bytes | None],
) -> None:
    """Put what Redis held of a bucket into a snapshot."""
    heard = {
        name: registers_of(value)
        for name, value in distinct.items()
        if value is not None and distinct_expires_at(bucket, name) > snapshot.alive_after
    }
    if not found and not splits and not heard:
        return
    held = {intern(text(name)): int(count) for name, count in found.items()}
    snapshot.buckets[bucket] = held
    if bucket.splits_expire_at > snapshot.alive_after:
        for (dimension, value), figures in split_counts(splits).items():
            for measure, figure in zip(MEASURES, figures, strict=True):
                if figure:
                    held[intern(split_field(dimension, value, measure))] = figure
    if heard:
        snapshot.distinct[bucket] = heard


def _bucket(member: object) -> Bucket:
    """A member of the index."""
    if not isinstance(member, bytes | str):
        raise TypeError(f"the index of buckets holds {member!r}, not a name")
    name, _, start = text(member).partition(":")
    return Bucket(name, int(start))

"""A track's fence and live buckets as they stood at one moment.

Not for dashboards: those read a range through `reader`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from sys import intern

import redis.asyncio

from connectors.trends.counting import MEASURES, MOST_VALUES, split_field
from connectors.trends.hyperloglog import registers_of
from connectors.trends.layout import Bucket, TrendLayout
from connectors.trends.series import counts, split_counts, text

ATTEMPTS = 5
MARGIN_S = 5  # what is this near its expiry may vanish at any moment
KEYS_OF_A_BUCKET = 4


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
        unread: buckets made while the others were being listed; nothing is known of them.
        values: dimension -> values told apart.
        distinct: registers of the conversations and of the authors of buckets that count them.
    """

    track: str
    taken_at: int
    fence: dict[str, int]
    buckets: dict[Bucket, dict[str, int]]
    unread: frozenset[Bucket] = frozenset()
    listed: frozenset[Bucket] = frozenset()
    values: dict[str, frozenset[str]] = field(default_factory=dict)
    distinct: dict[Bucket, tuple[bytes, bytes]] = field(default_factory=dict)

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

    The index says which buckets there are; where one was made after it was read, all is read
    again, a few times. A bucket that is still missing then is named as unread.

    Raises:
        redis.exceptions.RedisError: Redis did not answer.
    """
    for _ in range(ATTEMPTS - 1):
        snapshot = await _read(client, layout, track)
        if not snapshot.unread:
            return snapshot
    return await _read(client, layout, track)


async def _read(client: redis.asyncio.Redis, layout: TrendLayout, track: str) -> TrackSnapshot:
    index = layout.index(track)
    listed = [_bucket(member) for member in await client.zrange(index, 0, -1)]
    async with client.pipeline(transaction=True) as pipeline:
        pipeline.time()
        pipeline.hgetall(layout.fence(track))
        pipeline.zrange(index, 0, -1)
        for dimension in MOST_VALUES:
            pipeline.smembers(layout.values(track, dimension))
        for bucket in listed:
            pipeline.hgetall(layout.bucket(track, bucket))
            pipeline.hgetall(layout.splits(track, bucket))
            pipeline.get(layout.conversations(track, bucket))
            pipeline.get(layout.authors(track, bucket))
        (taken_at, _), fence, members, *answers = await pipeline.execute()
    values, held = answers[: len(MOST_VALUES)], answers[len(MOST_VALUES) :]
    snapshot = TrackSnapshot(
        track=track,
        taken_at=taken_at,
        fence=counts(fence),
        buckets={},
        unread=frozenset(map(_bucket, members)).difference(listed),
        listed=frozenset(listed),
        values={
            dimension: frozenset(map(text, own))
            for dimension, own in zip(MOST_VALUES, values, strict=True)
        },
    )
    for at, bucket in enumerate(listed):
        own = held[KEYS_OF_A_BUCKET * at : KEYS_OF_A_BUCKET * (at + 1)]
        _take(snapshot, bucket, *own)
    return snapshot


def _take(
    snapshot: TrackSnapshot,
    bucket: Bucket,
    found: Mapping[bytes | str, bytes | str],
    splits: Mapping[bytes | str, bytes | str],
    conversations: bytes | None,
    authors: bytes | None,
) -> None:
    """Put what Redis held of a bucket into a snapshot."""
    if not found and not splits and conversations is None and authors is None:
        return
    held = {intern(text(name)): int(count) for name, count in found.items()}
    snapshot.buckets[bucket] = held
    if bucket.splits_expire_at > snapshot.alive_after:
        for (dimension, value), figures in split_counts(splits).items():
            for measure, figure in zip(MEASURES, figures, strict=True):
                if figure:
                    held[intern(split_field(dimension, value, measure))] = figure
    if bucket.distinct_expire_at > snapshot.alive_after:
        snapshot.distinct[bucket] = registers_of(conversations), registers_of(authors)


def _bucket(member: object) -> Bucket:
    """A member of the index."""
    if not isinstance(member, bytes | str):
        raise TypeError(f"the index of buckets holds {member!r}, not a name")
    name, _, start = text(member).partition(":")
    return Bucket(name, int(start))

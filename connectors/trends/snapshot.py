"""A track's fence and live buckets as they stood at one moment.

Not for dashboards: those read a range through `reader`.
"""

from dataclasses import dataclass
from sys import intern

import redis.asyncio

from connectors.trends.layout import Bucket, TrendLayout
from connectors.trends.series import counts, text

ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class TrackSnapshot:
    """What Redis held of a track.

    Attributes:
        track: name of the track.
        taken_at: Redis' own clock, Unix seconds.
        fence: source partition -> last offset counted.
        buckets: counts of every bucket that was alive.
        unread: buckets made while the others were being listed; nothing is known of them.
    """

    track: str
    taken_at: int
    fence: dict[str, int]
    buckets: dict[Bucket, dict[str, int]]
    unread: frozenset[Bucket] = frozenset()


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
        for bucket in listed:
            pipeline.hgetall(layout.bucket(track, bucket))
        (taken_at, _), fence, members, *hashes = await pipeline.execute()
    return TrackSnapshot(
        track=track,
        taken_at=taken_at,
        fence=counts(fence),
        buckets={
            bucket: {intern(text(field)): int(count) for field, count in held.items()}
            for bucket, held in zip(listed, hashes, strict=True)
            if held
        },
        unread=frozenset(map(_bucket, members)).difference(listed),
    )


def _bucket(member: object) -> Bucket:
    """A member of the index."""
    if not isinstance(member, bytes | str):
        raise TypeError(f"the index of buckets holds {member!r}, not a name")
    name, _, start = text(member).partition(":")
    return Bucket(name, int(start))

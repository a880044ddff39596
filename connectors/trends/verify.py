"""Recounts Redis from `predictions`, while workers run. Never writes.

Not for what must agree: that is `recount`.
"""

from dataclasses import dataclass
from itertools import chain

import redis.asyncio

from connectors.trends.layout import TrendLayout
from connectors.trends.predictions import Predictions, VerificationError
from connectors.trends.recount import (
    Basis,
    Difference,
    Recount,
    comparable,
    differences,
    distinct_differences,
)
from connectors.trends.snapshot import TrackSnapshot, take_snapshots

MOST_LISTED = 1000


@dataclass(frozen=True, slots=True)
class Verification:
    """What a recount found.

    Attributes:
        predictions: records read from `predictions`, duplicates included.
        posts: distinct posts among them that count in at least one track.
        tracks: tracks compared.
        buckets: buckets compared.
        unread: buckets made while their track was being read; not compared.
        differing: counts that differ.
        differences: the first thousand of those.
    """

    predictions: int
    posts: int
    tracks: int
    buckets: int
    unread: int
    differing: int
    differences: tuple[Difference, ...]


async def verify(
    predictions: Predictions,
    client: redis.asyncio.Redis,
    layout: TrendLayout,
    *,
    start: float | None = None,
    end: float | None = None,
) -> Verification:
    """Count the predictions again and compare every live bucket.

    Args:
        predictions: what must be counted.
        client: where the counts are.
        layout: names of the keys.
        start: compare only buckets that begin here or later, Unix seconds.
        end: compare only buckets that end here or before, Unix seconds.

    Raises:
        VerificationError: old predictions are gone and no `start` says from when to compare, or
            a record is no prediction.
        KafkaConnectorError: the broker does not answer, or a topic is missing.
        redis.exceptions.RedisError: Redis does not answer.
    """
    if start is None:
        await _require_all(predictions)
    settled = await predictions.settled()  # before the snapshots: committed is counted
    now_s, _ = await client.time()
    snapshots = await take_snapshots(client, layout)
    recount = await predictions.recount(Basis.of(settled, snapshots, now_s))
    return compare(recount, snapshots, now_s, start, end)


def compare(
    recount: Recount,
    snapshots: dict[str, TrackSnapshot],
    now_s: int,
    start: float | None = None,
    end: float | None = None,
) -> Verification:
    """What the recount and the snapshots say of each other.

    Args:
        recount: fed with every prediction.
        snapshots: by track.
        now_s: Redis' clock, for tracks that Redis has lost, Unix seconds.
        start: compare only buckets that begin here or later, Unix seconds.
        end: compare only buckets that end here or before, Unix seconds.
    """
    buckets = differing = 0
    listed: list[Difference] = []
    tracks = recount.tracks()
    for track in tracks:
        snapshot = snapshots.get(track) or TrackSnapshot(track, now_s, {}, {})
        expected = recount.expected(snapshot)
        compared = comparable(snapshot, expected, start, end)
        buckets += len(compared)
        off = chain(
            differences(snapshot, expected, compared),
            distinct_differences(snapshot, recount.distinct(snapshot), compared),
        )
        for difference in off:
            differing += 1
            if len(listed) < MOST_LISTED:
                listed.append(difference)
    return Verification(
        predictions=recount.predictions,
        posts=recount.posts,
        tracks=len(tracks),
        buckets=buckets,
        unread=sum(len(snapshot.unread) for snapshot in snapshots.values()),
        differing=differing,
        differences=tuple(listed),
    )


async def _require_all(predictions: Predictions) -> None:
    cut = {place: at for place, at in (await predictions.first_offsets()).items() if at > 0}
    if cut:
        place, at = min(cut.items())
        raise VerificationError(
            f"{predictions.topic} has lost its oldest records (partition {place} begins at offset "
            f"{at}), so the oldest buckets cannot be recounted: compare later ones with --start"
        )

"""Recounts Redis from `predictions`, while workers run. Never writes.

Not for what must agree: that is `recount`.
"""

import time
from dataclasses import dataclass, replace
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
from connectors.trends.retention import refusal
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
        since: only buckets that begin then or later were compared, since the predictions of older
            ones are gone, Unix seconds; None: they are there, or a `start` was given.
    """

    predictions: int
    posts: int
    tracks: int
    buckets: int
    unread: int
    differing: int
    differences: tuple[Difference, ...]
    since: float | None = None


async def verify(
    predictions: Predictions,
    client: redis.asyncio.Redis,
    layout: TrendLayout,
    *,
    start: float | None = None,
    end: float | None = None,
) -> Verification:
    """Count the predictions again and compare every live bucket.

    Once the oldest predictions are gone, without a `start` those buckets are compared of which
    nothing can be missing.

    Args:
        predictions: what must be counted.
        client: where the counts are.
        layout: names of the keys.
        start: compare only buckets that begin here or later, Unix seconds.
        end: compare only buckets that end here or before, Unix seconds.

    Raises:
        VerificationError: predictions of what begins at `start` are gone, or of everything; or a
            record is no prediction.
        KafkaConnectorError: the broker does not answer, or a topic is missing.
        redis.exceptions.RedisError: Redis does not answer.
    """
    await _since(predictions, start)
    settled = await predictions.settled()  # before the snapshots: committed is counted
    now_s, _ = await client.time()
    snapshots = await take_snapshots(client, layout)
    recount = await predictions.recount(Basis.of(settled, snapshots, now_s))
    since = await _since(predictions, start)  # again: records may have gone while they were counted
    found = compare(recount, snapshots, now_s, start if since is None else since, end)
    return replace(found, since=since)


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


async def _since(predictions: Predictions, start: float | None) -> float | None:
    """From when on to compare where nobody says it and not everything can be.

    Raises:
        VerificationError: nothing can be compared, or not all that begins at `start`.
    """
    whole_since = await predictions.whole_since()
    if start is not None:
        if why := refusal(whole_since, start):
            raise VerificationError(f"nothing was compared: {why}")
        return None
    if whole_since is not None and whole_since > time.time():
        raise VerificationError(
            f"nothing was compared: {predictions.topic} has lost all records that are older than a "
            "day, and posts may be dated a day ahead of theirs; let it keep them for longer"
        )
    return whole_since

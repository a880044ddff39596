"""Recounts Redis from `predictions`, while workers run. Never writes.

Not for what must agree: that is `recount`.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import chain

import redis.asyncio

from connectors.kafka.connection import KafkaConnection
from connectors.kafka.reading import Record, read_topic
from connectors.trends.layout import TrendLayout
from connectors.trends.positions import committed_offsets, first_offsets
from connectors.trends.recount import (
    Difference,
    Recount,
    comparable,
    differences,
    distinct_differences,
)
from connectors.trends.series import text
from connectors.trends.snapshot import TrackSnapshot, take_snapshot

SOURCE_TOPIC_ID = "source-topic-id"
MOST_LISTED = 1000


class VerificationError(Exception):
    """A recount cannot be made, for a reason that the message says."""


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
    kafka: KafkaConnection,
    client: redis.asyncio.Redis,
    layout: TrendLayout,
    *,
    posts_topic: str,
    predictions_topic: str,
    group: str,
    start: float | None = None,
    end: float | None = None,
) -> Verification:
    """Count the predictions again and compare every live bucket.

    Args:
        kafka: where the topics are.
        client: where the counts are.
        layout: names of the keys.
        posts_topic: full name of `posts`.
        predictions_topic: full name of `predictions`.
        group: consumer group of the workers.
        start: compare only buckets that begin here or later, Unix seconds.
        end: compare only buckets that end here or before, Unix seconds.

    Raises:
        VerificationError: old predictions are gone and no `start` says from when to compare, or
            a record is no prediction.
        KafkaConnectorError: the broker does not answer, or a topic is missing.
        redis.exceptions.RedisError: Redis does not answer.
    """
    if start is None:
        await _require_all_predictions(kafka, predictions_topic)
    # before the snapshots: what the workers have committed, they have counted
    settled = await committed_offsets(kafka, group, posts_topic)
    now_s, _ = await client.time()
    tracks = sorted(map(text, await client.smembers(layout.tracks)))
    snapshots = {track: await take_snapshot(client, layout, track) for track in tracks}
    recount = Recount(snapshots, settled)
    await recount_records(recount, read_topic(kafka, predictions_topic))
    return compare(recount, snapshots, now_s, start, end)


async def recount_records(recount: Recount, records: AsyncIterator[Record]) -> None:
    """Count every record of `predictions`.

    Raises:
        VerificationError: one is no prediction, or does not name its topic's incarnation.
    """
    topic_ids: dict[bytes, str] = {}
    async for record in records:
        header = dict(record.headers).get(SOURCE_TOPIC_ID, b"")
        try:
            topic_id = topic_ids.get(header) or topic_ids.setdefault(header, header.decode())
            recount.add(record.value or b"", topic_id)
        except (KeyError, TypeError, ValueError) as error:
            raise VerificationError(
                f"{record.topic}:{record.partition}:{record.offset} is no prediction ({error!r}): "
                "nothing but the workers may write to that topic"
            ) from error


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
        expected = recount.expected(track)
        compared = comparable(snapshot, expected, start, end)
        buckets += len(compared)
        off = chain(
            differences(snapshot, expected, compared),
            distinct_differences(snapshot, recount.distinct(track), compared),
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


async def _require_all_predictions(kafka: KafkaConnection, topic: str) -> None:
    cut = {place: at for place, at in (await first_offsets(kafka, topic)).items() if at > 0}
    if cut:
        place, at = min(cut.items())
        raise VerificationError(
            f"{topic} has lost its oldest records (partition {place} begins at offset {at}), so "
            "the oldest buckets cannot be recounted: compare later ones with --start"
        )

"""Counts predictions in Redis, each once in every track, whatever is replayed.

Not for deciding what a batch is, nor for reading the counts: that is `reader`.
"""

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec
import redis.asyncio

from connectors.redis_script import RedisScript, ScriptCall
from connectors.schemas.prediction import Prediction
from connectors.trends.counting import MOST_VALUES, Sums, Tally, kept_figures, observe
from connectors.trends.layout import POSTS, Bucket, TrendLayout
from connectors.trends.seen import SeenElements

NAMED_FOR_S: Final = 60.0
_PACKED: Final = msgspec.msgpack.Encoder()
DIMENSIONS: Final = [{"name": name, "most": most} for name, most in MOST_VALUES.items()]


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of a batch. A post in two tracks is two entries.

    Attributes:
        counted: entries that this call counted.
        skipped: entries that the fences had passed before.
        late: counts dropped since their bucket had expired; an entry has one a resolution.
    """

    counted: int
    skipped: int
    late: int


class TrendSink:
    """Counts batches of source partitions, exactly once.

    The fence of a track is a high-water mark: of one source partition, batches must come in
    the order of their offsets. Replays, overlaps and other cuts of what was counted are fine.

    Args:
        client: answers bytes; stays the caller's to close.
        layout: names of the keys.
    """

    def __init__(self, client: redis.asyncio.Redis, layout: TrendLayout) -> None:
        self._client = client
        self._layout = layout
        self._apply = RedisScript(__package__, "apply.lua")
        self._named_until_s: dict[str, float] = {}
        self._seen = SeenElements()

    async def apply(self, partition_field: str, posts: Sequence[Prediction]) -> Applied:
        """Count a batch: in one step a track, the tracks one after another in one round trip.

        Args:
            partition_field: `SourcePartition.field` of the posts.
            posts: of that partition alone, in any order; an offset given twice counts once.

        Returns:
            How much of it was counted, skipped and late.

        Raises:
            ValueError: a post is of another partition, or a track's name cannot be a key.
            redis.exceptions.RedisError: Redis did not answer: some tracks may have been counted;
                apply the same batch again.
        """
        pending = _by_track(partition_field, posts)
        if not pending:
            return Applied(0, 0, 0)
        tally = Tally([observe(post) for post in posts])
        entries = sum(map(len, pending.values()))
        await self._name_tracks(pending)
        counted = late = 0
        while pending:
            asked = [self._asked(partition_field, tally, *item) for item in pending.items()]
            answers = await self._apply.run(self._client, [own.call for own in asked])
            overlapping: dict[str, dict[int, int]] = {}
            for own, (track, by_offset), answer in zip(
                asked, pending.items(), answers, strict=True
            ):
                done, number = _parse(answer)
                if done:
                    counted += len(by_offset)
                    late += number
                    self._seen.remember(own.elements)
                elif left := {at: row for at, row in by_offset.items() if at > number}:
                    overlapping[track] = left
            pending = overlapping
        return Applied(counted, entries - counted, late)

    async def _name_tracks(self, tracks: Collection[str]) -> None:
        """Have tracks among those that ever had a post; again after a while: Redis may forget."""
        now_s = time.monotonic()
        due = [track for track in tracks if self._named_until_s.get(track, 0.0) <= now_s]
        if due:
            await self._client.sadd(self._layout.tracks, *due)
            self._named_until_s.update(dict.fromkeys(due, now_s + NAMED_FOR_S))

    def _asked(
        self, partition_field: str, tally: Tally, track: str, by_offset: Mapping[int, int]
    ) -> "_Asked":
        """The script call that counts the posts of one track, and the elements it adds."""
        layout = self._layout
        keys = [
            layout.fence(track),
            layout.late_dropped(track),
            layout.index(track),
            *(layout.values(track, dimension) for dimension in MOST_VALUES),
        ]
        groups = []
        elements: dict[str, set[str]] = {}
        for buckets, sums in tally.by_bucket(list(by_offset.values())):
            described = []
            for bucket in buckets:
                conversations = layout.conversations(track, bucket)
                authors = layout.authors(track, bucket)
                keys += [layout.bucket(track, bucket), layout.splits(track, bucket)]
                keys += [conversations, authors]
                described.append(_described(bucket))
                if bucket.distinct_expire_at:
                    new = elements[conversations] = self._seen.new(
                        conversations, sums.conversations
                    )
                    described[-1]["conversations"] = list(new)
                    new = elements[authors] = self._seen.new(authors, sums.authors)
                    described[-1]["authors"] = list(new)
            groups.append(_group(described, sums))
        batch = _PACKED.encode({"dimensions": DIMENSIONS, "groups": groups})
        call = ScriptCall(keys, [partition_field, min(by_offset), max(by_offset), batch])
        return _Asked(call, elements)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A script call, and which elements it adds to which distinct counts."""

    call: ScriptCall
    elements: Mapping[str, set[str]]


def _group(buckets: Sequence[Mapping[str, object]], sums: Sums) -> dict[str, object]:
    """Buckets that get the same sums, as `apply.lua` reads them."""
    counts = dict(sums.counts)
    return {
        "posts": counts.pop(POSTS),
        "counts": counts,
        "splits": [
            [
                [value, kept_figures(figures)]
                for (own, value), figures in sums.splits.items()
                if own == dimension
            ]
            for dimension in MOST_VALUES
        ],
        "buckets": buckets,
    }


def _described(bucket: Bucket) -> dict[str, object]:
    return {
        "resolution": bucket.resolution,
        "start": bucket.start,
        "expires_at": bucket.expires_at,
        "splits_expire_at": bucket.splits_expire_at,
        "distinct_expire_at": bucket.distinct_expire_at,
    }


def _by_track(partition_field: str, posts: Sequence[Prediction]) -> dict[str, dict[int, int]]:
    """Places of the posts by track and offset, so that each entry is there once."""
    topic, _, place = partition_field.partition("@")
    partition = place.rpartition(":")[2]
    tracks: dict[str, dict[int, int]] = {}
    for row, post in enumerate(posts):
        source = post.source
        if source.topic != topic or str(source.partition) != partition:
            raise ValueError(
                f"post {post.post_id!r} is of {source.topic}:{source.partition}, not of "
                f"{partition_field}: apply each source partition by itself"
            )
        for track in post.tracks:
            tracks.setdefault(track, {}).setdefault(source.offset, row)
    return tracks


def _parse(answer: object) -> tuple[bool, int]:
    """Whether the script counted, and its number: late counts, or the fence."""
    if not isinstance(answer, list) or len(answer) != 2:
        raise TypeError(f"apply.lua answered {answer!r}, not a pair")
    done, number = answer
    return done == 1, int(number)

"""Counts predictions in Redis, each once in every track, whatever is replayed.

Not for deciding what a batch is, nor for reading the counts: that is `reader`.
"""

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

import redis.asyncio

from connectors.redis_script import RedisScript, ScriptCall
from connectors.schemas.prediction import Prediction
from connectors.trends.layout import POSTS, TrendLayout, summed

NAMED_FOR_S: Final = 60.0


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
        entries = sum(map(len, pending.values()))
        await self._name_tracks(pending)
        counted = late = 0
        while pending:
            calls = [self._call(partition_field, *item) for item in pending.items()]
            answers = await self._apply.run(self._client, calls)
            overlapping: dict[str, dict[int, Prediction]] = {}
            for (track, by_offset), answer in zip(pending.items(), answers, strict=True):
                done, number = _parse(answer)
                if done:
                    counted += len(by_offset)
                    late += number
                elif left := {at: post for at, post in by_offset.items() if at > number}:
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

    def _call(
        self, partition_field: str, track: str, by_offset: dict[int, Prediction]
    ) -> ScriptCall:
        """The script call that counts the posts of one track."""
        keys = [
            self._layout.fence(track),
            self._layout.late_dropped(track),
            self._layout.index(track),
        ]
        arguments: list[str | bytes | int] = [partition_field, min(by_offset), max(by_offset)]
        for bucket, counts in summed(by_offset.values()).items():
            keys.append(self._layout.bucket(track, bucket))
            others = [(name, count) for name, count in counts.items() if name != POSTS]
            arguments += [bucket.resolution, bucket.start, bucket.expires_at]
            arguments += [counts[POSTS], len(others)]
            for name, count in others:
                arguments += [name, count]
        return ScriptCall(keys, arguments)


def _by_track(
    partition_field: str, posts: Sequence[Prediction]
) -> dict[str, dict[int, Prediction]]:
    """Posts by track and offset, so that each entry is there once."""
    topic, _, place = partition_field.partition("@")
    partition = place.rpartition(":")[2]
    tracks: dict[str, dict[int, Prediction]] = {}
    for post in posts:
        source = post.source
        if source.topic != topic or str(source.partition) != partition:
            raise ValueError(
                f"post {post.post_id!r} is of {source.topic}:{source.partition}, not of "
                f"{partition_field}: apply each source partition by itself"
            )
        for track in post.tracks:
            tracks.setdefault(track, {}).setdefault(source.offset, post)
    return tracks


def _parse(answer: object) -> tuple[bool, int]:
    """Whether the script counted, and its number: late counts, or the fence."""
    if not isinstance(answer, list) or len(answer) != 2:
        raise TypeError(f"apply.lua answered {answer!r}, not a pair")
    done, number = answer
    return done == 1, int(number)

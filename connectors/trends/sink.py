"""Counts predictions in Redis, each once in every track, whatever is replayed.

Not for deciding what a batch is, nor for reading the counts: that is `reader`.
"""

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final, Literal

import msgspec
import redis.asyncio

from connectors.redis_script import RedisScript, ScriptCall
from connectors.schemas.prediction import Prediction
from connectors.trends.counting import (
    MOST_VALUES,
    Split,
    Sums,
    Tally,
    Voices,
    kept_figures,
    observe,
)
from connectors.trends.layout import AUTHORS, CONVERSATIONS, POSTS, Bucket, TrendLayout
from connectors.trends.seen import SeenElements

_Entries = dict[str, dict[int, int]]  # source partition -> offset -> place of the post

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

    A track has a fence for each source partition, a high-water mark: of one partition, batches
    must come in the order of their offsets. Replays, overlaps and other cuts of what was counted
    are fine.

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

    async def apply(self, posts: Mapping[str, Sequence[Prediction]]) -> Applied:
        """Count a batch: in one step a track, the tracks one after another in one round trip.

        Args:
            posts: of each source partition, by its `SourcePartition.field`, in any order; an
                offset given twice counts once.

        Returns:
            How much of it was counted, skipped and late.

        Raises:
            ValueError: a post is of another partition, or a track's name cannot be a key.
            redis.exceptions.RedisError: Redis did not answer: some tracks may have been counted;
                apply the same batch again.
        """
        pending = _by_track(posts)
        if not pending:
            return Applied(0, 0, 0)
        tally = Tally([observe(post) for own in posts.values() for post in own])
        entries = sum(map(len, chain(*map(dict.values, pending.values()))))
        await self._name_tracks(pending)
        counted = late = 0
        while pending:
            asked = [self._asked(tally, *item) for item in pending.items()]
            answers = await self._apply.run(self._client, [own.call for own in asked])
            overlapping: dict[str, _Entries] = {}
            for own, (track, entered), answer in zip(asked, pending.items(), answers, strict=True):
                told = _parse(answer)
                if told[0]:
                    counted += sum(map(len, entered.values()))
                    late += told[1]
                    self._seen.remember(own.elements)
                elif left := _behind(told[1], entered):
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

    def _asked(self, tally: Tally, track: str, entered: "_Entries") -> "_Asked":
        """The script call that counts the posts of one track, and the elements it adds."""
        layout = self._layout
        keys = [
            layout.fence(track),
            layout.late_dropped(track),
            layout.index(track),
            *(layout.values(track, dimension) for dimension in MOST_VALUES),
        ]
        rows = [row for by_offset in entered.values() for row in by_offset.values()]
        groups = []
        elements: dict[str, set[str]] = {}
        for buckets, sums in tally.by_bucket(rows):
            described = []
            for bucket in buckets:
                keys += [layout.bucket(track, bucket), layout.splits(track, bucket)]
                keys += [layout.distinct(track, bucket, kind) for kind in (CONVERSATIONS, AUTHORS)]
                described.append(_described(bucket) | self._new(track, bucket, sums, elements))
            groups.append(_group(described, sums))
        batch = _PACKED.encode({"dimensions": DIMENSIONS, "groups": groups})
        arguments: list[str | bytes | int] = [batch]
        for partition_field, by_offset in entered.items():
            arguments += [partition_field, min(by_offset), max(by_offset)]
        return _Asked(ScriptCall(keys, arguments), elements)

    def _new(
        self, track: str, bucket: Bucket, sums: Sums, elements: dict[str, set[str]]
    ) -> dict[str, object]:
        """What a bucket's distinct counts are not known to hold; remembered in `elements`."""

        def unseen(voices: Voices, split: Split | None = None) -> list[list[str]]:
            found = []
            for kind, heard in ((CONVERSATIONS, voices.conversations), (AUTHORS, voices.authors)):
                key = self._layout.distinct(track, bucket, kind, split)
                elements[key] = self._seen.new(key, heard)
                found.append(list(elements[key]))
            return found

        new: dict[str, object] = {}
        if bucket.distinct_expire_at:
            new["voices"] = unseen(sums.voices)
        if bucket.distinct_splits_expire_at:
            new["voices_within"] = [
                [
                    [split[1], own]
                    for split, voices in sums.voices_within.items()
                    if split[0] == dimension and any(own := unseen(voices, split))
                ]
                for dimension in MOST_VALUES
            ]
        return new


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
        "distinct_splits_expire_at": bucket.distinct_splits_expire_at,
    }


def _by_track(posts: Mapping[str, Sequence[Prediction]]) -> dict[str, _Entries]:
    """Places of the posts by track, partition and offset, so that each entry is there once."""
    tracks: dict[str, _Entries] = {}
    row = 0
    for partition_field, own in posts.items():
        topic, _, place = partition_field.partition("@")
        partition = int(place.rpartition(":")[2])
        for post in own:
            source = post.source
            if source.topic != topic or source.partition != partition:
                raise ValueError(
                    f"post {post.post_id!r} is of {source.topic}:{source.partition}, not of "
                    f"{partition_field}: apply each source partition by itself"
                )
            for track in post.tracks:
                entered = tracks.setdefault(track, {}).setdefault(partition_field, {})
                entered.setdefault(source.offset, row)
            row += 1
    return tracks


def _behind(fences: Sequence[bytes | None], entered: _Entries) -> _Entries:
    """The entries that the fences have not passed."""
    left: _Entries = {}
    for fence, (partition_field, by_offset) in zip(fences, entered.items(), strict=True):
        passed = -1 if fence is None else int(fence)
        if new := {offset: row for offset, row in by_offset.items() if offset > passed}:
            left[partition_field] = new
    return left


def _parse(answer: object) -> tuple[Literal[True], int] | tuple[Literal[False], list[bytes | None]]:
    """Whether the script counted, with its late counts or the fences."""
    match answer:
        case [1, int() as late]:
            return True, late
        case [0, list() as fences]:
            return False, fences
    raise TypeError(f"apply.lua answered {answer!r}, not late counts or fences")

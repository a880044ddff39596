"""Counts of all tracks from Redis into a panel, step by step. Never writes.

Opinions are counted only where the track's present model scored every post of a bucket: a jump
between two models is none of the public's.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final, TypeVar

import numpy as np
import redis.asyncio

from connectors.alerts.panel import (
    FIRST_LABEL,
    LABELS,
    MEASURES,
    POSTS,
    SCORED,
    SQUARES,
    Counts,
    Panel,
)
from connectors.alerts.policy import AlertPolicy
from connectors.trends.layout import MODEL, SHED_SQUARES, Bucket, TrendLayout
from connectors.trends.layout import POSTS as POSTS_FIELD
from connectors.trends.series import counts, text

AT_ONCE: Final = 2000  # calls in a round trip
LATE_STEPS: Final = 5  # steps that are read again, for posts that come late

Item = TypeVar("Item")


class Feed:
    """Keeps a panel of all tracks up to date.

    Args:
        client: stays the caller's to close.
        layout: names of the keys.
        policy: says how much is kept.
        end: where the first step to be put in begins, Unix seconds.
    """

    def __init__(
        self, client: redis.asyncio.Redis, layout: TrendLayout, policy: AlertPolicy, end: int
    ) -> None:
        self._client = client
        self._layout = layout
        self._policy = policy
        self._models: list[str] = []
        self.tracks: list[str] = []
        self.panel = Panel(policy, 0, end - end % policy.block_s)
        self._end = end

    async def find_tracks(self) -> None:
        """Take in the tracks that are new, with what is kept of their past.

        Raises:
            redis.exceptions.RedisError: Redis did not answer.
        """
        named = sorted(map(text, await self._client.smembers(self._layout.tracks)))
        known = set(self.tracks)
        for chunk in _chunks([track for track in named if track not in known], 100):
            first = len(self.tracks)
            self.tracks += chunk
            self._models += [""] * len(chunk)
            self.panel.add(len(chunk))
            await self._fill(range(first, len(self.tracks)))
        while self.panel.end < self._end:
            self.panel.push((await self.read([self.panel.end]))[0])

    async def read(self, starts: Sequence[int]) -> Counts:
        """Counts of steps that are not in the panel yet.

        Args:
            starts: of the steps, ascending, Unix seconds.

        Returns:
            [steps, T, measures].

        Raises:
            redis.exceptions.RedisError: Redis did not answer.
        """
        places = [
            (track, Bucket(self._policy.step, start))
            for start in starts
            for track in range(len(self.tracks))
        ]
        rows = await self._rows(places)
        return np.array(rows, np.int64).reshape(len(starts), len(self.tracks), MEASURES)

    async def mend_late(self) -> None:
        """Read the newest steps of the panel again.

        Raises:
            redis.exceptions.RedisError: Redis did not answer.
        """
        step_s = self._policy.step_s
        starts = range(self.panel.end - LATE_STEPS * step_s, self.panel.end, step_s)
        for start, by_track in zip(starts, await self.read(starts), strict=True):
            for track, row in enumerate(by_track.tolist()):
                self.panel.put_step(track, start, row)

    async def _fill(self, tracks: Iterable[int]) -> None:
        """Steps and blocks of tracks from before the end of the panel."""
        wanted = list(tracks)
        kept = {
            self._policy.step: self._policy.recent_blocks * self._policy.block_s,
            self._policy.block: self._policy.season_blocks * self._policy.block_s,
        }
        indexes = [self._layout.index(self.tracks[track]) for track in wanted]
        places = []
        for track, members in zip(
            wanted, await self._all("zrange", [(key, 0, -1) for key in indexes]), strict=True
        ):
            for bucket in map(_bucket, members):
                span_s = kept.get(bucket.resolution, 0)
                if self.panel.end - span_s <= bucket.start < self.panel.end:
                    places.append((track, bucket))
        places.sort(key=lambda place: (place[0], place[1].start))
        for (track, bucket), row in zip(places, await self._rows(places), strict=True):
            put = (
                self.panel.put_step
                if bucket.resolution == self._policy.step
                else self.panel.put_block
            )
            put(track, bucket.start, row)

    async def _rows(self, places: Sequence[tuple[int, Bucket]]) -> list[list[int]]:
        """Counts of buckets, [measures] each, of the model that the last of each track shows."""
        await self._follow_models(places)
        calls = [
            (
                self._layout.bucket(self.tracks[track], bucket),
                [POSTS_FIELD, SHED_SQUARES, *LABELS, MODEL + self._models[track]],
            )
            for track, bucket in places
        ]
        return [_row(list(map(_number, values))) for values in await self._all("hmget", calls)]

    async def _follow_models(self, places: Sequence[tuple[int, Bucket]]) -> None:
        """Find out which model scores each track now; a new one leaves no opinion behind."""
        calls = [
            (
                self._layout.bucket(self.tracks[track], bucket),
                [POSTS_FIELD, MODEL + self._models[track]],
            )
            for track, bucket in places
        ]
        other = {}
        answers = await self._all("hmget", calls)
        for (track, bucket), (posts, scored) in zip(places, answers, strict=True):
            if _number(posts) > 0:
                # the last bucket decides: a model that comes back is the present one again
                other[track] = bucket if _number(scored) == 0 else None
        changed = {track: bucket for track, bucket in other.items() if bucket is not None}
        hashes = await self._all(
            "hgetall",
            [(self._layout.bucket(self.tracks[track], own),) for track, own in changed.items()],
        )
        for track, fields in zip(changed, hashes, strict=True):
            model = _model(counts(fields))
            if model != self._models[track]:
                self._models[track] = model
                self.panel.forget_opinion(track)

    async def _all(self, command: str, calls: Sequence[tuple[Any, ...]]) -> list[Any]:
        answers: list[Any] = []
        for chunk in _chunks(calls, AT_ONCE):
            async with self._client.pipeline(transaction=False) as pipeline:
                for arguments in chunk:
                    getattr(pipeline, command)(*arguments)
                answers += await pipeline.execute()
        return answers


def _row(values: Sequence[int]) -> list[int]:
    """The measures of a bucket, from its posts, their squares, labels and those of the model."""
    posts, squares, *labels, scored = values
    row = [0] * MEASURES
    row[POSTS], row[SQUARES] = posts, squares
    if scored == posts:
        row[SCORED] = posts
        row[FIRST_LABEL:] = labels
    return row


def _model(fields: Mapping[str, int]) -> str:
    """The model that scored most posts of a bucket."""
    models = {name: posts for name, posts in fields.items() if name.startswith(MODEL)}
    return max(models, key=lambda name: models[name], default="").removeprefix(MODEL)


def _bucket(member: bytes | str) -> Bucket:
    name, _, start = text(member).partition(":")
    return Bucket(name, int(start))


def _number(value: bytes | str | None) -> int:
    return int(value) if value else 0


def _chunks(items: Sequence[Item], size: int) -> Iterator[list[Item]]:
    rest = iter(items)
    while chunk := list(islice(rest, size)):
        yield chunk

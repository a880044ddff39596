"""Puts a track's buckets right while workers count: fences first, then differences by steps.

Counts are sums, so what was missing at one moment may be added at any later one, whatever came in
meanwhile; registers of distinct counts only rise. Not for finding out what is missing: `recount`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count, islice
from typing import Final

import msgspec
import redis.asyncio

from connectors.redis_script import RedisScript, ScriptCall
from connectors.trends.counting import MEASURES, MOST_VALUES, kept_figures, named_split
from connectors.trends.hyperloglog import value_of
from connectors.trends.layout import POSTS, Bucket, TrendLayout
from connectors.trends.series import text
from connectors.trends.snapshot import TrackSnapshot

BUCKETS_AT_ONCE = 100  # Redis answers nobody else meanwhile
REGISTERS_AT_ONCE: Final = 20
_PACKED: Final = msgspec.msgpack.Encoder()
_PLACES: Final = {measure: place for place, measure in enumerate(MEASURES)}


@dataclass(frozen=True, slots=True)
class BucketRepair:
    """What a bucket lacks; below 0 where Redis has too much.

    Attributes:
        unseen: the index did not list it at the snapshot, so that nothing is known of it.
        counts: field -> what is to be added.
        splits: `platform:<name>` or `language:<name>` -> the same in the order of `MEASURES`.
    """

    bucket: Bucket
    unseen: bool
    counts: dict[str, int] = field(default_factory=dict)
    splits: dict[str, list[int]] = field(default_factory=dict)

    @property
    def posts(self) -> int:
        """Posts that are missing; below 0: that are too many."""
        return self.counts.get(POSTS, 0)

    def add(self, name: str, difference: int) -> None:
        """One more difference, by the name that a snapshot has for it."""
        split = named_split(name)
        if split is None:
            self.counts[name] = difference
        else:
            (dimension, value), measure = split
            own = self.splits.setdefault(f"{dimension}:{value}", [0] * len(MEASURES))
            own[_PLACES[measure]] = difference


@dataclass(frozen=True, slots=True)
class RegisterRepair:
    """A distinct count of a bucket that lacks elements.

    Attributes:
        key: of the count.
        registers: those of the recount.
        expires_at: Unix seconds.
    """

    key: str
    registers: bytes
    expires_at: int


@dataclass(frozen=True, slots=True)
class Mark:
    """The rebuild that wrote to a track last and the step that it got to; empty for none."""

    run: str
    step: str


@dataclass(frozen=True, slots=True)
class Repaired:
    """What became of the repairs of a track.

    Attributes:
        done: False: another rebuild wrote meanwhile, so that the rest was not done.
        left_out: buckets that the index had lost; the next snapshot sees them.
    """

    done: bool
    left_out: int


def needed_repairs(
    snapshot: TrackSnapshot,
    expected: Mapping[Bucket, Mapping[str, int]],
    buckets: Iterable[Bucket],
) -> list[BucketRepair]:
    """What these buckets of a track lack; those that are right are not in it."""
    repairs = []
    for bucket in buckets:
        wanted, held = expected.get(bucket, {}), snapshot.buckets.get(bucket, {})
        repair = BucketRepair(bucket, bucket not in snapshot.listed)
        for name in sorted(wanted.keys() | held.keys()):
            if difference := wanted.get(name, 0) - held.get(name, 0):
                repair.add(name, difference)
        if repair.counts or repair.splits:
            repairs.append(repair)
    return repairs


class Repairs:
    """Writes of one rebuild.

    Args:
        client: answers bytes.
        layout: names of the keys.
        run: name of this rebuild, another for each.
    """

    def __init__(self, client: redis.asyncio.Redis, layout: TrendLayout, run: str) -> None:
        self._client = client
        self._layout = layout
        self._run = run
        self._steps = count()
        self._raise = RedisScript(__package__, "raise_fences.lua")
        self._repair = RedisScript(__package__, "repair.lua")
        self._merge = RedisScript(__package__, "merge_registers.lua")
        self._tell_apart = RedisScript(__package__, "tell_apart.lua")

    async def raise_fences(self, tracks: Iterable[str], fences: Mapping[str, int]) -> None:
        """Let no worker count in these tracks what is settled: the rebuild does.

        Args:
            tracks: theirs are raised, never lowered.
            fences: source partition -> last offset that is settled.
        """
        arguments: list[str | bytes | int] = []
        for name, offset in fences.items():
            arguments += [name, offset]
        calls = [ScriptCall([self._layout.fence(track)], arguments) for track in tracks]
        if arguments and calls:
            await self._raise.run(self._client, calls)

    async def tell_apart(self, track: str, dimension: str, values: Sequence[str]) -> bool:
        """Let a track tell values apart that it had lost; whether it now knows one of them.

        Args:
            track: name of the track.
            dimension: platform or language.
            values: not told apart in the snapshot, those with most posts first.
        """
        if not values:
            return False
        key = self._layout.values(track, dimension)
        call = ScriptCall([key], [MOST_VALUES[dimension], *values])
        (answer,) = await self._tell_apart.run(self._client, [call])
        return answer != 0

    async def mark(self, track: str) -> Mark:
        """Who wrote to a track last; read it before the snapshot that repairs are made from."""
        run, step = await self._client.hmget(self._layout.rebuilt(track), ["run", "step"])
        return Mark(text(run or b""), text(step or b""))

    async def repair(self, track: str, last: Mark, repairs: Iterable[BucketRepair]) -> Repaired:
        """Add differences, so many buckets at a step; nothing is added twice.

        Args:
            track: name of the track.
            last: its mark before the snapshot.
            repairs: from that snapshot.

        Raises:
            redis.exceptions.RedisError: Redis did not answer: some steps may be done; begin again
                with another snapshot.
        """
        left_out = 0
        for some in _chunks(repairs):
            mark = Mark(self._run, str(next(self._steps)))
            call = self._call(track, last, mark, some)
            (answer,) = await self._repair.run(self._client, [call])
            done, left = _pair(answer)
            if not done:
                return Repaired(False, left_out)
            left_out += left
            last = mark
        return Repaired(True, left_out)

    async def merge(self, track: str, repairs: Sequence[RegisterRepair]) -> None:
        """Raise registers; again without effect.

        Args:
            track: name of the track.
            repairs: of its distinct counts.
        """
        for first in range(0, len(repairs), REGISTERS_AT_ONCE):
            calls = [
                ScriptCall(
                    [each.key, self._layout.registers(track)],
                    [value_of(each.registers), each.expires_at],
                )
                for each in repairs[first : first + REGISTERS_AT_ONCE]
            ]
            await self._merge.run(self._client, calls)

    def _call(
        self, track: str, last: Mark, mark: Mark, repairs: Sequence[BucketRepair]
    ) -> ScriptCall:
        layout = self._layout
        keys = [layout.rebuilt(track), layout.index(track)]
        for repair in repairs:
            keys += [layout.bucket(track, repair.bucket), layout.splits(track, repair.bucket)]
        packed = _PACKED.encode([_described(repair) for repair in repairs])
        return ScriptCall(keys, [mark.run, mark.step, last.run, last.step, packed])


def _described(repair: BucketRepair) -> dict[str, object]:
    bucket = repair.bucket
    return {
        "resolution": bucket.resolution,
        "start": bucket.start,
        "expires_at": bucket.expires_at,
        "splits_expire_at": bucket.splits_expire_at,
        "unseen": repair.unseen,
        "counts": repair.counts,
        "splits": {name: kept_figures(own) for name, own in repair.splits.items()},
    }


def _chunks(repairs: Iterable[BucketRepair]) -> Iterator[list[BucketRepair]]:
    rest = iter(repairs)
    while chunk := list(islice(rest, BUCKETS_AT_ONCE)):
        yield chunk


def _pair(answer: object) -> tuple[bool, int]:
    if not isinstance(answer, list) or len(answer) != 2:
        raise TypeError(f"repair.lua answered {answer!r}, not a pair")
    return answer[0] == 1, int(answer[1])

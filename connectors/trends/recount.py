"""Counts predictions again and says where Redis differs. Pure; `verify` does the reading.

A prediction counts in a track when the track's fence has passed its offset, or when the workers
had committed past it, which they do only after counting. So the recount is exact while they run.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import msgspec

from connectors.conversations.source import SourcePartition
from connectors.trends.counted import decode_counted
from connectors.trends.counting import distinct_expires_at, observe
from connectors.trends.hyperloglog import REGISTERS
from connectors.trends.layout import Bucket, resolution
from connectors.trends.offsets import OffsetSet
from connectors.trends.positions import Settled
from connectors.trends.snapshot import TrackSnapshot
from connectors.trends.totals import Registers, Totals

DIFFERING_REGISTERS = ":differing registers"
NONE_RAISED = bytes(REGISTERS)


class ScatteredCopiesError(Exception):
    """Copies of one prediction were read by different recounts: they must be read by one."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A count that is not what the predictions say."""

    track: str
    resolution: str
    bucket_start: int
    field: str
    expected: int
    found: int


@dataclass(frozen=True, slots=True)
class Basis:
    """What a recount starts from.

    Attributes:
        settled: what the workers had committed as done, read before the snapshots.
        fences: of every track, as its snapshot has them.
        alive_after: what expired at this Unix second or before is left out.
    """

    settled: Settled
    fences: Mapping[str, Mapping[str, int]]
    alive_after: int

    @classmethod
    def of(cls, settled: Settled, snapshots: Mapping[str, TrackSnapshot], now_s: int) -> "Basis":
        """What snapshots begin, that were taken since `now_s` by Redis' clock, Unix seconds."""
        fences = {track: snapshot.fence for track, snapshot in snapshots.items()}
        return cls(settled, fences, now_s)


class _Partition:
    """What is known of one source partition.

    Attributes:
        reached: track -> last offset that counts in it.
        elsewhere: that offset for a track of which Redis holds nothing.
        seen: offsets whose predictions were given.
    """

    __slots__ = ("elsewhere", "reached", "seen")

    def __init__(self, reached: dict[str, int], elsewhere: int) -> None:
        self.reached = reached
        self.elsewhere = elsewhere
        self.seen = OffsetSet()


class Recount:
    """Counts predictions as the sink should have.

    Args:
        basis: taken before the predictions are read.

    Attributes:
        predictions: how many were given.
        posts: how many of those counted in at least one track.
        totals: what they add up to.
    """

    def __init__(self, basis: Basis) -> None:
        self.predictions = 0
        self.posts = 0
        self.totals = Totals(basis.alive_after)
        self._basis = basis
        self._partitions: dict[tuple[str, str, int], _Partition] = {}

    def add(self, value: bytes, topic_id: str) -> None:
        """Count one prediction; a duplicate of an earlier one counts nothing.

        Args:
            value: the prediction, JSON.
            topic_id: incarnation of its source topic.

        Raises:
            ValueError: it is no prediction.
        """
        try:
            post = decode_counted(value)
        except msgspec.MsgspecError as error:
            raise ValueError(str(error)) from error
        source = post.source
        place = (source.topic, topic_id, source.partition)
        partition = self._partitions.get(place) or self._open(place)
        self.predictions += 1
        if not partition.seen.add(source.offset):
            return
        offset, reached, elsewhere = source.offset, partition.reached, partition.elsewhere
        tracks = {track for track in post.tracks if offset <= reached.get(track, elsewhere)}
        if not tracks:
            return
        self.posts += 1
        try:
            self.totals.add(observe(post), tracks)
        except KeyError as error:
            raise ValueError(f"there is no label {error}") from error

    def merge(self, other: "Recount") -> None:
        """Take in what another recount, on the same basis, made of other records.

        Raises:
            ScatteredCopiesError: both were given a copy of the same prediction; this recount is
                of no use any more.
        """
        for place, theirs in other._partitions.items():
            own = self._partitions.setdefault(place, theirs)
            if own is not theirs and not own.seen.merge(theirs.seen):
                raise ScatteredCopiesError
        self.predictions += other.predictions
        self.posts += other.posts
        self.totals.merge(other.totals)

    def tracks(self) -> list[str]:
        """Tracks in Redis or in the predictions, by name."""
        return sorted(self._basis.fences.keys() | self.totals.tracks())

    def expected(self, snapshot: TrackSnapshot) -> dict[Bucket, Counter[str]]:
        """What the live buckets of a track should hold, by the names of a snapshot."""
        return self.totals.fields(snapshot.track, snapshot.values, snapshot.alive_after)

    def distinct(self, snapshot: TrackSnapshot) -> dict[Bucket, Registers]:
        """Registers that the distinct counts of a track's buckets should have, by name."""
        return self.totals.registers(snapshot.track, snapshot.values)

    def _open(self, place: tuple[str, str, int]) -> _Partition:
        source, settled = SourcePartition(*place), self._basis.settled
        self._partitions[place] = _Partition(
            {
                track: settled.reached(source, fence.get(source.field))
                for track, fence in self._basis.fences.items()
            },
            settled.reached(source, None),
        )
        return self._partitions[place]


def comparable(
    snapshot: TrackSnapshot,
    expected: Mapping[Bucket, Mapping[str, int]],
    start: float | None = None,
    end: float | None = None,
) -> list[Bucket]:
    """The buckets of a track, expected or found, that must agree.

    Args:
        snapshot: what Redis held.
        expected: what it should hold.
        start: leave out buckets that begin before, Unix seconds.
        end: leave out buckets that end after, Unix seconds.

    Returns:
        Those alive at the snapshot with some seconds to spare, by resolution and start.
    """
    alive_after = snapshot.alive_after
    return sorted(
        bucket
        for bucket in expected.keys() | snapshot.buckets.keys()
        if bucket.expires_at > alive_after
        and bucket not in snapshot.unread
        and (start is None or bucket.start >= start)
        and (end is None or bucket.start + resolution(bucket.resolution).seconds <= end)
    )


def differences(
    snapshot: TrackSnapshot,
    expected: Mapping[Bucket, Mapping[str, int]],
    buckets: list[Bucket],
) -> Iterator[Difference]:
    """Every count of these buckets that is not as expected, by bucket and field."""
    for bucket in buckets:
        wanted = expected.get(bucket, {})
        held = snapshot.buckets.get(bucket, {})
        for name in sorted(wanted.keys() | held.keys()):
            if wanted.get(name, 0) != held.get(name, 0):
                yield Difference(
                    track=snapshot.track,
                    resolution=bucket.resolution,
                    bucket_start=bucket.start,
                    field=name,
                    expected=wanted.get(name, 0),
                    found=held.get(name, 0),
                )


def distinct_differences(
    snapshot: TrackSnapshot, expected: Mapping[Bucket, Registers], buckets: list[Bucket]
) -> Iterator[Difference]:
    """Registers of distinct counts that are not as expected, how many by bucket and name."""
    for bucket in buckets:
        for name, wanted, held in distinct_beside(snapshot, expected, bucket):
            yield Difference(
                track=snapshot.track,
                resolution=bucket.resolution,
                bucket_start=bucket.start,
                field=name + DIFFERING_REGISTERS,
                expected=0,
                found=sum(one != other for one, other in zip(wanted, held, strict=True)),
            )


def distinct_beside(
    snapshot: TrackSnapshot, expected: Mapping[Bucket, Registers], bucket: Bucket
) -> Iterator[tuple[str, bytes, bytes]]:
    """Live distinct counts of a bucket that differ: name, registers expected and found."""
    wanted, held = expected.get(bucket, {}), snapshot.distinct.get(bucket, {})
    for name in sorted(wanted.keys() | held.keys()):
        own, found = wanted.get(name, NONE_RAISED), held.get(name, NONE_RAISED)
        if own != found and distinct_expires_at(bucket, name) > snapshot.alive_after:
            yield name, own, found

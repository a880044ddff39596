"""Counts predictions again and says where Redis differs. Pure; `verify` does the reading.

A prediction counts in a track when the track's fence has passed its offset, or when the workers
had committed past it, which they do only after counting. So the recount is exact while they run.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import orjson

from connectors.conversations.source import SourcePartition
from connectors.trends.counting import observe_document
from connectors.trends.hyperloglog import REGISTERS
from connectors.trends.layout import Bucket, resolution
from connectors.trends.offsets import OffsetSet
from connectors.trends.snapshot import TrackSnapshot
from connectors.trends.totals import Totals

DIFFERING_REGISTERS = ":differing registers"
NONE_DISTINCT = (bytes(REGISTERS), bytes(REGISTERS))


@dataclass(frozen=True, slots=True)
class Difference:
    """A count that is not what the predictions say."""

    track: str
    resolution: str
    bucket_start: int
    field: str
    expected: int
    found: int


class _Partition:
    """What is known of one source partition."""

    __slots__ = ("reached", "seen", "settled")

    def __init__(self, reached: dict[str, int], settled: int) -> None:
        self.reached = reached
        self.settled = settled
        self.seen = OffsetSet()


class Recount:
    """Counts predictions as the sink should have.

    Args:
        snapshots: of every track, taken before the predictions are read.
        settled: source partition -> last offset that the workers had committed as done, read
            before the snapshots.

    Attributes:
        predictions: how many were given.
        posts: how many of those counted in at least one track.
    """

    def __init__(self, snapshots: Mapping[str, TrackSnapshot], settled: Mapping[str, int]) -> None:
        self.predictions = 0
        self.posts = 0
        self._snapshots = snapshots
        self._settled = settled
        self._partitions: dict[tuple[str, str, int], _Partition] = {}
        began = min((own.taken_at for own in snapshots.values()), default=0)
        self._totals = Totals(began)

    def add(self, value: bytes, topic_id: str) -> None:
        """Count one prediction; a duplicate of an earlier one counts nothing.

        Args:
            value: the prediction, JSON.
            topic_id: incarnation of its source topic.

        Raises:
            KeyError, TypeError, ValueError: it is no prediction.
        """
        document = orjson.loads(value)
        source = document["source"]
        place = (source["topic"], topic_id, source["partition"])
        partition = self._partitions.get(place) or self._open(place)
        offset = source["offset"]
        self.predictions += 1
        if not partition.seen.add(offset):
            return
        reached, settled = partition.reached, partition.settled
        tracks = [track for track in document["tracks"] if offset <= reached.get(track, settled)]
        if not tracks:
            return
        self.posts += 1
        self._totals.add(observe_document(document), set(tracks))

    def tracks(self) -> list[str]:
        """Tracks in Redis or in the predictions, by name."""
        return sorted(self._snapshots.keys() | self._totals.tracks())

    def expected(self, track: str) -> dict[Bucket, Counter[str]]:
        """What the live buckets of a track should hold, by the names of a snapshot."""
        snapshot = self._snapshots.get(track) or TrackSnapshot(track, 0, {}, {})
        return self._totals.fields(track, snapshot.values, snapshot.alive_after)

    def distinct(self, track: str) -> dict[Bucket, tuple[bytes, bytes]]:
        """Registers that the conversations and the authors of a track's buckets should have."""
        return self._totals.registers(track)

    def _open(self, place: tuple[str, str, int]) -> _Partition:
        field = SourcePartition(*place).field
        settled = self._settled.get(field, -1)
        reached = {
            track: max(snapshot.fence.get(field, -1), settled)
            for track, snapshot in self._snapshots.items()
        }
        self._partitions[place] = _Partition(reached, settled)
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
    snapshot: TrackSnapshot, expected: Mapping[Bucket, tuple[bytes, bytes]], buckets: list[Bucket]
) -> Iterator[Difference]:
    """Registers of distinct counts that are not as expected, how many by bucket and kind."""
    for bucket in buckets:
        if bucket.distinct_expire_at <= snapshot.alive_after:
            continue
        wanted = expected.get(bucket, NONE_DISTINCT)
        held = snapshot.distinct.get(bucket, NONE_DISTINCT)
        for kind, own, found in zip(("conversations", "authors"), wanted, held, strict=True):
            if own != found:
                off = sum(one != other for one, other in zip(own, found, strict=True))
                yield Difference(
                    track=snapshot.track,
                    resolution=bucket.resolution,
                    bucket_start=bucket.start,
                    field=kind + DIFFERING_REGISTERS,
                    expected=0,
                    found=off,
                )

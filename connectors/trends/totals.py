"""Sums of any number of posts by track and bucket, in bounded memory. Pure.

Posts are summed a few thousand at a time; what they add to buckets that were gone when the totals
were begun is left out. Not for which posts count: that is `recount`.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

from connectors.trends.counting import Observation, Sums, Tally
from connectors.trends.hyperloglog import Distinct
from connectors.trends.layout import Bucket

SUMMED_AT_ONCE: Final = 4096  # posts


@dataclass(slots=True)
class Total:
    """What posts add up to in a bucket.

    Attributes:
        sums: without distinct elements.
        conversations, authors: the registers that those raise.
    """

    sums: Sums = field(default_factory=Sums)
    conversations: Distinct = field(default_factory=Distinct)
    authors: Distinct = field(default_factory=Distinct)

    def merge(self, other: "Total") -> None:
        """Add what other posts add up to."""
        self.sums.add(other.sums, with_splits=True)
        self.conversations.merge(other.conversations)
        self.authors.merge(other.authors)


class Totals:
    """Adds posts up.

    Args:
        alive_after: what expires at this Unix second or before is left out.
    """

    def __init__(self, alive_after: float) -> None:
        self._alive_after = alive_after
        self._waiting: list[Observation] = []
        self._rows: defaultdict[str, list[int]] = defaultdict(list)
        self._totals: dict[str, dict[Bucket, Total]] = {}

    def add(self, post: Observation, tracks: Collection[str]) -> None:
        """Count a post once in each of its tracks."""
        for track in tracks:
            self._rows[track].append(len(self._waiting))
        self._waiting.append(post)
        if len(self._waiting) >= SUMMED_AT_ONCE:
            self._sum()

    def merge(self, other: "Totals") -> None:
        """Take in what others add up to, begun with the same `alive_after`."""
        for track in other.tracks():
            own = self._totals.setdefault(track, {})
            for bucket, total in other.of(track).items():
                own.setdefault(bucket, Total()).merge(total)

    def tracks(self) -> Collection[str]:
        """Tracks in which a post counted."""
        self._sum()
        return self._totals.keys()

    def of(self, track: str) -> Mapping[Bucket, Total]:
        """The totals of a track's buckets."""
        self._sum()
        return self._totals.get(track, {})

    def fields(
        self, track: str, values: Mapping[str, Collection[str]], alive_after: float
    ) -> dict[Bucket, Counter[str]]:
        """Sums of a track's buckets by name, without distinct counts.

        Args:
            track: name of the track.
            values: dimension -> values told apart.
            alive_after: what is by platform and language and expires by then is left out.
        """
        return {
            bucket: (
                total.sums.fields(values)
                if bucket.splits_expire_at > alive_after
                else Counter(total.sums.counts)
            )
            for bucket, total in self.of(track).items()
        }

    def registers(self, track: str) -> dict[Bucket, tuple[bytes, bytes]]:
        """Registers of the conversations and the authors of a track's buckets."""
        return {
            bucket: (total.conversations.registers(), total.authors.registers())
            for bucket, total in self.of(track).items()
            if bucket.distinct_expire_at > self._alive_after
        }

    def _sum(self) -> None:
        if not self._waiting:
            return
        tally = Tally(self._waiting)
        for track, rows in self._rows.items():
            totals = self._totals.setdefault(track, {})
            for buckets, sums in tally.by_bucket(rows):
                for bucket in buckets:
                    if bucket.expires_at > self._alive_after:
                        self._add(totals.setdefault(bucket, Total()), bucket, sums)
        self._waiting = []
        self._rows.clear()

    def _add(self, total: Total, bucket: Bucket, sums: Sums) -> None:
        total.sums.add(sums, with_splits=bucket.splits_expire_at > self._alive_after)
        if bucket.distinct_expire_at > self._alive_after:
            total.conversations.update(sums.conversations)
            total.authors.update(sums.authors)

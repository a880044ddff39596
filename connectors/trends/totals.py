"""Sums of any number of posts by track and bucket, in bounded memory. Pure.

Posts are summed a few thousand at a time; what they add to buckets that were gone when the totals
were begun is left out. Not for which posts count: that is `recount`.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from connectors.trends.counting import (
    OTHER,
    Observation,
    Split,
    Sums,
    Tally,
    Voices,
    split_field,
)
from connectors.trends.hyperloglog import Distinct
from connectors.trends.layout import AUTHORS, CONVERSATIONS, Bucket

Registers = dict[str, bytes]  # of distinct counts: `conversations`, `authors`, or a `split_field`
SUMMED_AT_ONCE: Final = 4096  # posts


@dataclass(slots=True)
class Heard:
    """The registers that conversations and authors raise."""

    conversations: Distinct = field(default_factory=Distinct)
    authors: Distinct = field(default_factory=Distinct)

    def hear(self, voices: Voices) -> None:
        """Put elements in; again without effect."""
        self.conversations.update(voices.conversations)
        self.authors.update(voices.authors)

    def merge(self, other: "Heard") -> None:
        """Put in what others hold."""
        self.conversations.merge(other.conversations)
        self.authors.merge(other.authors)


@dataclass(slots=True)
class Total:
    """What posts add up to in a bucket.

    Attributes:
        sums: without distinct elements.
        heard: the distinct ones.
        heard_within: those of a platform or language.
    """

    sums: Sums = field(default_factory=Sums)
    heard: Heard = field(default_factory=Heard)
    heard_within: defaultdict[Split, Heard] = field(default_factory=lambda: defaultdict(Heard))

    def merge(self, other: "Total") -> None:
        """Add what other posts add up to."""
        self.sums.add(other.sums, with_splits=True)
        self.heard.merge(other.heard)
        for split, heard in other.heard_within.items():
            self.heard_within[split].merge(heard)

    def registers(self, values: Mapping[str, Collection[str]], *, within: bool) -> Registers:
        """Registers of the distinct counts by name, without those that nothing raised.

        Args:
            values: dimension -> those told apart; others are `other`.
            within: whether those by platform and language are wanted.
        """
        told: defaultdict[Split, Heard] = defaultdict(Heard)
        for (dimension, value), heard in self.heard_within.items() if within else ():
            known = value if value in values.get(dimension, ()) else OTHER
            told[dimension, known].merge(heard)
        named = _named(self.heard, lambda kind: kind)
        for split, heard in told.items():
            named |= _named(heard, partial(split_field, *split))
        return named


def _named(heard: Heard, name: Callable[[str], str]) -> Registers:
    found = {CONVERSATIONS: heard.conversations, AUTHORS: heard.authors}
    return {name(kind): own.registers() for kind, own in found.items() if own}


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

    def registers(
        self, track: str, values: Mapping[str, Collection[str]]
    ) -> dict[Bucket, Registers]:
        """Registers of the distinct counts of a track's buckets, by name.

        Args:
            track: name of the track.
            values: dimension -> values told apart.
        """
        return {
            bucket: total.registers(
                values, within=bucket.distinct_splits_expire_at > self._alive_after
            )
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
            total.heard.hear(sums.voices)
        if bucket.distinct_splits_expire_at > self._alive_after:
            for split, voices in sums.voices_within.items():
                total.heard_within[split].hear(voices)

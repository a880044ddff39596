"""What is known of a track's buckets of one resolution, and what of it must be read again. Pure.

Every post counts at once in the buckets of all resolutions, so a coarser bucket equals the sum of
those that lie in it, its page. A look at a range reads each page's coarser bucket, and before it
the few buckets that changed at the last look: counts only grow, so where the sum is right after
that, no other bucket of the page has changed. Where it is not, the others are read too.
"""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from connectors.schemas.labels import SENTIMENTS
from connectors.trends.layout import PAGE, POSTS, SENTIMENT, SHED, SHED_SQUARES, resolution

FIELDS: Final = (POSTS, *(SENTIMENT + label for label in SENTIMENTS), SHED, SHED_SQUARES)
MOST_ROWS: Final = 10_000  # over twice what the longest range holds
RECENT: Final = 4  # buckets that are read before it is known whether they changed
Integers = NDArray[np.int64]


class Counted(NamedTuple):
    """Buckets that hold posts, ascending.

    Attributes:
        starts: Unix seconds, [buckets].
        counts: by `FIELDS`, [buckets, 6].
    """

    starts: Integers
    counts: Integers


class OpinionPages:
    """Counts of a track by bucket, as they were last read.

    Args:
        name: of the resolution.
    """

    def __init__(self, name: str) -> None:
        self._width = resolution(name).seconds
        self._page = resolution(PAGE[name]).seconds
        self._alone = PAGE[name] == name
        self._first = 0  # start of the first page
        self._counts = _nothing(0)  # [pages * buckets of a page, 6]
        self._known: list[bool] = []  # of each page
        self._recent: list[int] = []  # starts of buckets
        self._used_from: int | None = None  # first page asked for since the last new one began

    @property
    def nbytes(self) -> int:
        """Memory of the counts."""
        return self._counts.nbytes

    def wanted(self, first: int, last: int) -> tuple[list[int], list[int]]:
        """What a look begins with: buckets, and pages whose coarser buckets are read after those.

        Args:
            first: start of the first bucket of the range.
            last: of its last one.

        Returns:
            Starts of the buckets, and of the pages.
        """
        self._cover(first - first % self._page, last - last % self._page)
        if self._alone:
            return list(range(first, last + 1, self._width)), []
        buckets, pages = [], []
        for page in range(first - first % self._page, last + 1, self._page):
            ends = page + self._page
            if self._known[self._place(page)]:
                buckets += [at for at in self._recent if page <= at < ends]
            else:  # the rest of it may hold nothing: its sum will tell
                buckets += range(max(first, page), min(last + 1, ends), self._width)
            pages.append(page)
        return buckets, pages

    def check(
        self, buckets: Sequence[int], pages: Sequence[int], counts: Integers, sums: Integers
    ) -> list[int]:
        """Take what a look began with.

        Args:
            buckets: from `wanted`.
            pages: from `wanted`.
            counts: of the buckets, [buckets, 6].
            sums: coarser buckets of the pages, [pages, 6].

        Returns:
            Starts of the buckets to read on, for `fill`; empty where all is known.
        """
        self._take(buckets, counts)
        if not pages:
            return []
        begin, end = self._row(pages[0]), self._row(pages[-1] + self._page)
        found = self._counts[begin:end].reshape(len(pages), -1, len(FIELDS)).sum(1)
        left: list[int] = []
        for page, same in zip(pages, (found == sums).all(1).tolist(), strict=True):
            if same:
                self._known[self._place(page)] = True
            else:
                left += range(page, page + self._page, self._width)
        return sorted(set(left).difference(buckets)) if left else []

    def fill(self, buckets: Sequence[int], counts: Integers) -> None:
        """Take what was left to read; what is not as its sum says is read again at the next look.

        Args:
            buckets: from `check`.
            counts: of those, [buckets, 6].
        """
        self._take(buckets, counts)
        for at in buckets:
            self._known[self._place(at)] = True

    def between(self, first: int, last: int) -> Counted:
        """The buckets of a range that hold posts.

        Args:
            first: start of the first bucket.
            last: of the last one.
        """
        counts = self._counts[self._row(first) : self._row(last) + 1]
        (held,) = counts[:, 0].nonzero()
        return Counted(first + held * self._width, counts[held])

    def _take(self, buckets: Sequence[int], counts: Integers) -> None:
        if not buckets:
            return
        starts = np.array(buckets)
        rows = (starts - self._first) // self._width
        changed = starts[(self._counts[rows] != counts).any(1)].tolist()
        if changed:
            self._counts[rows] = counts
            recent = {*self._recent, *changed, changed[-1] + self._width}
            self._recent = sorted(recent)[-RECENT:]

    def _cover(self, first: int, last: int) -> None:
        """Have room for the pages of a range; those that nobody asked for of late go."""
        end = self._first + len(self._known) * self._page
        used = first if self._used_from is None else min(first, self._used_from)
        if self._first <= first and last < end:
            self._used_from = used
            return
        begin, new_end = min(used, self._first if last < end else used), max(last + self._page, end)
        if new_end - begin > MOST_ROWS * self._width:
            begin, new_end = first, last + self._page
        known, counts = self._known, self._counts
        pages, rows = (new_end - begin) // self._page, self._page // self._width
        old_first = self._first
        self._first, self._known, self._counts = begin, [False] * pages, _nothing(pages * rows)
        for place, is_known in enumerate(known):
            page = old_first + place * self._page
            if is_known and begin <= page < new_end:
                self._known[self._place(page)] = True
                at = self._row(page)
                self._counts[at : at + rows] = counts[place * rows : (place + 1) * rows]
        self._used_from = first

    def _place(self, at: int) -> int:
        return (at - self._first) // self._page

    def _row(self, at: int) -> int:
        return (at - self._first) // self._width


def integers(values: Iterable[Sequence[bytes | None]]) -> Integers:
    """Counts of hashes as a client gives them: values in the order of `FIELDS`, 0 for None."""
    rows = [[own or 0 for own in each] for each in values]
    return np.array(rows, dtype=np.int64) if rows else _nothing(0)


def _nothing(rows: int) -> Integers:
    return np.zeros((rows, len(FIELDS)), dtype=np.int64)

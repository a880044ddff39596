"""A track's buckets in memory: right after every look, and read no more than need be."""

import random
from collections import Counter

import numpy as np
import pytest

from connectors.trends.layout import PAGE, resolution
from connectors.trends.opinion_pages import FIELDS, RECENT, Integers, OpinionPages

BEGAN = 1_800_000_000  # a day and an hour begin


class Public:
    """What Redis would hold of a track, by resolution."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.width, self.page = resolution(name).seconds, resolution(PAGE[name]).seconds
        self.held: dict[int, Counter[int]] = {}
        self.sums: dict[int, Counter[int]] = {}
        self.read = 0

    def post(self, at: int, label: int) -> None:
        for held, width in ((self.held, self.width), (self.sums, self.page)):
            held.setdefault(at - at % width, Counter()).update([0, 1 + label])

    def counts(self, held: dict[int, Counter[int]], starts: list[int]) -> Integers:
        self.read += len(starts)
        rows = [[held.get(at, Counter())[place] for place in range(len(FIELDS))] for at in starts]
        return np.array(rows, dtype=np.int64).reshape(-1, len(FIELDS))

    def expected(self, first: int, last: int) -> list[tuple[int, list[int]]]:
        starts = [at for at in sorted(self.held) if first <= at <= last]
        return list(zip(starts, self.counts(self.held, starts).tolist(), strict=True))


def look(
    pages: OpinionPages, public: Public, first: int, last: int, meanwhile: list[tuple[int, int]]
) -> list[tuple[int, list[int]]]:
    """Read as one does who asks Redis; posts come between the buckets and their sums."""
    buckets, sums_of = pages.wanted(first, last)
    counts = public.counts(public.held, buckets)
    for post in meanwhile:
        public.post(*post)
    left = pages.check(buckets, sums_of, counts, public.counts(public.sums, sums_of))
    if left:
        pages.fill(left, public.counts(public.held, left))
    found = pages.between(first, last)
    return list(zip(found.starts.tolist(), found.counts.tolist(), strict=True))


@pytest.mark.parametrize("name", list(PAGE))
@pytest.mark.parametrize("seed", range(5))
def test_a_look_finds_what_there_is_whenever_and_wherever_posts_come(name: str, seed: int) -> None:
    drawn, public, pages = random.Random(seed), Public(name), OpinionPages(name)
    now = BEGAN
    for _ in range(150):
        now += drawn.choice([0, public.width // 3, public.width, public.page])
        for _ in range(drawn.randrange(3)):
            ago = drawn.choice([0, public.width, 5 * public.width, 3 * public.page])
            public.post(now - ago, drawn.randrange(3))
        first, last = (
            (now - back * public.width) // public.width * public.width
            for back in (drawn.randrange(1, 200), 0)
        )
        assert look(pages, public, first, last, []) == public.expected(first, last)


@pytest.mark.parametrize("late", [0, 40 * 60])
def test_what_is_counted_during_a_look_is_there_at_the_next(late: int) -> None:
    """In a bucket that was just read, or in another one: their page's sum tells."""
    public, pages = Public("1m"), OpinionPages("1m")
    first, last = BEGAN, BEGAN + 59 * 60
    public.post(last, 2)
    look(pages, public, first, last, [])
    look(pages, public, first, last, [(last - late, 2)])
    assert look(pages, public, first, last, []) == public.expected(first, last)


def test_a_look_at_a_page_that_fills_reads_a_few_of_its_buckets() -> None:
    public, pages = Public("1m"), OpinionPages("1m")
    first = BEGAN - 3600
    for minute in range(60):
        public.post(first + 60 * minute, 1)
    look(pages, public, first, BEGAN + 1800, [])
    for minute in range(30, 59):
        at = BEGAN + 60 * minute
        public.post(at, 0)
        public.read = 0
        found = look(pages, public, first + 60 * minute, at, [])
        assert public.read <= 2 + RECENT or minute == 30
        assert found == public.expected(first + 60 * minute, at)


def test_memory_holds_what_is_asked_for_and_not_all_that_ever_was() -> None:
    public, pages = Public("1m"), OpinionPages("1m")
    for hour in range(200):
        now = BEGAN + 3600 * hour
        public.post(now, 1)
        look(pages, public, now - 7200, now, [])
    held = pages.nbytes
    look(pages, public, BEGAN * 2, BEGAN * 2 + 7200, [])  # somebody asks for the year 2084
    assert max(held, pages.nbytes) <= 6 * 60 * len(FIELDS) * 8

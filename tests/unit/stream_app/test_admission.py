"""Admission lets each offset through once and in order, and names what is missing."""

from hypothesis import given
from hypothesis import strategies as st

from stream_app.core.admission import Admission, starting_offset
from stream_app.core.record import Record


def record(offset: int, partition: int = 0) -> Record:
    return Record(partition, offset, b"k", b"v", generation=1)


def test_an_offset_done_before_is_dropped() -> None:
    admission = Admission()
    admission.assign(0, 5)
    assert admission.offer([record(3), record(4)], 0.0).records == []


def test_a_record_of_a_partition_that_is_not_ours_is_dropped_without_a_hole() -> None:
    admitted = Admission().offer([record(0)], 0.0)
    assert admitted.records == []
    assert admitted.holes == {}


def test_records_after_a_hole_are_dropped_and_the_hole_is_named() -> None:
    admission = Admission()
    admission.assign(0, 5)
    admitted = admission.offer([record(5), record(8), record(9)], 0.0)
    assert [r.offset for r in admitted.records] == [5]
    assert admitted.holes == {0: 6}


def test_a_hole_that_closes_within_the_same_records_is_no_hole() -> None:
    admission = Admission()
    admission.assign(0, 5)
    admitted = admission.offer([record(6), record(5), record(6)], 0.0)
    assert [r.offset for r in admitted.records] == [5, 6]
    assert admitted.holes == {}


def test_the_age_of_a_hole_counts_from_when_it_was_first_seen() -> None:
    admission = Admission()
    admission.assign(0, 0)
    admission.offer([record(2)], 10.0)
    admission.offer([record(3)], 14.0)
    assert admission.hole_age_s(0, 17.0) == 7.0
    admission.offer([record(0)], 18.0)
    assert admission.hole_age_s(0, 19.0) == 0.0


@given(
    start=st.integers(0, 20),
    end=st.integers(0, 40),
    deliveries=st.lists(st.tuples(st.integers(0, 40), st.integers(1, 12)), max_size=60),
)
def test_whatever_is_delivered_each_offset_is_admitted_once_and_in_order(
    start: int, end: int, deliveries: list[tuple[int, int]]
) -> None:
    admission = Admission()
    admission.assign(0, start)
    admitted: list[int] = []
    for first, length in deliveries:
        run = [record(offset) for offset in range(first, min(first + length, end))]
        admitted += [r.offset for r in admission.offer(run, 0.0).records]
    assert admitted == list(range(start, start + len(admitted)))


@given(
    start=st.integers(0, 20),
    length=st.integers(1, 30),
    skips=st.lists(st.integers(0, 30), max_size=10),
)
def test_following_the_holes_brings_every_offset_through(
    start: int, length: int, skips: list[int]
) -> None:
    admission = Admission()
    admission.assign(0, start)
    end = start + length
    admitted: list[int] = []
    read_from = start
    for skip in [*skips, 0]:
        run = [record(offset) for offset in range(read_from + skip, end)]
        outcome = admission.offer(run, 0.0)
        admitted += [r.offset for r in outcome.records]
        read_from = outcome.holes.get(0, admission.next_offset(0))
    assert admitted == list(range(start, end))


def test_a_partition_starts_at_the_commit() -> None:
    assert starting_offset(7, earliest=0, end=20, fixed=None) == 7


def test_without_a_commit_a_partition_starts_at_the_earliest() -> None:
    assert starting_offset(None, earliest=3, end=20, fixed=None) == 3


def test_what_was_done_after_the_commit_is_not_done_again() -> None:
    assert starting_offset(7, earliest=0, end=20, fixed=(12, 14)) == 12


def test_a_commit_within_the_fixed_batch_or_at_its_end_holds() -> None:
    assert starting_offset(13, earliest=0, end=20, fixed=(12, 14)) == 13
    assert starting_offset(15, earliest=0, end=20, fixed=(12, 14)) == 15


def test_a_commit_that_the_store_does_not_remember_is_not_believed() -> None:
    assert starting_offset(18, earliest=0, end=20, fixed=(12, 14)) == 12


def test_deleted_offsets_are_passed() -> None:
    assert starting_offset(7, earliest=9, end=20, fixed=(8, 8)) == 9


def test_a_commit_beyond_the_end_is_of_deleted_records() -> None:
    assert starting_offset(70, earliest=0, end=20, fixed=None) == 0

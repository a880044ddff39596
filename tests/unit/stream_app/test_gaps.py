"""A gap is what a consumer read past, never what it did not read."""

from hypothesis import given
from hypothesis import strategies as st

from stream_app.core.admission import Admission
from stream_app.core.gaps import Gaps
from stream_app.core.record import Record


def test_offsets_between_the_records_of_a_fetch_hold_none() -> None:
    assert Gaps().fetched(0, 10, [10, 11, 14], 15) == [None, None, 12]


def test_what_lies_between_the_position_and_the_first_record_holds_none() -> None:
    assert Gaps().fetched(0, 10, [13], 14) == [10]


def test_a_marker_at_the_end_of_a_fetch_is_a_gap_before_the_next_one() -> None:
    gaps = Gaps()
    gaps.fetched(0, 10, [10, 11], 13)
    assert gaps.fetched(0, 13, [13], 14) == [12]


def test_fetches_of_markers_alone_lengthen_the_gap() -> None:
    gaps = Gaps()
    gaps.fetched(0, 10, [10], 11)
    gaps.fetched(0, 11, [], 13)
    gaps.fetched(0, 13, [], 17)
    assert gaps.fetched(0, 17, [17], 18) == [11]


def test_a_consumer_that_was_sent_elsewhere_saw_nothing_between() -> None:
    gaps = Gaps()
    gaps.fetched(0, 10, [10], 11)
    assert gaps.fetched(0, 15, [16], 17) == [15]


def test_each_partition_has_gaps_of_its_own() -> None:
    gaps = Gaps()
    gaps.fetched(0, 10, [10], 12)
    assert gaps.fetched(1, 12, [12], 13) == [None]


@given(data=st.data(), log=st.lists(st.booleans(), min_size=1, max_size=60))
def test_every_record_is_admitted_once_through_gaps_seeks_and_lost_fetches(
    data: st.DataObject, log: list[bool]
) -> None:
    """The consumer is sent elsewhere and fetches are lost at any time; holes are read again."""
    records = [offset for offset, holds in enumerate(log) if holds]
    gaps, admission = Gaps(), Admission()
    admission.assign(0, 0)
    admitted: list[int] = []
    position = 0
    for turn in range(4 * len(log) + 4):
        disturbed = turn < 2 * len(log)
        if disturbed and data.draw(st.integers(0, 5)) == 0:
            position = data.draw(st.integers(0, len(log)))
        after = min(len(log), position + data.draw(st.integers(1, 9)) if disturbed else len(log))
        offsets = [offset for offset in records if position <= offset < after]
        found = gaps.fetched(0, position, offsets, after)
        position = after
        if disturbed and data.draw(st.integers(0, 5)) == 0:
            continue
        run = [
            Record(0, offset, b"k", b"v", generation=1, gap_from=gap)
            for offset, gap in zip(offsets, found, strict=True)
        ]
        outcome = admission.offer(run, 0.0)
        admitted += [record.offset for record in outcome.records]
        if outcome.holes or not disturbed:
            position = outcome.holes.get(0, admission.next_offset(0))
    assert admitted == records

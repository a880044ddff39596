"""Whole conversations are shed by their names, and those that are kept stand for them unbiased."""

from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.schemas.rejection import Reason
from stream_app.batch import SHED_COST, Decoder
from stream_app.core.outcome import Rejected, Shed
from stream_app.core.record import Record
from stream_app.core.shedding import MOST, Shedding
from stream_app.trial.worker_process import worker_environment
from tests.unit.stream_app.fakes import broken_record, post_record

POWERS = [1, 2, 4, 8, 16, 32, MOST]
SALTS = 400
NOW = 1_764_000_000.0


def estimate(conversations: list[int], one_in: list[int], salt: str) -> int:
    """Posts by those kept, where each conversation's posts come one after another in turns.

    Args:
        conversations: posts of each.
        one_in: what the setting is in each turn; it may change while a conversation goes on.
    """
    total = 0
    for number, posts in enumerate(conversations):
        for turn in range(posts):
            shedding = Shedding(one_in[turn % len(one_in)], salt)
            total += shedding.one_in * shedding.keeps(f"c{number}".encode())
    return total


@given(key=st.binary(min_size=1), salt=st.text(st.characters(exclude_categories=["Cs"])))
def test_who_is_kept_at_one_in_more_is_kept_at_one_in_fewer(key: bytes, salt: str) -> None:
    kept = [Shedding(one_in, salt).keeps(key) for one_in in POWERS]
    assert kept == sorted(kept, reverse=True)
    assert kept[0]


@given(st.binary(min_size=1), st.sampled_from(POWERS))
def test_every_worker_keeps_the_same(key: bytes, one_in: int) -> None:
    assert Shedding(one_in, "posts").keeps(key) == Shedding(one_in, "posts").keeps(key)


@pytest.mark.parametrize("one_in", [0, -2, 3, 6, 2 * MOST])
def test_a_number_that_is_no_power_of_two_is_refused(one_in: int) -> None:
    with pytest.raises(ValueError, match="must be 1, 2, 4"):
        Shedding(one_in, "posts")


@given(st.lists(st.integers(1, 9), min_size=1, max_size=30), st.text(max_size=3))
def test_where_nothing_is_shed_the_estimate_is_the_count(posts: list[int], salt: str) -> None:
    assert estimate(posts, [1], salt.encode(errors="replace").decode()) == sum(posts)


@pytest.mark.parametrize("one_in", [[4], [16], [1, 8, 2], [64, 1]])
def test_estimates_are_unbiased_also_where_the_setting_changes_meanwhile(one_in: list[int]) -> None:
    """Over many salts the mean lies within four of its standard errors; threads are uneven."""
    posts = [1] * 60 + [5] * 12 + [60]
    found = [estimate(posts, one_in, f"salt {number}") for number in range(SALTS)]
    mean = sum(found) / SALTS
    error = sqrt(sum((own - mean) ** 2 for own in found) / (SALTS - 1) / SALTS)
    assert error > 0
    assert abs(mean - sum(posts)) < 4 * error


def test_a_record_that_is_shed_is_not_looked_into_and_costs_little() -> None:
    shedding = Shedding(MOST, "posts")
    decoder = Decoder("default@1", 1 << 20, shedding)
    records = [post_record(n, conversation=f"c{n}") for n in range(3 * MOST)]
    items = [decoder.decode(record, 0.0) for record in records]
    for item in items:
        kept = shedding.keeps(item.record.key)
        assert isinstance(item.content, Shed) == (not kept)
        assert item.cost == (1.0 if kept else SHED_COST)
    assert sum(item.cost == 1.0 for item in items) < 20
    refused = next(n for n in range(99) if not shedding.keeps(f"k{n}".encode()))
    record = Record(0, 0, f"k{refused}".encode(), broken_record(0).value, generation=1)
    assert decoder.decode(record, 0.0).content == Shed(MOST)


def test_a_record_without_a_key_is_refused_and_not_shed() -> None:
    decoder = Decoder("default@1", 1 << 20, Shedding(MOST, "posts"))
    content = decoder.decode(Record(0, 0, None, post_record(0).value, generation=1), NOW).content
    assert isinstance(content, Rejected)
    assert content.reason is Reason.KEY_MISMATCH


def test_a_trial_sheds_nothing_whatever_the_environment_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("VOXPOP_SHED", "8")
    assert worker_environment({"VOXPOP_GROUP": "g"})["VOXPOP_SHED"] == "1"
    assert worker_environment({"VOXPOP_SHED": "4"})["VOXPOP_SHED"] == "4"

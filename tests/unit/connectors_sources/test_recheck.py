"""Which posts are looked at again, and when."""

from itertools import pairwise

import orjson

from connectors.sources.recheck import FIRST_LOOK_S, LAST_LOOK_S, Recheck

NOW = 1_764_000_000.0


def looks(recheck: Recheck, until: float, step_s: float = 60.0) -> list[float]:
    """Ages at which the only post is looked at."""
    found, now = [], NOW
    while now < until:
        now += step_s
        found += [now - NOW for _ in recheck.due(now, 10)]
    return found


def test_those_that_nobody_took_make_room_first_also_after_a_restart() -> None:
    recheck = Recheck(most=2)
    for name in "ab":
        recheck.watch(name, NOW, "", NOW)
    recheck.take("a")
    again = Recheck(most=2)
    again.load(orjson.loads(orjson.dumps(recheck.dump())))
    again.watch("c", NOW, "", NOW)
    assert [name for name in "abc" if name in again] == ["a", "c"]
    again.keep_taken()
    assert [name for name in "abc" if name in again] == ["a"]


def test_looks_come_at_double_the_age_and_end_with_the_month() -> None:
    recheck = Recheck()
    recheck.watch("a", NOW, "", NOW)
    ages = looks(recheck, NOW + LAST_LOOK_S + 86_400)
    assert ages[0] == FIRST_LOOK_S
    assert all(later == 2 * age for age, later in pairwise(ages[:-1]))
    assert ages[-1] == LAST_LOOK_S
    assert "a" not in recheck


def test_a_change_brings_the_next_look_near_and_tells_what_was_before() -> None:
    recheck = Recheck()
    recheck.watch("a", NOW, "1", NOW)
    later = NOW + 86_400
    assert recheck.due(later, 10) == ["a"]
    assert recheck.changed("a", "1", later) is None
    assert recheck.changed("a", "2", later) == "1"
    assert recheck.changed("a", "2", later) is None
    assert recheck.due(later + FIRST_LOOK_S, 10) == ["a"]


def test_memory_is_bounded_and_the_first_taken_goes_first() -> None:
    recheck = Recheck(most=2)
    for post_id in "abca":
        recheck.watch(post_id, NOW, "", NOW)
    assert [post_id in recheck for post_id in "abc"] == [True, False, True]


def test_no_more_are_due_at_once_than_can_be_asked_for() -> None:
    recheck = Recheck()
    for post_id in "abc":
        recheck.watch(post_id, NOW, "", NOW)
    later = NOW + FIRST_LOOK_S
    assert sorted([*recheck.due(later, 2), *recheck.due(later, 2)]) == ["a", "b", "c"]
    assert recheck.due(later, 2) == []


def test_what_was_dumped_goes_on_as_before() -> None:
    recheck, loaded = Recheck(), Recheck()
    recheck.watch("a", NOW, "1", NOW)
    recheck.watch("b", NOW - 7000, "1", NOW)
    recheck.forget("c")
    loaded.load(orjson.loads(orjson.dumps(recheck.dump())))
    for now in (NOW + 600, NOW + 1200, NOW + 7000, NOW + 14_000):
        assert loaded.due(now, 10) == recheck.due(now, 10)
    assert loaded.changed("a", "2", NOW) == "1"

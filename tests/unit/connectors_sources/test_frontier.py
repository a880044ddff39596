"""What is new in a listing whose newest things stand first."""

import orjson

from connectors.sources.frontier import OVERLAP_S, Frontier

NOW = 1_764_000_000.0


def test_what_was_met_is_not_new_and_what_comes_late_is() -> None:
    frontier = Frontier()
    assert frontier.is_new("a", NOW)
    frontier.meet([("a", NOW), ("b", NOW - 1)])
    assert not frontier.is_new("a", NOW)
    assert not frontier.is_new("b", NOW - 1)
    assert frontier.is_new("late", NOW - OVERLAP_S)
    assert not frontier.is_new("old", NOW - OVERLAP_S - 1)


def test_only_ids_near_the_frontier_are_remembered() -> None:
    frontier = Frontier()
    frontier.meet([(f"p{number}", NOW + number) for number in range(1000)])
    frontier.meet([])
    newest, near = frontier.dump()
    assert (newest, len(near)) == (NOW + 999, OVERLAP_S + 1)


def test_the_next_run_goes_on_with_what_was_dumped() -> None:
    frontier = Frontier()
    frontier.meet([("a", NOW)])
    loaded = Frontier.load(orjson.loads(orjson.dumps(frontier.dump())))
    assert loaded.began
    assert not loaded.is_new("a", NOW)
    assert loaded.is_new("b", NOW)

"""What a distinct count holds is not sent again, and what is forgotten is."""

from connectors.trends.seen import SeenElements


def test_only_what_a_key_does_not_hold_is_new() -> None:
    seen = SeenElements()
    assert seen.new("a", {"1", "2"}) == {"1", "2"}
    seen.remember({"a": {"1", "2"}, "b": set()})
    assert seen.new("a", {"2", "3"}) == {"3"}
    assert seen.new("b", {"2"}) == {"2"}


def test_past_its_bound_all_is_forgotten() -> None:
    seen = SeenElements(most=3)
    seen.remember({"a": {"1", "2"}})
    seen.remember({"b": {"1", "2"}})
    assert seen.new("a", {"1"}) == {"1"}
    assert seen.new("b", {"1"}) == {"1"}
    seen.remember({"a": {"1"}})
    assert seen.new("a", {"1"}) == set()

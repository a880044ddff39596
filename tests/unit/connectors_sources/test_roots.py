"""The conversation of a reply of which only the parent is known."""

from connectors.sources.roots import Roots


def test_replies_to_replies_stand_in_the_conversation_of_the_first() -> None:
    roots = Roots()
    assert roots.root_of("a", None) == "a"
    assert roots.root_of("b", "a") == "a"
    assert roots.root_of("c", "b") == "a"
    assert roots.root_of("c", "b") == "a"


def test_a_reply_to_an_unknown_post_is_taken_for_one_to_the_first() -> None:
    roots = Roots()
    assert roots.root_of("c", "b") == "b"
    assert roots.root_of("d", "c") == "b"
    assert roots.root_of("e", "b") == "b"


def test_memory_is_bounded_and_what_is_met_stays() -> None:
    roots = Roots(most=2)
    roots.root_of("b", "a")
    roots.root_of("c", "b")
    roots.root_of("x", None)
    assert roots.root_of("d", "c") == "a"
    assert roots.root_of("e", "b") == "b"


def test_the_next_run_remembers() -> None:
    before, after = Roots(), Roots()
    before.root_of("b", "a")
    after.load(before.dump())
    assert after.root_of("c", "b") == "a"

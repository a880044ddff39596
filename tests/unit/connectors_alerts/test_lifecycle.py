"""An alert is raised once, ends once, and waits before it is raised again."""

import numpy as np

from connectors.alerts.detector import KINDS, Look, Shift
from connectors.alerts.lifecycle import Ended, Lifecycle, Raised
from connectors.alerts.policy import AlertPolicy

POLICY = AlertPolicy(calm_steps=3, cool_down_s=600)
SHIFT = Shift("volume", "up", None, 5, 90, 90.0, 30.0, 2.0, 4.0, 1e-9, 1e-7)
TRACKS = ("acme", "globex")


def look(minute: int, *, fires: bool = False, p_value: float = 1.0) -> Look:
    p_values = np.ones((2, len(KINDS)))
    p_values[0, 0] = p_value
    return Look(minute * 60, p_values, np.ones_like(p_values), {(0, 0): SHIFT} if fires else {})


def changes(lifecycle: Lifecycle, *looks: Look) -> list[Raised | Ended]:
    return [change for each in looks for change in lifecycle.follow(TRACKS, each)]


def test_a_shift_that_goes_on_is_raised_once() -> None:
    found = changes(Lifecycle(POLICY), *(look(at, fires=True, p_value=0.0) for at in range(99)))
    assert found == [Raised("acme", 0, SHIFT)]


def test_it_ends_when_it_has_been_usual_for_long_enough() -> None:
    lifecycle = Lifecycle(POLICY)
    looks = [look(0, fires=True, p_value=0.0), look(1), look(2), look(3, p_value=0.01)]
    found = changes(lifecycle, *looks, *map(look, range(4, 9)))
    assert found == [Raised("acme", 0, SHIFT), Ended("acme", "volume", 0, 6 * 60)]


def test_it_is_not_raised_again_before_it_has_cooled_down() -> None:
    lifecycle = Lifecycle(POLICY)
    first = [look(0, fires=True, p_value=0.0), *map(look, range(1, 5))]
    again = [look(at, fires=True, p_value=0.0) for at in range(5, 13)]
    found = changes(lifecycle, *first, *again)
    assert [change.at for change in found if isinstance(change, Raised)] == [0, 600]


def test_what_is_under_way_is_marked() -> None:
    lifecycle = Lifecycle(POLICY)
    changes(lifecycle, look(0, fires=True, p_value=0.0))
    assert lifecycle.under_way(TRACKS).tolist() == [[True, False, False], [False] * 3]
    changes(lifecycle, *map(look, range(1, 4)))
    assert not lifecycle.under_way(TRACKS).any()


def test_a_track_that_is_gone_ends_its_alert() -> None:
    lifecycle = Lifecycle(POLICY)
    changes(lifecycle, look(0, fires=True, p_value=0.0))
    found = [
        change
        for at in range(1, 4)
        for change in lifecycle.follow(
            ("globex",), Look(at * 60, np.ones((1, 3)), np.ones((1, 3)), {})
        )
    ]
    assert found == [Ended("acme", "volume", 0, 180)]

"""A stream that begins anywhere within a block raises no alert of its beginning."""

import numpy as np
import pytest

from connectors.alerts.baseline import learn
from connectors.alerts.detector import KINDS, Look, look
from connectors.alerts.panel import MEASURES, Panel
from connectors.alerts.policy import AlertPolicy, quick_policy
from tests.unit.connectors_alerts.panels import drawn

POLICY = quick_policy(least_blocks=1)
POSTS_A_STEP = 90.0
NOTHING = np.zeros((1, len(KINDS)), bool)
SWING_AT = 6  # steps from the first post


def looks(began: int, *, negative_later: float, steps: int = 20) -> list[Look]:
    """Looks as a watch takes them at a track whose first post is in a step of its first block."""
    policy = POLICY
    panel, random = Panel(policy, 1, 60_000), np.random.default_rng(began)
    for _ in range(began):
        panel.push(np.zeros((1, MEASURES), np.int64))
    baseline, found = learn(panel, policy), []
    for step in range(steps):
        if panel.end == panel.blocks_end:
            baseline = learn(panel, policy)
        part = 0.2 if step == 0 else 1.0  # the first step is not whole either
        negative = negative_later if step >= SWING_AT else 0.2
        panel.push(drawn(random, [POSTS_A_STEP * part], negative))
        found.append(look(panel, baseline, policy, NOTHING))
    return found


@pytest.mark.parametrize("began", range(6))
def test_a_steady_stream_raises_nothing_wherever_in_a_block_it_begins(began: int) -> None:
    assert not [found for found in looks(began, negative_later=0.2) if found.shifts]


@pytest.mark.parametrize("began", range(6))
def test_a_swing_after_a_minute_is_told_within_another(began: int) -> None:
    found = looks(began, negative_later=0.75, steps=SWING_AT + 4)
    kinds = {KINDS[kind] for each in found for _, kind in each.shifts}
    assert kinds == {"sentiment"}


def test_the_hour_of_the_first_post_is_not_among_the_twelve() -> None:
    policy = AlertPolicy()
    random, panel = np.random.default_rng(1), Panel(policy, 1, 3600 * 500_000)
    for back in range(12, 0, -1):
        panel.put_block(0, panel.end - 3600 * back, drawn(random, [600.0])[0].tolist())
    assert not learn(panel, policy).ready[0]
    panel.put_block(0, panel.end - 3600 * 13, drawn(random, [20.0])[0].tolist())
    known = learn(panel, policy)
    assert known.ready[0]
    expected = known.expected(np.array([panel.end - 3600]))[0, 0] * policy.steps_a_block
    assert expected == pytest.approx(600.0, rel=0.05)  # the 20 are not a whole hour's

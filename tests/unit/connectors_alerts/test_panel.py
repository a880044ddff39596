"""A panel keeps the last steps and blocks, and lets late posts in."""

import numpy as np
import pytest

from connectors.alerts.panel import MEASURES, POSTS, SQUARES, Panel
from connectors.alerts.policy import AlertPolicy

POLICY = AlertPolicy(
    step="10s", block="1m", windows=(1, 3), recent_blocks=2, season_blocks=3, opinion_blocks=3
)


def of(posts: int) -> list[int]:
    return [posts] + [0] * (MEASURES - 1)


def filled(steps: int) -> Panel:
    panel = Panel(POLICY, 1, 600)
    for at in range(steps):
        panel.push(np.array([of(at)]))
    return panel


def test_the_last_steps_are_kept_in_order() -> None:
    panel = filled(20)
    assert panel.last_steps(3)[0, :, POSTS].tolist() == [17, 18, 19]
    assert panel.end == 800
    assert panel.blocks_end == 780


def test_steps_add_up_to_blocks() -> None:
    sums = [sum(range(start, start + 6)) for start in (0, 6, 12)]
    assert filled(20).last_blocks(3)[0, :, POSTS].tolist() == sums


def test_late_posts_change_a_step_that_is_kept_and_no_other() -> None:
    panel = filled(20)
    panel.put_step(0, 780, of(70))
    panel.put_step(0, 600, of(71))  # long gone
    panel.put_step(0, 800, of(72))  # not there yet
    assert panel.last_steps(12)[0, :, POSTS].tolist() == [
        8,
        9,
        10,
        11,
        12,
        13,
        14,
        15,
        16,
        17,
        70,
        19,
    ]


def test_new_tracks_begin_without_posts() -> None:
    panel = filled(20)
    panel.add(2)
    assert panel.tracks == 3
    assert panel.last_steps(12)[1:].sum() == 0
    assert panel.last_steps(1)[0, 0, POSTS] == 19


def test_the_first_post_is_found_in_steps_and_in_blocks_where_steps_have_left() -> None:
    panel = filled(20)
    panel.add(1)
    assert panel.first_post(0) == 600  # blocks are kept for longer than steps
    assert panel.first_post(1) is None
    panel.put_step(1, 770, of(1))
    panel.put_step(1, 790, of(1))
    assert panel.first_post(1) == 770


def test_a_panel_begins_with_a_block() -> None:
    with pytest.raises(ValueError, match="where a block does"):
        Panel(POLICY, 1, 610)


def test_squares_of_a_busy_hour_at_one_conversation_in_64_have_room() -> None:
    posts = 10_240 * 3600
    panel = Panel(POLICY, 1, 600)
    panel.add(1)
    counts = [posts, posts * 63] + [0] * (MEASURES - 2)
    panel.put_step(0, 590, counts)
    panel.put_block(1, 540, counts)
    assert panel.last_steps(1)[0, 0, SQUARES] == posts * 63
    assert panel.last_blocks(1)[1, 0, SQUARES] == posts * 63

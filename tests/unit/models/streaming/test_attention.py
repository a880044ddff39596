"""A query gathers what attention says from the posts it may see, and nothing else of a state."""

import numpy as np
import pytest
from numpy.typing import NDArray

from models.streaming.attention import BEHIND, HeadLayout, Where, attend, keep

Rows = NDArray[np.float32]
NOT_A_NUMBER = 0x7E00  # as float16
PLACES = 4


def rows_of(layout: HeadLayout, posts: int) -> Rows:
    """Queries, keys and values of posts, side by side."""
    random = np.random.default_rng(layout.width)
    return random.normal(size=(posts, 3 * layout.row)).astype(np.float32)


def gathered(layout: HeadLayout, rows: Rows, states: NDArray[np.uint16]) -> Rows:
    """What the posts of one conversation, kept in the second state, gather."""
    where = Where(states, np.ones(len(rows), np.int64), np.arange(len(rows)))
    keep(where, layout, rows, layout.row)
    out = np.empty((len(rows), layout.row), np.float32)
    attend(where, layout, rows, 0, out)
    return out


def softmax_of(layout: HeadLayout, rows: Rows) -> Rows:
    """The same, head by head, as the formula is written."""
    parts = rows.reshape(len(rows), 3, layout.heads, layout.width).transpose(1, 2, 0, 3)
    queries, keys, values = parts.astype(np.float64)
    keys, values = (own.astype(np.float16).astype(np.float64) for own in (keys, values))
    energies = queries @ keys.transpose(0, 2, 1)  # [heads, posts, posts]
    weights = np.tril(np.exp(energies))
    found = weights / weights.sum(axis=-1, keepdims=True) @ values
    side_by_side: Rows = found.transpose(1, 0, 2).reshape(len(rows), -1).astype(np.float32)
    return side_by_side


@pytest.mark.parametrize("width", [1, 5, 16, 50, 67])
@pytest.mark.parametrize("left_behind", [0, NOT_A_NUMBER])
def test_a_query_gathers_from_the_posts_up_to_its_own_whatever_the_state_held_before(
    width: int, left_behind: int
) -> None:
    layout = HeadLayout(heads=3, width=width, start=7, posts=PLACES)
    rows = rows_of(layout, 3)
    states = np.full((3, layout.stop + BEHIND), left_behind, np.uint16)
    np.testing.assert_allclose(
        gathered(layout, rows, states), softmax_of(layout, rows), rtol=1e-3, atol=1e-4
    )
    assert (states[[0, 2]] == left_behind).all()
    assert (states[1, : layout.start] == left_behind).all()
    assert (states[1, layout.stop :] == left_behind).all()

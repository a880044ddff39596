"""Attention of new posts to the kept keys and values of their conversations (Eq. 6-8).

A state holds, for each head of each attention, the keys of all its posts one after the other, then
their values, in float16: what a head reads lies in one piece.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.streaming.compiled import compiled, exponential, to_float, to_half
from models.streaming.weights import Rows

_FLOOR: Final = np.float32(-3e38)
_ONE: Final = np.float32(1.0)
_ZERO: Final = np.float32(0.0)


@dataclass(frozen=True, slots=True)
class HeadLayout:
    """Where one attention's keys and values stand in a state.

    Attributes:
        heads: of the attention.
        width: numbers of a head, a multiple of `weights.LANES`.
        start: first number of its keys in a state.
        posts: places for posts in a state.
    """

    heads: int
    width: int
    start: int
    posts: int

    @property
    def row(self) -> int:
        """Numbers of the queries, or keys, or values, of one post."""
        return self.heads * self.width

    @property
    def stop(self) -> int:
        """First number of a state behind it."""
        return self.start + 2 * self.row * self.posts


@dataclass(frozen=True, slots=True)
class Where:
    """Which posts rows are of.

    Attributes:
        states: [S, numbers], bits of float16.
        slots: [R], state of each row.
        places: [R], place of each row's post within its conversation's window.
    """

    states: NDArray[np.uint16]
    slots: NDArray[np.int64]
    places: NDArray[np.int64]


def keep(where: Where, layout: HeadLayout, rows: Rows, column: int) -> None:
    """Write keys and values of posts into states.

    Args:
        where: the posts.
        layout: of the attention.
        rows: [R, columns], each row in one piece.
        column: where the keys begin, [R, heads * width]; the values stand behind them.
    """
    _keep(
        where.states,
        (layout.start, layout.heads, layout.width, layout.posts),
        where.slots,
        where.places,
        rows,
        column,
    )


def attend(where: Where, layout: HeadLayout, rows: Rows, column: int, out: Rows) -> None:
    """What each query gathers from the posts up to its own.

    Args:
        where: the posts; a row sees places 0 to its own.
        layout: of the attention.
        rows: [R, columns], each row in one piece.
        column: where the scaled queries begin, [R, heads * width].
        out: [R, heads * width], written.
    """
    _attend(
        where.states,
        (layout.start, layout.heads, layout.width, layout.posts),
        where.slots,
        where.places,
        rows,
        column,
        out,
    )


@compiled
def _keep(
    states: NDArray[np.uint16],
    shape: tuple[int, int, int, int],
    slots: NDArray[np.int64],
    places: NDArray[np.int64],
    rows: Rows,
    column: int,
) -> None:
    start, heads, width, posts = shape
    for at in range(slots.shape[0]):
        state = states[slots[at]]
        row = rows[at]
        for head in range(heads):
            key = start + 2 * head * posts * width + places[at] * width
            value = key + posts * width
            kept_keys = state[key : key + width]
            kept_values = state[value : value + width]
            new = column + head * width
            new_keys = row[new : new + width]
            new_values = row[new + heads * width : new + heads * width + width]
            for i in range(width):
                kept_keys[i] = to_half(new_keys[i])
                kept_values[i] = to_half(new_values[i])


@compiled
def _attend(
    states: NDArray[np.uint16],
    shape: tuple[int, int, int, int],
    slots: NDArray[np.int64],
    places: NDArray[np.int64],
    rows: Rows,
    column: int,
    out: Rows,
) -> None:
    start, heads, width, posts = shape
    weights = np.empty(posts, np.float32)
    for at in range(slots.shape[0]):
        state = states[slots[at]]
        seen = places[at] + 1
        for head in range(heads):
            keys = start + 2 * head * posts * width
            values = keys + posts * width
            query = rows[at, column + head * width : column + (head + 1) * width]
            largest = _FLOOR
            for post in range(seen):
                key = state[keys + post * width : keys + (post + 1) * width]
                energy = _ZERO
                for i in range(width):
                    energy += query[i] * to_float(key[i])
                weights[post] = energy
                largest = max(largest, energy)
            total = _ZERO
            for post in range(seen):
                weight = exponential(weights[post] - largest)
                weights[post] = weight
                total += weight
            gathered = out[at, head * width : (head + 1) * width]
            for i in range(width):
                gathered[i] = _ZERO
            share = _ONE / total
            for post in range(seen):
                weight = weights[post] * share
                value = state[values + post * width : values + (post + 1) * width]
                for i in range(width):
                    gathered[i] += weight * to_float(value[i])

"""Attention of new posts to the kept keys and values of their conversations (Eq. 6-8).

A state holds, for each attention, the keys of its posts one after the other, those of all heads
together, then the values likewise, in float16: what a query reads lies in two pieces.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.streaming.compiled import compiled, exponential, inlined, to_float, to_half
from models.streaming.weights import LANES, Rows

BEHIND: Final = LANES
"""Numbers that a state has behind its last: heads are read in steps of `LANES`."""

_FLOOR: Final = np.float32(-3e38)
_ONE: Final = np.float32(1.0)
_ZERO: Final = np.float32(0.0)


@dataclass(frozen=True, slots=True)
class HeadLayout:
    """Where one attention's keys and values stand in a state.

    Attributes:
        heads: of the attention.
        width: numbers of a head.
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
        states: [S, numbers], bits of float16, `BEHIND` more than the last layout ends at.
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
    row = heads * width
    for at in range(slots.shape[0]):
        state = states[slots[at]]
        key = start + places[at] * row
        _to_halves(rows[at, column : column + row], state[key : key + row])
        value = key + posts * row
        _to_halves(rows[at, column + row : column + 2 * row], state[value : value + row])


@inlined
def _to_halves(row: Rows, kept: NDArray[np.uint16]) -> None:
    for i in range(kept.shape[0]):
        kept[i] = to_half(row[i])


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
    place = (width + LANES - 1) // LANES * LANES
    energies = np.empty((heads, posts), np.float32)
    queries = np.zeros((heads, place), np.float32)
    gathered = np.empty((heads, place), np.float32)
    for at in range(slots.shape[0]):
        seen = places[at] + 1
        keys = states[slots[at], start:]
        for head in range(heads):
            first = column + head * width
            _copy(rows[at, first : first + width], queries[head])
        _compare(queries, keys, width, energies[:, :seen])
        for head in range(heads):
            _share_out(energies[head, :seen])
        _gather(energies[:, :seen], keys[posts * heads * width :], width, gathered)
        for head in range(heads):
            _copy(gathered[head, :width], out[at, head * width : (head + 1) * width])


@inlined
def _copy(numbers: Rows, to: Rows) -> None:
    for i in range(numbers.shape[0]):
        to[i] = numbers[i]


@inlined
def _compare(queries: Rows, keys: NDArray[np.uint16], width: int, energies: Rows) -> None:
    """Products of each head's query, zeros behind it, with its keys: [heads, posts]."""
    heads, place = queries.shape
    whole = place - LANES
    for post in range(energies.shape[1]):
        for head in range(heads):
            first = (post * heads + head) * width
            key = keys[first : first + place]
            query = queries[head]
            energy = _ZERO
            for i in range(whole):
                energy += query[i] * to_float(key[i])
            for i in range(whole, whole + LANES):  # behind a head stands another, maybe no number
                energy += query[i] * to_float(key[i]) if i < width else _ZERO
            energies[head, post] = energy


@inlined
def _share_out(energies: Rows) -> None:
    """Energies become weights that sum to 1."""
    largest = _FLOOR
    for post in range(energies.shape[0]):
        largest = max(largest, energies[post])
    total = _ZERO
    for post in range(energies.shape[0]):
        weight = exponential(energies[post] - largest)
        energies[post] = weight
        total += weight
    share = _ONE / total
    for post in range(energies.shape[0]):
        energies[post] *= share


@inlined
def _gather(weights: Rows, values: NDArray[np.uint16], width: int, gathered: Rows) -> None:
    """Sums of values by weights, [heads, posts], for each head; what is behind a head is none."""
    heads, place = gathered.shape
    gathered[:] = _ZERO
    for post in range(weights.shape[1]):
        for head in range(heads):
            first = (post * heads + head) * width
            value = values[first : first + place]
            weight = weights[head, post]
            own = gathered[head]
            for i in range(place):
                own[i] += weight * to_float(value[i])

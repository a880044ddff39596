"""The gates of a GRU (Eq. 3-5), for rows that were multiplied with its weights already."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.streaming.compiled import compiled, hyperbolic_tangent, sigmoid
from models.streaming.weights import Rows

_ONE: Final = np.float32(1.0)


@compiled
def next_states(
    inputs: Rows,
    rows: NDArray[np.int64],
    column: int,
    recurrent: Rows,
    states: Rows,
    out: Rows,
    out_column: int,
) -> None:
    """Move GRU states one step on.

    Args:
        inputs: [T, columns], products of the inputs with the weights of reset gate, update gate
            and candidate, biases added.
        rows: [R], the row of `inputs` that each state takes.
        column: where the products begin in it, [T, 3 * width].
        recurrent: [>= R, 3 * width], the same products of the states.
        states: [>= R, width], changed.
        out: [T, columns], gets the new state in the same row.
        out_column: where it begins there.

    Source: Cho et al. 2014, EMNLP, in the form that torch's GRU has.
    """
    width = states.shape[1]
    for at in range(rows.shape[0]):
        new = inputs[rows[at], column : column + 3 * width]
        old = recurrent[at]
        state = states[at]
        written = out[rows[at], out_column : out_column + width]
        new_reset, new_update, new_candidate = new[:width], new[width : 2 * width], new[2 * width :]
        old_reset, old_update, old_candidate = old[:width], old[width : 2 * width], old[2 * width :]
        for i in range(width):
            reset = sigmoid(new_reset[i] + old_reset[i])
            update = sigmoid(new_update[i] + old_update[i])
            candidate = hyperbolic_tangent(new_candidate[i] + reset * old_candidate[i])
            value = (_ONE - update) * candidate + update * state[i]
            state[i] = value
            written[i] = value

"""From a descriptor's numbers to some with about zero mean and unit deviation.

Not for learning that scale: it is fixed, so that a number means the same for ever.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

FURTHEST: Final = 5.0
# (centre, spread) of each number of `descriptor.DESCRIPTOR`, set after 27 pictures and cuts of them
SCALE: Final = np.array(
    [
        (0.45, 0.20),  # luma, mean
        (-0.02, 0.05),  # blue difference
        (0.02, 0.05),  # red difference
        (0.20, 0.10),  # luma, deviation
        (0.04, 0.04),  # blue difference
        (0.04, 0.04),  # red difference
        (0.35, 0.35),  # red, which skin and wood are
        (0.15, 0.20),  # yellow
        (0.10, 0.15),  # green
        (0.10, 0.15),  # cyan
        (0.15, 0.25),  # blue
        (0.05, 0.10),  # magenta
        (0.30, 0.25),  # saturation, mean
        (0.15, 0.10),  # saturation, deviation
        (0.20, 0.15),  # colourfulness
        (0.25, 0.25),  # dark
        (0.20, 0.20),  # bright
        (0.75, 0.20),  # entropy
        (-1.8, 0.8),  # sharpness
        (0.05, 0.03),  # edges, strength
        *[(0.25, 0.10)] * 4,  # their directions
        *[(0.0, 0.11)] * 9,  # the grid
        (0.1, 0.4),  # aspect
        (0.03, 0.05),  # motion; this one by judgement, of no film
    ]
)


def scaled(rows: NDArray[np.float64]) -> NDArray[np.float32]:
    """Less the centre, over the spread, at most 5 from 0.

    Args:
        rows: [steps, 35].
    """
    centred = (rows - SCALE[:, 0]) / SCALE[:, 1]
    bounded: NDArray[np.float32] = centred.clip(-FURTHEST, FURTHEST).astype(np.float32)
    return bounded

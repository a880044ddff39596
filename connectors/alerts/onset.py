"""Since when a shift is there: the start that explains the counts best. Pure."""

from typing import Final

import numpy as np

from connectors.alerts.detector import Shift
from connectors.alerts.panel import FIRST_LABEL, LABELS, POSTS, SCORED, Counts
from connectors.alerts.season import Array

LEAST: Final = 1e-3


def steps_since(counts: Counts, expected: Array, shift: Shift) -> int:
    """For how many of the last steps it has been there, at least 1.

    The likelihood of the counts is compared between the usual rate, or share, and the one that
    the shift's window shows; the start with the largest gain is taken.

    Args:
        counts: [n, measures], the track's last steps, oldest first.
        expected: [n], its usual posts in them.
        shift: what was found at their end.

    Source: maximum likelihood of a change point, Hinkley 1970, Biometrika 57(1).
    """
    if shift.label is None:
        ratio = max(shift.observed, 0.5) / shift.expected
        gains = counts[:, POSTS] * np.log(ratio) - expected * (ratio - 1.0)
    else:
        hits = counts[:, FIRST_LABEL + LABELS.index(shift.label)]
        now, usual = (
            float(np.clip(share, LEAST, 1.0 - LEAST)) for share in (shift.observed, shift.expected)
        )
        others = counts[:, SCORED] - hits
        gains = hits * np.log(now / usual) + others * np.log((1.0 - now) / (1.0 - usual))
    newest_first = np.cumsum(gains[::-1])
    return int(np.argmax(newest_first)) + 1

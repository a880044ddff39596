"""Percentiles of what posts waited, real or simulated. Pure."""

import math
from collections.abc import Sequence


def percentiles(values: Sequence[float]) -> dict[str, float | None]:
    """The 50th, 95th and 99th percentile, by nearest rank; None each where there is no value."""
    ordered = sorted(values)
    return {
        f"p{rank}": round(ordered[math.ceil(len(ordered) * rank / 100) - 1], 1) if ordered else None
        for rank in (50, 95, 99)
    }

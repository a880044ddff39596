"""How figures are written in the cells of tables."""

from collections.abc import Sequence


def rates(runs: Sequence[float]) -> str:
    """Posts a second of each run."""
    return ", ".join(f"{rate:,.0f}" for rate in runs)

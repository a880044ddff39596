"""How figures are written in the cells of tables."""

from collections.abc import Sequence


def ranks(known: Sequence[float | None]) -> str:
    """Percentiles, milliseconds; a dash for one that is not known."""
    return " / ".join("-" if each is None else f"{each:,.0f}" for each in known)


def rates(runs: Sequence[float]) -> str:
    """Posts a second of each run."""
    return ", ".join(f"{rate:,.0f}" for rate in runs)

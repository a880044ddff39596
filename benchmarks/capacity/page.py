"""The table of docs/scaling.md that sets measured runs beside simulated ones. Not the runs."""

from pathlib import Path
from typing import Final

from benchmarks.capacity.judge import AIM, Judgement, cells
from stream_app.capacity.blocks import fill, table

BLOCK: Final = "judgement"


def fill_judgement(page: Path, judgement: Judgement) -> None:
    """Put a judgement into its place on a page."""
    fill(page, BLOCK, told(judgement))


def told(judgement: Judgement) -> str:
    """The table, and how many are as near as is aimed at."""
    header = ["load", "posts/s", "error", "cores busy", "error", "p50 ms", "p95 ms", "p99 ms",
              "batch", "pieces"]  # fmt: skip
    rows = [[each.load.name, *cells(each)] for each in judgement.pairs]
    near = f"{judgement.within} of {len(judgement.pairs)} are within {AIM:.0%} in both"
    return (
        f"{table(header, rows)}\n\n{near}. Costs: {judgement.costs}. "
        f"Measured on: {judgement.machine}."
    )

"""Draws deletion curves, a panel for what is deleted and a task. Not for measuring them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.explanations import PartFigures
from models.evaluation.plot_style import BLUE, DOTS_A_INCH, GREY, ORANGE, draw_grid
from models.explanation.faithfulness import FRACTIONS

_NAMES: Final = {"words": "words", "posts": "posts before"}


def draw_curves(parts: Sequence[PartFigures], path: Path) -> None:
    """Write a PNG with a panel for each.

    Args:
        parts: at least one.
        path: of the file.
    """
    figure = Figure(figsize=(4.2 * len(parts), 3.9), layout="constrained")
    panels = figure.subplots(1, len(parts), squeeze=False)[0]
    for axes, own in zip(panels, parts, strict=True):
        _panel(axes, own)
    panels[0].set_ylabel("fall of the label's probability")
    panels[0].legend(loc="upper left", frameon=False, fontsize=8)
    figure.savefig(path, dpi=DOTS_A_INCH)


def _panel(axes: Axes, own: PartFigures) -> None:
    found = own.faithfulness
    for name, curve, colour in (
        ("highest value first", found.highest_first, BLUE),
        ("random order", found.random, GREY),
        ("lowest value first", found.lowest_first, ORANGE),
    ):
        axes.plot(FRACTIONS, curve.fall, color=colour, label=name, marker="o", markersize=2.5)
    low, high = found.interval
    axes.set(
        title=f"{_NAMES[own.part]}, {own.task}\n{found.posts} posts, above random "
        f"{found.above_random:.3f} ({low:.3f} to {high:.3f})",
        xlabel=f"{_NAMES[own.part]} deleted, fraction",
    )
    axes.title.set_fontsize(9)
    draw_grid(axes)

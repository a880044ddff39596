"""Colours and grid that the plots of a report share."""

from typing import Final, Literal

from matplotlib.axes import Axes

DOTS_A_INCH: Final = 120
BLUE: Final = "#1f6fb2"
ORANGE: Final = "#d9822b"
GREEN: Final = "#2a8f5c"
GREY: Final = "#7b8794"


def draw_grid(axes: Axes, axis: Literal["both", "x", "y"] = "both") -> None:
    """A light grid behind what is drawn."""
    axes.grid(axis=axis, alpha=0.3, linewidth=0.5)
    axes.set_axisbelow(True)

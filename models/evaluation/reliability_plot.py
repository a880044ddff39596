"""Draws a reliability diagram: what came true of what was said, for each calibration."""

from collections.abc import Sequence
from typing import Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from models.evaluation.plot_style import BLUE, GREY, ORANGE, draw_grid
from models.evaluation.reliability import ReliabilityBin
from models.evaluation.report import UNCALIBRATED, Reliability, TaskReport

_CURVE_COLOURS: Final = (GREY, BLUE, ORANGE)
_LOWEST_MARK: Final = 14


def draw_reliability(report: TaskReport, title: str) -> Figure:
    """What came true of what was said, for the most probable class and for neutral."""
    figure = Figure(figsize=(11.0, 6.0), layout="constrained")
    panels = figure.subplots(2, 2, height_ratios=(3, 1), sharex="col")
    for column, (event, label) in enumerate(
        (("most probable class", "its probability"), ("neutral", "probability of neutral"))
    ):
        curves = {name: _curve(own, column) for name, own in report.reliability.items()}
        errors = {name: _error(own, column) for name, own in report.reliability.items()}
        _draw_curves(panels[0, column], curves, errors)
        _draw_counts(panels[1, column], curves)
        panels[0, column].set_title(f"{title}: {event}")
        panels[1, column].set_xlabel(label)
    panels[0, 0].set_ylabel("share that was right")
    panels[0, 1].set_ylabel("share that was neutral")
    panels[1, 0].set_ylabel("posts")
    return figure


def _curve(reliability: Reliability, column: int) -> list[ReliabilityBin]:
    return reliability.neutral_curve if column else reliability.curve


def _error(reliability: Reliability, column: int) -> float:
    if column:
        return reliability.classwise["neutral"]
    return reliability.expected_calibration_error


def _draw_curves(
    axes: Axes, curves: dict[str, list[ReliabilityBin]], errors: dict[str, float]
) -> None:
    axes.plot([0, 1], [0, 1], color="black", linewidth=0.8, linestyle="--", label="as it should be")
    for (name, curve), colour in zip(curves.items(), _CURVE_COLOURS, strict=False):
        filled = [own for own in curve if own.posts]
        most = max(own.posts for own in filled)
        said, came = _points(filled)
        axes.plot(
            said, came, color=colour, linewidth=1.3, label=f"{name}: error {errors[name]:.3f}"
        )
        sizes = [_LOWEST_MARK + 90 * own.posts / most for own in filled]
        axes.scatter(said, came, s=sizes, color=colour, alpha=0.75, linewidth=0, zorder=3)
    axes.set(xlim=(0, 1), ylim=(0, 1))
    draw_grid(axes)
    axes.legend(loc="upper left", fontsize=9)


def _draw_counts(axes: Axes, curves: dict[str, list[ReliabilityBin]]) -> None:
    for (name, curve), colour in zip(curves.items(), _CURVE_COLOURS, strict=False):
        edges = [own.lower for own in curve] + [curve[-1].upper]
        axes.stairs(
            [own.posts for own in curve],
            edges,
            color=colour,
            fill=name == UNCALIBRATED,
            alpha=0.45 if name == UNCALIBRATED else 1.0,
            linewidth=1.4,
        )
    draw_grid(axes, "y")


def _points(bins: Sequence[ReliabilityBin]) -> tuple[list[float], list[float]]:
    said = [own.probability for own in bins if own.probability is not None]
    came = [own.share for own in bins if own.share is not None]
    return said, came

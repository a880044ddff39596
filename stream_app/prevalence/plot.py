"""Draws estimated against labelled shares, a point a track: counted above, corrected below."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from stream_app.prevalence.agreement import ALL, agree
from stream_app.prevalence.judging import Estimator, JudgedTrack, Judgement
from stream_app.prevalence.wording import FORM_NAMES, METHOD_NAMES
from stream_app.replay.plot import COLOURS, DOTS_A_INCH

OTHER_COLOUR: Final = "#34495e"
ABOVE: Final = Estimator("counts", "plain")


def draw_estimates(
    judgement: Judgement, labels: Sequence[str], corrected: Estimator, path: Path
) -> None:
    """Write a PNG with a panel a label; points on the diagonal agree.

    Args:
        judgement: with at least one track.
        labels: names of the classes.
        corrected: which estimator to set below the counts.
        path: of the file.
    """
    figure = Figure(figsize=(4.0 * len(labels), 8.4), layout="constrained")
    grid = figure.subplots(2, len(labels), squeeze=False)
    for line, estimator in zip(grid, (ABOVE, corrected), strict=True):
        tracks = judgement[estimator]
        agreement = agree(tracks, labels)
        for column, (axes, label) in enumerate(zip(line, labels, strict=True)):
            _panel(axes, tracks, column, COLOURS.get(label, OTHER_COLOUR))
            correlation = agreement.pearson[label]
            told = "undefined" if correlation is None else f"{correlation:.2f}"
            axes.set_title(
                f"{label}: error {agreement.mean_error[label]:.3f}, Pearson {told}", fontsize=10
            )
        name = METHOD_NAMES[estimator.method] + FORM_NAMES[estimator.form]
        line[0].set_ylabel(f"{name} (error {agreement.mean_error[ALL]:.3f})")
    for axes in grid[-1]:
        axes.set_xlabel("labelled share")
    figure.savefig(path, dpi=DOTS_A_INCH)


def _panel(axes: Axes, tracks: Sequence[JudgedTrack], column: int, colour: str) -> None:
    labelled = np.array([track.labelled[column] for track in tracks])
    shares = np.array([track.estimate.shares[column] for track in tracks])
    low = np.array([track.estimate.low[column] for track in tracks])
    high = np.array([track.estimate.high[column] for track in tracks])
    axes.plot([0, 1], [0, 1], color="black", linewidth=0.8, linestyle="--", zorder=1)
    axes.errorbar(
        labelled,
        shares,
        yerr=[shares - low, high - shares],
        fmt="none",
        ecolor=colour,
        elinewidth=0.7,
        alpha=0.35,
        zorder=2,
    )
    axes.scatter(labelled, shares, s=18, color=colour, alpha=0.8, linewidth=0, zorder=3)
    axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal")
    axes.grid(alpha=0.25, linewidth=0.5)

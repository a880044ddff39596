"""Draws predicted against labelled shares, a point a hashtag."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from connectors.schemas.labels import SENTIMENTS
from stream_app.replay.agreement import ShareAgreement, TrackAgreement

COLOURS: Final = {"negative": "#c0392b", "neutral": "#6c7a89", "positive": "#1e8449"}
NAMED: Final = 3
DOTS_A_INCH: Final = 110


@dataclass(frozen=True, slots=True)
class Line:
    """A line of panels.

    Attributes:
        name: what the predicted shares are.
        tracks: at least one.
        shares: of the same tracks.
    """

    name: str
    tracks: Sequence[TrackAgreement]
    shares: ShareAgreement


def draw_shares(lines: Sequence[Line], path: Path) -> None:
    """Write a PNG with a panel a sentiment; points on the diagonal agree.

    Args:
        lines: at least one line of panels.
        path: of the file.
    """
    figure = Figure(figsize=(12.0, 4.4 * len(lines)), layout="constrained")
    grid = figure.subplots(len(lines), len(SENTIMENTS), squeeze=False)
    for line, panels in zip(lines, grid, strict=True):
        for axes, label in zip(panels, SENTIMENTS, strict=True):
            _panel(axes, line, label)
    figure.savefig(path, dpi=DOTS_A_INCH)


def _panel(axes: Axes, line: Line, label: str) -> None:
    tracks, shares = line.tracks, line.shares
    axes.plot([0, 1], [0, 1], color="black", linewidth=0.8, linestyle="--", zorder=1)
    axes.scatter(
        [track.labelled[label] for track in tracks],
        [track.predicted[label] for track in tracks],
        s=[12 + track.labelled_posts / 15 for track in tracks],
        color=COLOURS[label],
        alpha=0.7,
        linewidth=0,
        zorder=2,
    )
    for track in sorted(tracks, key=lambda track: -track.errors[label])[:NAMED]:
        axes.annotate(
            track.track,
            (track.labelled[label], track.predicted[label]),
            xytext=(4, 3),
            textcoords="offset points",
            fontsize=7,
        )
    pearson = shares.pearson[label]
    correlation = "undefined" if pearson is None else f"{pearson:.2f}"
    axes.set(
        xlim=(0, 1),
        ylim=(0, 1),
        aspect="equal",
        xlabel="labelled share",
        ylabel=line.name,
        title=f"{label}: error {shares.mean_error[label]:.3f}, Pearson {correlation}",
    )
    axes.title.set_fontsize(10)
    axes.grid(alpha=0.25, linewidth=0.5)

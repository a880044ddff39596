"""Draws a task's report: confusion, reliability, classes, positions and modalities, a PNG each."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from matplotlib.figure import Figure

from models.evaluation.plot_style import BLUE, DOTS_A_INCH, GREEN, GREY, ORANGE, draw_grid
from models.evaluation.reliability_plot import draw_reliability
from models.evaluation.report import TaskReport

_DARK_FROM: Final = 0.7


def draw(
    report: TaskReport, title: str, classes: Sequence[str], folder: Path, stem: str
) -> dict[str, str]:
    """Write the PNGs of a task.

    Args:
        report: with at least one post.
        title: what every plot's title begins with.
        classes: their names.
        folder: that is there.
        stem: what every file's name begins with.

    Returns:
        Subject -> file's name; positions and modalities only where the data have more than one.
    """
    figures = {
        "classes": draw_classes(report, title),
        "confusion": draw_confusion(report, title, classes),
        "reliability": draw_reliability(report, title),
    }
    if len(report.positions) > 1:
        figures["positions"] = draw_positions(report, title)
    if report.removals:
        figures["modalities"] = draw_removals(report, title)
    names = {subject: f"{stem}-{subject}.png" for subject in figures}
    for subject, figure in figures.items():
        figure.savefig(folder / names[subject], dpi=DOTS_A_INCH, facecolor="white")
    return names


def draw_confusion(report: TaskReport, title: str, names: Sequence[str]) -> Figure:
    """Where the posts of each class went: colour and upper number a share of the row."""
    counts = np.array(report.confusion)  # [C, C]
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    side = 2.2 + 0.85 * len(names)
    figure = Figure(figsize=(side + 0.8, side), layout="constrained")
    axes = figure.subplots()
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for row, column in np.ndindex(counts.shape):
        axes.text(
            column,
            row,
            f"{shares[row, column]:.0%}\n{counts[row, column]:,}",
            ha="center",
            va="center",
            fontsize=9,
            color="white" if shares[row, column] > _DARK_FROM else "black",
        )
    support = [
        f"{name}\n({count:,})" for name, count in zip(names, counts.sum(axis=1), strict=True)
    ]
    axes.set_xticks(range(len(names)), names, rotation=30 if len(names) > 3 else 0)
    axes.set_yticks(range(len(names)), support)
    axes.set(xlabel="predicted", ylabel="true (posts)", title=f"{title}: confusion")
    figure.colorbar(image, ax=axes, shrink=0.75, label="share of the true class")
    return figure


def draw_classes(report: TaskReport, title: str) -> Figure:
    """Precision, recall and F1 of each class."""
    figure = Figure(figsize=(1.6 + 1.35 * len(report.classes) + 1.4, 4.2), layout="constrained")
    axes = figure.subplots()
    places = np.arange(len(report.classes))
    for number, (measure, colour) in enumerate(
        (("precision", GREY), ("recall", GREEN), ("f1", BLUE))
    ):
        bars = axes.bar(
            places + (number - 1) * 0.27,
            [getattr(own, measure) for own in report.classes],
            width=0.25,
            color=colour,
            label="F1" if measure == "f1" else measure,
        )
        axes.bar_label(bars, fmt="%.2f", fontsize=8, padding=1)
    macro = report.measures["macro_f1"]
    axes.axhline(macro, color=BLUE, linewidth=0.9, linestyle="--", zorder=0)
    axes.annotate(
        f"macro F1 {macro:.3f}",
        (1.0, macro),
        xycoords=("axes fraction", "data"),
        xytext=(4, 0),
        textcoords="offset points",
        va="center",
        fontsize=8,
        color=BLUE,
    )
    axes.set_xticks(places, [f"{own.name}\n{own.support:,} posts" for own in report.classes])
    axes.set(ylim=(0, 1.06), title=f"{title}: classes", ylabel="share")
    draw_grid(axes, "y")
    figure.legend(loc="outside lower center", ncols=3, frameon=False)
    return figure


def draw_positions(report: TaskReport, title: str) -> Figure:
    """Measures by position in the conversation."""
    figure = Figure(figsize=(7.0, 4.0), layout="constrained")
    axes = figure.subplots()
    places = range(len(report.positions))
    accuracies = [own.measures["accuracy"] for own in report.positions]
    axes.plot(places, accuracies, color=GREY, linestyle=":", label="accuracy")
    for measure, label, colour, below in (
        ("weighted_f1", "weighted F1", BLUE, False),
        ("macro_f1", "macro F1", ORANGE, True),
    ):
        values = [own.measures[measure] for own in report.positions]
        axes.plot(places, values, color=colour, marker="o", label=label)
        for place, value in zip(places, values, strict=True):
            axes.annotate(
                f"{value:.2f}",
                (place, value),
                xytext=(0, -14 if below else 8),
                textcoords="offset points",
                ha="center",
                fontsize=9,
                color=colour,
            )
    axes.set_xticks(places, [f"{own.name}\n{own.posts:,} posts" for own in report.positions])
    axes.set(
        xlim=(-0.4, len(report.positions) - 0.6),
        ylim=(0, 1),
        xlabel="position in the conversation",
        ylabel="share",
        title=f"{title}: by position in the conversation",
    )
    draw_grid(axes)
    figure.legend(loc="outside lower center", ncols=3, frameon=False)
    return figure


def draw_removals(report: TaskReport, title: str) -> Figure:
    """Weighted F1 with and without each modality, on the posts that have it and another."""
    figure = Figure(figsize=(3.2 + 1.7 * len(report.removals), 4.0), layout="constrained")
    axes = figure.subplots()
    places = np.arange(len(report.removals))
    for shift, label, colour, which in (
        (-0.2, "all modalities", BLUE, "kept"),
        (0.2, "without it", ORANGE, "removed"),
    ):
        values = [getattr(own, which)["weighted_f1"] for own in report.removals]
        bars = axes.bar(places + shift, values, width=0.36, color=colour, label=label)
        axes.bar_label(bars, fmt="%.3f", fontsize=9, padding=1)
    axes.set_xticks(places, [f"{own.modality}\n{own.posts:,} posts" for own in report.removals])
    axes.set(
        xlim=(-0.7, len(places) - 0.3),
        ylim=(0, 1.05),
        xlabel="modality removed",
        ylabel="weighted F1",
        title=f"{title}: with a modality removed",
    )
    draw_grid(axes, "y")
    figure.legend(loc="outside lower center", ncols=2, frameon=False)
    return figure

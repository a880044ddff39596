"""Draws how many shifts are told and how many alarms are false, by rule."""

from pathlib import Path
from typing import Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.alerts.run import Figures
from benchmarks.alerts.streams import SEASONS
from benchmarks.alerts.tables import shift_name

COLOURS: Final = ("#1f618d", "#b03a2e", "#909497")
DOTS_A_INCH: Final = 110
LEAST_DRAWN: Final = 0.05


def draw(figures: Figures, path: Path) -> None:
    """Write a PNG: shares of shifts told by size, and false alarms a day by season.

    Args:
        figures: with the detector first.
        path: of the file.
    """
    figure = Figure(figsize=(13.0, 4.6), layout="constrained")
    volume, opinion, false = figure.subplots(1, 3)
    _told(volume, figures, "volume")
    _told(opinion, figures, "opinion")
    _false(false, figures)
    volume.set_ylabel("share of planted shifts told")
    volume.legend(fontsize=9)
    figure.savefig(path, dpi=DOTS_A_INCH)


def _told(axes: Axes, figures: Figures, moved: str) -> None:
    rows = [row for row in figures.shifts if row.moved == moved]
    sizes = sorted({row.size for row in rows})
    for at, rule in enumerate(figures.rules):
        means = []
        for size in sizes:
            own = [row.by_rule[rule.rule] for row in rows if row.size == size]
            means.append(sum(each.share for each in own) / len(own))
        label = f"{rule.rule}: {rule.false_a_day:.1f} false a day"
        axes.plot(range(len(sizes)), means, marker="o", color=COLOURS[at], label=label)
    axes.set_xticks(range(len(sizes)), [shift_name(rows[0].moved, size) for size in sizes])
    axes.tick_params(axis="x", labelrotation=20, labelsize=9)
    axes.set(ylim=(0, 1), title=f"{moved}: told before it ended")
    axes.grid(alpha=0.25)


def _false(axes: Axes, figures: Figures) -> None:
    groups = SEASONS
    width = 0.8 / len(figures.rules)
    for at, rule in enumerate(figures.rules):
        heights = [max(LEAST_DRAWN, rule.false_by_season.get(group, 0.0)) for group in groups]
        places = [group + at * width for group in range(len(groups))]
        axes.bar(places, heights, width, color=COLOURS[at])
    share = figures.aimed_false_a_day / len(groups)
    axes.axhline(share, color="black", linestyle="--", linewidth=0.9, label="asked for")
    axes.set_xticks([at + width for at in range(len(groups))], [f"season: {g}" for g in groups])
    axes.set(yscale="log", title=f"false alarms a day, {figures.tracks // len(groups)} tracks each")
    axes.legend(fontsize=9)

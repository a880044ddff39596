"""Prints what was found of alerts as tables. Not for finding it: that is `run`."""

from rich.console import Console
from rich.table import Table

from benchmarks.alerts.judging import Detection
from benchmarks.alerts.run import Figures
from benchmarks.alerts.streams import NOISES, SEASONS, Moved


def show(figures: Figures, console: Console) -> None:
    """Print the rules as a whole, then by the size of shifts and tracks."""
    console.print(_rule_table(figures))
    console.print(_shift_table(figures))


def _rule_table(figures: Figures) -> Table:
    table = Table(
        title=f"{figures.tracks} tracks, {figures.days} days; "
        f"{figures.aimed_false_a_day:g} false alarm a day asked for",
        title_justify="left",
    )
    table.add_column("rule")
    noises = [noise.name for noise in NOISES]
    columns = ["false a day", *SEASONS, *noises, "shifts told", *noises, "delay"]
    for column in columns:
        table.add_column(column, justify="right")
    for row in figures.rules:
        false = [row.false_by_season.get(name, 0.0) for name in SEASONS]
        false += [row.false_by_noise.get(name, 0.0) for name in noises]
        table.add_row(
            row.rule,
            f"{row.false_a_day:.1f}",
            *(f"{own:.1f}" for own in false),
            f"{row.detection.share:.2f}",
            *(f"{row.told_by_noise.get(name, 0.0):.2f}" for name in noises),
            _minutes(row.detection),
        )
    return table


def _shift_table(figures: Figures) -> Table:
    table = Table(
        title="shifts told before they ended, and the median delay of those", title_justify="left"
    )
    table.add_column("shift")
    table.add_column("posts/h", justify="right")
    for row in figures.rules:
        table.add_column(row.rule, justify="right")
    for shifts in figures.shifts:
        table.add_row(
            shift_name(shifts.moved, shifts.size),
            f"{shifts.posts_an_hour:g}",
            *(f"{own.share:.2f}  {_minutes(own)}" for own in shifts.by_rule.values()),
        )
    return table


def shift_name(moved: Moved, size: float) -> str:
    """As tables and plots call it."""
    return f"volume x {size:g}" if moved == "volume" else f"negative +{100 * size:g} points"


def _minutes(found: Detection) -> str:
    return "     -" if found.delay_min is None else f"{found.delay_min:3.0f} min"

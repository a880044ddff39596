"""Draws a comparison of two windows in the terminal, 80 columns wide. Not for making it."""

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table
from rich.text import Text

from connectors.trends.comparison import Comparison, Period, ShareChange, VolumeChange
from stream_app.cli.trends_table import moment

POINTS = 100


def print_comparison(found: Comparison) -> None:
    """Print what differs as tables, labels with a significant difference marked."""
    console = Console(highlight=False)
    console.print(Text(f"{found.track}, {_period(found.window)}"), style="bold")
    console.print(Text(f"beside {_period(found.baseline)}"), style="bold")
    console.print(_volume(found.volume))
    for task in (found.sentiment, found.emotion):
        if task:
            console.print(_table(task))
    if found.sentiment is None:
        console.print("One of them has no posts: there are no shares to compare.")
        return
    console.print(
        "In percent and points, with 95 % intervals; * differs by more than chance (p under 0.05, "
        "Holm).",
        style="dim",
    )
    if found.models_differ:
        console.print("Other models scored them: a difference may be theirs.", style="yellow")


def _table(task: dict[str, ShareChange]) -> Table:
    table = Table("", "now", "before", "difference", "p", "", box=SIMPLE, pad_edge=False)
    for column in table.columns[1:5]:
        column.justify = "right"
    for label, change in task.items():
        table.add_row(
            label,
            f"{POINTS * change.share:.1f}",
            f"{POINTS * change.baseline:.1f}",
            f"{POINTS * change.difference:+.1f} "
            f"[{POINTS * change.low:+.1f} to {POINTS * change.high:+.1f}]",
            _chance(change.p_value),
            "*" if change.significant else "",
        )
    return table


def _volume(change: VolumeChange) -> str:
    told = f"posts an hour: {_rate(change.per_hour)}, before {_rate(change.baseline_per_hour)}"
    if change.ratio is None or change.p_value is None:
        return told
    mark = " *" if change.significant else ""
    return (
        f"{told}: times {change.ratio:.2f} [{change.low:.2f} to {change.high:.2f}], "
        f"p {_chance(change.p_value)}{mark}"
    )


def _chance(p_value: float) -> str:
    return "<0.001" if p_value < 0.001 else f"{p_value:.3f}"


def _period(period: Period) -> str:
    return f"{moment(period.start)} to {moment(period.end)} UTC, {period.posts:,} posts"


def _rate(per_hour: float | None) -> str:
    return "unknown, the range is shorter than a bucket" if per_hour is None else f"{per_hour:,.1f}"

"""Alerts in the terminal. Not for fetching them."""

from collections.abc import Sequence
from datetime import UTC, datetime

from rich.console import Console
from rich.text import Text

from connectors.schemas.alert import Alert


def print_alerts(alerts: Sequence[Alert]) -> None:
    """Print alerts with what carried them, in the order given; times are in UTC."""
    console = Console(highlight=False)
    if not alerts:
        console.print("no alerts")
    for alert in alerts:
        console.print(Text(alert.summary), style="bold")
        console.print(f"  raised {_moment(alert.raised_at)}, {_ended(alert)}; {_sure(alert)}")
        for line in _evidence(alert):
            console.print(Text(f"  {line}"), style="dim")


def _evidence(alert: Alert) -> list[str]:
    found = alert.evidence
    lines = []
    if found.platforms:
        parts = [f"{part.platform} {100 * part.carried:.0f} %" for part in found.platforms[:3]]
        lines.append("in " + ", ".join(parts))
    if found.modalities:
        parts = [f"{part.modality} {100 * part.share:.0f} %" for part in found.modalities]
        lines.append("carried by " + ", ".join(parts))
    if found.words:
        lines.append("words: " + ", ".join(word.word for word in found.words))
    if found.posts:
        lines.append("shown by " + ", ".join(post.post_id for post in found.posts))
    return lines


def _sure(alert: Alert) -> str:
    return f"by chance {alert.p_value:.0e}, false among such {alert.q_value:.0e}"


def _ended(alert: Alert) -> str:
    return "goes on" if alert.ended_at is None else f"over since {_moment(alert.ended_at)}"


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S")

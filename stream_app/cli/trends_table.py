"""Draws a trend in the terminal. Not for fetching it."""

from datetime import UTC, datetime

from rich.console import Console
from rich.table import Table
from rich.text import Text

from connectors.schemas.labels import EMOTIONS, SENTIMENTS
from connectors.trends.series import Share, TrendBucket, TrendCounts, TrendSeries

BAR_WIDTH = 24
COLOURS = {"negative": "red", "neutral": "bright_black", "positive": "green"}
FINE_RESOLUTIONS = {"10s"}


def print_series(series: TrendSeries, late_dropped: dict[str, int]) -> None:
    """Print a series as a table, its total below.

    Args:
        series: what to draw; its times are shown in UTC.
        late_dropped: resolution -> posts that came too late to count there.
    """
    console = Console()
    heading = (
        f"{series.track}, {_moment(series.start)} to {_moment(series.end)} UTC, "
        f"by {series.resolution}"
    )
    if not series.buckets:
        console.print(Text(f"{heading}: no posts"))
        return
    table = Table(title=Text(heading), title_justify="left")
    table.add_column("start")
    table.add_column("posts", justify="right")
    table.add_column("sentiment", no_wrap=True)
    for label in SENTIMENTS:
        table.add_column(label, justify="right", style=COLOURS[label])
    table.add_column("emotion")
    for bucket in series.buckets:
        table.add_row(_start(bucket, series.resolution), *_row(bucket))
    table.add_section()
    table.add_row("total", *_row(series.total))
    console.print(table)
    console.print("shares with their 95 % Wilson interval, in percent")
    dropped = late_dropped.get(series.resolution, 0)
    if dropped:
        console.print(f"{dropped} posts ever came after their {series.resolution} bucket expired")


def bar(counts: TrendCounts) -> Text:
    """Negative, neutral and positive as parts of one bar."""
    text = Text()
    drawn = reached = 0
    for label in SENTIMENTS:
        reached += counts.sentiment[label]
        until = round(BAR_WIDTH * reached / counts.posts)
        text.append("█" * (until - drawn), style=COLOURS[label])
        drawn = until
    return text


def _row(counts: TrendCounts) -> tuple[str | Text, ...]:
    shares = [_share(counts.sentiment_shares[label]) for label in SENTIMENTS]
    leading = max(EMOTIONS, key=counts.emotion.__getitem__)
    emotion = f"{leading} {_share(counts.emotion_shares[leading])}"
    return (f"{counts.posts:,}", bar(counts), *shares, emotion)


def _share(share: Share) -> str:
    return f"{100 * (share.share or 0):.0f} [{100 * share.low:.0f}-{100 * share.high:.0f}]"


def _start(bucket: TrendBucket, resolution: str) -> str:
    return _moment(bucket.start, seconds=resolution in FINE_RESOLUTIONS)


def _moment(at: int, *, seconds: bool = False) -> str:
    pattern = "%Y-%m-%d %H:%M:%S" if seconds else "%Y-%m-%d %H:%M"
    return datetime.fromtimestamp(at, UTC).strftime(pattern)

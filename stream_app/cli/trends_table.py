"""Draws a trend in the terminal, 80 columns wide. Not for fetching it."""

from datetime import UTC, datetime

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table
from rich.text import Text

from connectors.schemas.labels import EMOTIONS, SENTIMENTS
from connectors.trends.corrected import CorrectedShare, CorrectedShares
from connectors.trends.series import Share, TrendCounts, TrendSeries

BAR_WIDTH = 12
GLYPHS = {"negative": "█", "neutral": "░", "positive": "▓"}  # told apart without colours as well
COLOURS = {"negative": "red", "neutral": "bright_black", "positive": "green"}
DAY_S = 24 * 60 * 60


def print_series(
    series: TrendSeries, late_dropped: dict[str, int], corrected: CorrectedShares | None = None
) -> None:
    """Print a series as a table, its total and emotions below.

    Args:
        series: what to draw; its times are shown in UTC.
        late_dropped: resolution -> posts that came too late to count there.
        corrected: shares of the total, corrected for what the model confuses.
    """
    console = Console(highlight=False)
    heading = (
        f"{series.track}, {moment(series.start)} to {moment(series.end)} UTC, "
        f"by {series.resolution}"
    )
    if not series.buckets:
        console.print(Text(f"{heading}: no posts"))
        return
    console.print(Text(heading), style="bold")
    console.print(_table(series))
    console.print(_emotions(series.total))
    console.print("In percent, with the 95 % Wilson interval of each share.", style="dim")
    if series.total.sampled:
        console.print(
            f"Sampled: {series.total.scored_posts:,} posts were scored and stand for "
            f"{series.total.posts:,}; the other conversations were shed. Intervals are of those "
            "scored.",
            style="dim",
        )
    if corrected:
        _print_corrected(console, corrected)
    if dropped := late_dropped.get(series.resolution, 0):
        console.print(
            f"Not counted, since their {series.resolution} bucket had expired: {dropped:,} posts "
            "in all.",
            style="dim",
        )


def _print_corrected(console: Console, corrected: CorrectedShares) -> None:
    told = ", ".join(f"{label} {_share(own)}" for label, own in corrected.sentiment.items())
    console.print(f"As people would label them, with 90 % intervals: {told}")
    known = "knows this track" if corrected.knows_track else "has seen no labels of this track"
    console.print(f"{corrected.method}, {known}; {'; '.join(corrected.notes)}", style="dim")


def bar(counts: TrendCounts) -> Text:
    """Negative, neutral and positive as parts of one bar.

    Args:
        counts: of at least one post.
    """
    text = Text()
    drawn = reached = 0
    for label in SENTIMENTS:
        reached += counts.sentiment[label]
        until = round(BAR_WIDTH * reached / counts.posts)
        text.append(GLYPHS[label] * (until - drawn), style=COLOURS[label])
        drawn = until
    return text


def moment(at: int) -> str:
    """A moment in UTC as people read it.

    Args:
        at: Unix seconds.
    """
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _table(series: TrendSeries) -> Table:
    table = Table(box=SIMPLE, padding=(0, 1, 0, 0), pad_edge=False, show_footer=True)
    total = series.total
    table.add_column("start", "total", no_wrap=True)
    table.add_column("posts", f"{total.posts:,}", justify="right", no_wrap=True)
    table.add_column("sentiment", bar(total), no_wrap=True)
    for label in SENTIMENTS:
        footer = _share(total.sentiment_shares[label])
        table.add_column(label, footer, justify="right", style=COLOURS[label], no_wrap=True)
    table.add_column("emotion", _leading_emotion(total), no_wrap=True)
    pattern = "%m-%d %H:%M" if series.end - series.start > DAY_S else "%H:%M:%S"
    for bucket in series.buckets:
        shares = [_share(bucket.sentiment_shares[label]) for label in SENTIMENTS]
        table.add_row(
            datetime.fromtimestamp(bucket.start, UTC).strftime(pattern),
            f"{bucket.posts:,}",
            bar(bucket),
            *shares,
            _leading_emotion(bucket),
        )
    return table


def _emotions(total: TrendCounts) -> str:
    ordered = sorted(EMOTIONS, key=lambda label: -total.emotion[label])
    return ", ".join(f"{label} {_share(total.emotion_shares[label])}" for label in ordered)


def _leading_emotion(counts: TrendCounts) -> str:
    return max(EMOTIONS, key=lambda label: counts.emotion[label])


def _share(share: Share | CorrectedShare) -> str:
    return f"{100 * (share.share or 0):.0f} [{100 * share.low:.0f}-{100 * share.high:.0f}]"

"""Draws a moment of a run in the terminal; where there is no terminal, says it in a line.

Pure: from a `Moment` to something rich can print.
"""

from collections.abc import Sequence
from typing import Final

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from connectors.schemas.labels import SENTIMENTS
from connectors.trends.series import TrendBucket, TrendSeries
from stream_app.demo.phrases import SWINGING
from stream_app.demo.state import Moment

ALERTS_SHOWN: Final = 3
NOW_BUCKETS: Final = 3  # ten seconds each; the last one has just begun
BAR_CELLS: Final = 24
SPARK_CELLS: Final = 24
SPARKS: Final = "▁▂▃▄▅▆▇█"
COLORS: Final = {"negative": "red", "neutral": "bright_black", "positive": "green"}


def screen(moment: Moment) -> RenderableType:
    """The whole picture."""
    figures = Table.grid(expand=True)
    for ratio in (3, 3, 4):
        figures.add_column(ratio=ratio)
    figures.add_row(_in(moment), _out(moment), _health(moment))
    return Group(figures, _trends(moment), _alerts(moment), _recent(moment))


def line(moment: Moment) -> str:
    """The same in a line."""
    latency = moment.latency_ms
    swinging = next(trend for trend in moment.trends if trend.track == SWINGING)
    return (
        f"{moment.elapsed_s:4.0f} s: {moment.sent} sent, {moment.visible} counted, "
        f"{sum(moment.rejected.values())} of {moment.broken} broken in posts.dlq, "
        f"{sum(moment.lag.values())} waiting, {moment.posts_per_s:.0f} posts/s, "
        f"p50 {_ms(latency['p50'])} ms, p99 {_ms(latency['p99'])} ms, "
        f"{SWINGING} {net_sentiment(swinging.buckets[-NOW_BUCKETS:]):+.2f}"
    )


def pooled(buckets: Sequence[TrendBucket]) -> dict[str, int]:
    """Sentiment -> posts of several buckets."""
    return {label: sum(bucket.sentiment[label] for bucket in buckets) for label in SENTIMENTS}


def net_sentiment(buckets: Sequence[TrendBucket]) -> float:
    """Share of positive posts less that of negative ones; 0 where there are none."""
    posts = pooled(buckets)
    return (posts["positive"] - posts["negative"]) / max(sum(posts.values()), 1)


def sparkline(series: TrendSeries) -> Text:
    """Net sentiment of the last buckets, the lowest sign for -1 and the highest for +1."""
    cells = Text()
    for bucket in series.buckets[-SPARK_CELLS:]:
        net = net_sentiment([bucket])
        sign = SPARKS[round((net + 1) / 2 * (len(SPARKS) - 1))]
        cells.append(sign, style="green" if net > 0.1 else "red" if net < -0.1 else "yellow")
    return cells


def sentiment_bar(buckets: Sequence[TrendBucket]) -> Text:
    """Shares of the three sentiments as one bar; empty where there are no posts."""
    posts = pooled(buckets)
    total = sum(posts.values())
    bar = Text()
    edge = done = 0
    for label, count in posts.items():
        edge += count
        cells = round(edge / max(total, 1) * BAR_CELLS)
        bar.append("█" * (cells - done), style=COLORS[label])
        done = cells
    return bar


def _in(moment: Moment) -> Panel:
    body = Table.grid(padding=(0, 1))
    body.add_row("sent", f"{moment.sent}")
    body.add_row("broken", f"{moment.broken}")
    body.add_row("seconds", f"{moment.elapsed_s:.0f}")
    body.add_row(SWINGING, "swung over" if moment.swung else "before the swing")
    return Panel(body, title="posts in", border_style="cyan")


def _out(moment: Moment) -> Panel:
    latency = moment.latency_ms
    body = Table.grid(padding=(0, 1))
    body.add_row("scored", f"{moment.scored}")
    body.add_row("counted", f"{moment.visible}")
    body.add_row("posts/s", f"{moment.posts_per_s:.1f}")
    body.add_row("ms p50/p95/p99", "/".join(_ms(latency[p]) for p in ("p50", "p95", "p99")))
    return Panel(body, title="trends out", border_style="green")


def _ms(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f}"


def _health(moment: Moment) -> Panel:
    lag = " ".join(str(count) for _, count in sorted(moment.lag.items())) or "0"
    reasons = ", ".join(f"{name} {count}" for name, count in sorted(moment.rejected.items()))
    body = Table.grid(padding=(0, 1))
    body.add_row("lag", lag)
    body.add_row("dead letters", f"{sum(moment.rejected.values())}  {reasons}")
    worker = f"pid {moment.worker_pid}" if moment.worker_pid else "starting"
    body.add_row("worker", f"{worker}, {moment.worker_restarts} restarts")
    return Panel(body, title="health", border_style="yellow")


def _trends(moment: Moment) -> Panel:
    table = Table.grid(padding=(0, 2))
    table.add_row("track", "posts", "now: negative, neutral, positive", "net", "net, every 10 s")
    for series in moment.trends:
        current = series.buckets[-NOW_BUCKETS:]
        table.add_row(
            Text(series.track, style="bold" if series.track == SWINGING else ""),
            f"{series.total.posts}",
            sentiment_bar(current),
            f"{net_sentiment(current):+.2f}",
            sparkline(series),
        )
    return Panel(table, title="opinion by track", border_style="magenta")


def _alerts(moment: Moment) -> Panel:
    said = moment.alerts[-ALERTS_SHOWN:] or ("none yet: opinion turns over on one track",)
    title = f"alerts, and all of it at {moment.dashboard}"
    return Panel(Group(*map(Text, said)), title=title, border_style="red")


def _recent(moment: Moment) -> Panel:
    table = Table.grid(padding=(0, 2))
    for scored in moment.recent[-6:]:
        table.add_row(
            scored.platform,
            scored.track,
            Text(scored.text, overflow="ellipsis", no_wrap=True),
            Text(f"{scored.sentiment}, {scored.emotion}", style=COLORS[scored.sentiment]),
        )
    return Panel(table, title="scored just now", border_style="blue")

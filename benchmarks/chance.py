"""How often windows in which nothing moved are said to differ, by how long threads last.

Posts come in threads: each has a label of its own, a share of its posts take it, the others draw
theirs, and the posts are spread evenly over as long as the thread lasts. Two windows of 60 minutes
follow each other and are told apart by minutes. Nothing is measured but chance: no clock runs.
`python -m benchmarks.chance` prints the table in docs/reading.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from connectors.schemas.labels import SENTIMENTS
from connectors.trends.comparison import compare
from connectors.trends.layout import Bucket
from connectors.trends.net_sentiment import Opinion, net_change
from connectors.trends.series import TrendSeries, assemble

MINUTES: Final = 60  # of a window, and of an hour
MOOD: Final = (0.3, 0.4, 0.3)  # negative, neutral, positive


@dataclass(frozen=True, slots=True)
class Threads:
    """What posts come in.

    Attributes:
        posts: of a thread.
        last_min: over how many minutes these are spread.
        an_hour: threads that begin in an hour.
        agree: share of a thread's posts that take its label.
    """

    posts: int
    last_min: int
    an_hour: int
    agree: float


@dataclass(frozen=True, slots=True)
class Rates:
    """Shares of pairs of windows that are said to differ.

    Attributes:
        net: by the leaderboard's change of net sentiment.
        shares: by `compare`, in any of the three sentiments.
        volume: by `compare`.
    """

    net: float
    shares: float
    volume: float


KINDS: Final = (
    Threads(1, 1, 600, 1.0),
    Threads(10, 1, 60, 0.5),
    Threads(10, 15, 60, 0.5),
    Threads(10, 30, 60, 0.5),
    Threads(30, 30, 40, 0.3),
    Threads(30, 30, 20, 0.5),
)


def drawn(threads: Threads, generator: np.random.Generator, minutes: int) -> np.ndarray:
    """Posts of such threads.

    Returns:
        Negative, neutral and positive posts of each minute, [minutes, 3].
    """
    begun = generator.poisson(threads.an_hour * (minutes + threads.last_min) / 60)
    since = generator.uniform(-threads.last_min, minutes, begun)
    labels = generator.choice(3, begun, p=MOOD)[:, None]
    shape = (begun, threads.posts)
    moments = since[:, None] + generator.uniform(0, threads.last_min, shape)  # [threads, posts]
    agree = generator.random(shape) < threads.agree
    said = np.where(agree, labels, generator.choice(3, shape, p=MOOD))
    inside = (moments >= 0) & (moments < minutes)
    counts = np.zeros((minutes, 3), dtype=int)
    np.add.at(counts, (moments[inside].astype(int), said[inside]), 1)
    return counts


def rates(threads: Threads, pairs: int, seed: int = 1) -> Rates:
    """How often windows of one mood are said to differ.

    Args:
        threads: what posts come in.
        pairs: of windows to draw.
        seed: of the drawing.
    """
    generator = np.random.default_rng(seed)
    found = []
    for _ in range(pairs):
        counts = drawn(threads, generator, 2 * MINUTES)
        before, window = counts[:MINUTES], counts[MINUTES:]
        moved = net_change(_opinions(window), _opinions(before))
        told = compare(_series(window, MINUTES), _series(before, 0))
        found.append(
            (
                moved is not None and not moved.low <= 0.0 <= moved.high,
                any(own.significant for own in (told.sentiment or {}).values()),
                told.volume.significant,
            )
        )
    return Rates(*(float(share) for share in np.mean(found, axis=0)))


def _opinions(counts: np.ndarray) -> list[Opinion]:
    return [(own[0], own[2], sum(own)) for own in counts.tolist() if sum(own)]


def _series(counts: np.ndarray, first: int) -> TrendSeries:
    starts = [60 * (first + at) for at in range(len(counts))]
    return assemble(
        "public",
        starts[-1] + 60,
        [Bucket("1m", start) for start in starts],
        [_fields(own) for own in counts.tolist()],
    )


def _fields(own: Sequence[int]) -> dict[bytes | str, bytes | str]:
    fields: dict[bytes | str, bytes | str] = {
        "posts": str(sum(own)),
        "emotion:neutral": str(sum(own)),
    }
    for label, count in zip(SENTIMENTS, own, strict=True):
        fields[f"sentiment:{label}"] = str(count)
    return fields


def main(pairs: int = 2000) -> None:
    """Print a line for each kind of thread."""
    table = Table("Posts of a thread", "within", "agree", "Net", "Shares", "Volume")
    for threads in KINDS:
        own = rates(threads, pairs)
        table.add_row(
            f"{threads.posts}",
            f"{threads.last_min} min",
            f"{threads.agree:.0%}",
            *(f"{100 * share:.1f} %" for share in (own.net, own.shares, own.volume)),
        )
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)

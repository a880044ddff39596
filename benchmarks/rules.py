"""How many posts a second find their tracks among many rules, beside trying every rule.

Posts are of invented words, as frequent as words are (Zipf's law); rules ask for such words, seldom
for the most frequent. Not for whether the matcher is right: tests hold it to a naive evaluator.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.machine import Machine, this_machine
from connectors.tracks.query import Query, parse
from connectors.tracks.reading import PostText, read
from connectors.tracks.rules import Rules, compiled
from deploy.local.progress import Progress

WORDS: Final = 50_000
FREQUENT: Final = 200  # words that one rule in ten asks for
POST_WORDS: Final = 25
ALL_TRIED_POSTS: Final = 20
SEED: Final = 11


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured.

    Attributes:
        compile_s: seconds to read and compile all rules, median of the runs.
        posts_per_s: median of the runs, one thread.
        ratio: to trying every rule on every post, median of the ratios within each run.
        matches: mean tracks that a post found.
        runs: posts a second of each run.
    """

    machine: Machine
    rules: int
    posts: int
    compile_s: float
    posts_per_s: float
    ratio: float
    matches: float
    runs: Sequence[float]

    def show(self, console: Console) -> None:
        """Print the table."""
        table = Table(title=f"{self.rules:,} rules on {self.posts:,} posts", title_justify="left")
        for column in ("compiled in, s", "posts/s, median", "against every rule", "tracks a post"):
            table.add_column(column, justify="right")
        table.add_row(
            f"{self.compile_s:.2f}",
            f"{self.posts_per_s:,.0f}",
            f"{self.ratio:,.0f} times",
            f"{self.matches:.2f}",
        )
        console.print(table)
        console.print(f"runs: {', '.join(f'{rate:,.0f}' for rate in self.runs)} posts/s")


def run(rules: int, posts: int, runs: int, progress: Progress) -> Figures:
    """Measure.

    Args:
        rules: how many.
        posts: in a run.
        runs: the median is given.
        progress: told of each run.
    """
    machine = this_machine()
    random = np.random.default_rng(SEED)
    asked = make_queries(rules, random)
    stream = make_posts(posts, random)
    rates, ratios, compiling = [], [], []
    matches = 0
    for done in range(runs):
        progress("runs", done, runs)
        started = time.perf_counter()
        compiled = Rules(queries := {str(at): parse(own) for at, own in enumerate(asked)})
        compiling.append(time.perf_counter() - started)
        rate, matches = _rate(compiled.match, stream)
        every = _every(queries)
        slow, _ = _rate(every, stream[:ALL_TRIED_POSTS])
        rates.append(rate)
        ratios.append(rate / slow)
    progress("runs", runs, runs)
    return Figures(
        machine=machine,
        rules=rules,
        posts=posts,
        compile_s=median(compiling),
        posts_per_s=median(rates),
        ratio=median(ratios),
        matches=matches / posts,
        runs=rates,
    )


def make_queries(count: int, random: np.random.Generator) -> list[str]:
    """Queries of four forms, in turn."""
    found = []
    for at in range(count):
        first = 0 if random.random() < 0.1 else FREQUENT
        a, b, c, d = (f"w{rank}" for rank in random.integers(first, WORDS, 4))
        forms = (
            f"{a} OR #{a}",
            f'"{a} {b}" OR ({c} AND NOT {d})',
            f"({a} OR {b} OR #{c}) AND lang:en AND NOT ({d} OR platform:tiktok)",
            f"{a} {b} OR @{c}",
        )
        found.append(forms[at % len(forms)])
    return found


def make_posts(count: int, random: np.random.Generator) -> list[PostText]:
    """Posts of words whose frequency falls with their rank."""
    shares = 1.0 / np.arange(1, WORDS + 1)
    ranks = random.choice(WORDS, (count, POST_WORDS), p=shares / shares.sum())
    marks = random.choice(["", "", "", "", "", "", "", "", "#", "@"], ranks.shape)
    return [
        PostText(
            " ".join(f"{mark}W{rank}" for mark, rank in zip(*row, strict=True)),
            platform=("bluesky", "reddit", "tiktok")[at % 3],
            lang=("en", "de")[at % 2],
        )
        for at, row in enumerate(zip(marks.tolist(), ranks.tolist(), strict=True))
    ]


def _rate(match: Callable[[PostText], list[str]], posts: Sequence[PostText]) -> tuple[float, int]:
    """Posts a second, and tracks found in all."""
    started = time.perf_counter()
    found = sum(len(match(post)) for post in posts)
    return len(posts) / (time.perf_counter() - started), found


def _every(queries: dict[str, Query]) -> Callable[[PostText], list[str]]:
    """A matcher without an index: each post is read once, and every rule tried on it."""
    tests = {track: compiled(query) for track, query in queries.items()}

    def match(post: PostText) -> list[str]:
        reading = read(post)
        return [track for track, holds in tests.items() if holds(reading)]

    return match

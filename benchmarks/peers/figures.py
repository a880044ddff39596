"""Tables of the peers beside Voxpop. Not how figures come: see `measurement`."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from benchmarks.machine import Machine
from benchmarks.peers.latency import Latency
from benchmarks.peers.measurement import Measurement


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured, of which model and where.

    Attributes:
        model: name of the network and of all its weights.
        posts: in the backlog.
        share: eager forms get the conversations with about this part of the posts: one of so many.
        window: most posts of a conversation that the model sees.
        seconds: how long posts came at each steady rate; up to twice as long at slow ones.
    """

    machine: Machine
    model: str
    posts: int
    share: int
    window: int
    seconds: float
    measurements: Sequence[Measurement]

    def show(self, console: Console) -> None:
        """Print the tables."""
        for table in (self._speed(), self._latency(), self._promises()):
            console.print(table)
        for each in self.measurements:
            for failure in each.failures:
                console.print(f"{each.peer}, {each.form}: {failure}", highlight=False)
        console.print(
            f"{self.model}; eager forms get whole conversations with 1/{self.share} of the posts",
            highlight=False,
        )
        console.print(str(self.machine), highlight=False)

    def _speed(self) -> Table:
        table = Table(title="posts/s from Kafka to Kafka and Redis", title_justify="left")
        table.add_column("peer")
        table.add_column("form")
        for column in ("posts/s", "by Voxpop's", "runs", "posts", "window"):
            table.add_column(column, justify="right")
        for each in self.measurements:
            table.add_row(
                each.peer,
                each.form,
                "failed" if each.rate is None else f"{each.rate:,.0f}",
                "-" if each.ratio is None else f"{each.ratio:.3f}",
                ", ".join(f"{rate:,.0f}" for rate in each.runs),
                f"{each.posts:,}",
                "-" if each.window_posts is None else f"{each.window_posts:.1f}",
            )
        return table

    def _latency(self) -> Table:
        """What posts waited; where a program keeps up, `behind` is about as long."""
        title = "ms from a post's append to its prediction's, at half of each one's posts/s"
        table = Table(title=title, title_justify="left")
        table.add_column("peer")
        table.add_column("form")
        for column in ("posts/s", "posts", "p50", "p95", "p99", "behind s"):
            table.add_column(column, justify="right")
        table.add_column("Voxpop there: p50 / p95 / p99, behind s", justify="right")
        table.add_column("p99 by Voxpop's", justify="right")
        for each in self.measurements:
            table.add_row(
                each.peer,
                each.form,
                *_own(each.latency),
                _there(each.voxpop_latency),
                "-" if each.p99_ratio is None else f"{each.p99_ratio:.2f}",
            )
        return table

    def _promises(self) -> Table:
        table = Table(title="what each gives up", title_justify="left")
        for column in ("peer", "exact sink", "state survives", "batches", "poison takes"):
            table.add_column(column)
        for name, own in {each.peer: each.promises for each in self.measurements}.items():
            table.add_row(name, own.exact_sink, own.lasting_state, own.batching, own.poison)
        return table


def _own(latency: Latency | None) -> Sequence[str]:
    """Cells of a program's latency; `posts/s` are those that came."""
    if latency is None:
        return "failed", *["-"] * 5
    return (
        f"{latency.came:,.1f}",
        f"{latency.posts:,}",
        *percentiles(latency),
        f"{latency.behind_s:.1f}",
    )


def _there(latency: Latency | None) -> str:
    if latency is None:
        return "-"
    told = f"{' / '.join(percentiles(latency))}, {latency.behind_s:.1f}"
    return told if latency.rate_kept else f"{told}; {latency.came:,.1f} posts/s came"


def percentiles(latency: Latency) -> Sequence[str]:
    """A dash for the 99th where there are too few posts for it."""
    known = (latency.p50_ms, latency.p95_ms, latency.p99_ms)
    return ["-" if each is None else f"{each:,.0f}" for each in known]

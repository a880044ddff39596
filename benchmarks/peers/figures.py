"""Figures of the peers beside Voxpop's in the same runs, and their table. Not how they come."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from rich.console import Console
from rich.table import Table

from benchmarks.machine import Machine
from benchmarks.peers.catalogue import Promises


@dataclass(frozen=True, slots=True)
class Measurement:
    """One program in one form.

    Attributes:
        peer: what people call it.
        form: `eager`: whole windows in eager torch; `engine`: our engine; `worker`: Voxpop.
        posts: read in each run.
        rate: posts a second, the median of the runs; None where it failed.
        runs: posts a second of each run.
        ratio: the median of its rate by Voxpop's in the same run; None where there is none.
        window_posts: posts that the model saw for one, on average.
        promises: what it promises, and so what it gives up.
        failure: why there is a run less, None for nothing.
    """

    peer: str
    form: str
    posts: int
    rate: float | None
    runs: Sequence[float]
    ratio: float | None
    window_posts: float | None
    promises: Promises
    failure: str | None


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured, of which model and where.

    Attributes:
        model: name of the network and of all its weights.
        posts: in the backlog.
        share: eager forms get the conversations with about this part of the posts: one of so many.
        window: most posts of a conversation that the model sees.
    """

    machine: Machine
    model: str
    posts: int
    share: int
    window: int
    measurements: Sequence[Measurement]

    def show(self, console: Console) -> None:
        """Print both tables."""
        console.print(self._speed())
        console.print(self._promises())
        for each in self.measurements:
            if each.failure is not None:
                console.print(f"{each.peer}, {each.form}: {each.failure}", highlight=False)
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

    def _promises(self) -> Table:
        table = Table(title="what each gives up", title_justify="left")
        for column in ("peer", "exact sink", "state survives", "batches", "poison takes"):
            table.add_column(column)
        for name, own in {each.peer: each.promises for each in self.measurements}.items():
            table.add_row(name, own.exact_sink, own.lasting_state, own.batching, own.poison)
        return table


@dataclass(frozen=True, slots=True)
class Outcome:
    """One run of one program: its rate and windows, or why there are none."""

    rate: float | None
    window_posts: float | None
    failure: str | None


def measurement(
    peer: str,
    form: str,
    posts: int,
    promises: Promises,
    runs: Sequence[Outcome],
    reference: Sequence[Outcome],
) -> Measurement:
    """The runs of one program, beside Voxpop's.

    Args:
        peer: what people call it.
        form: how posts were scored.
        posts: read in each run.
        promises: of the program.
        runs: of the program.
        reference: Voxpop's, in the same order.
    """
    rates = [each.rate for each in runs if each.rate is not None]
    ratios = [
        own.rate / voxpop.rate
        for own, voxpop in zip(runs, reference, strict=True)
        if own.rate and voxpop.rate
    ]
    windows = [each.window_posts for each in runs if each.window_posts is not None]
    return Measurement(
        peer=peer,
        form=form,
        posts=posts,
        rate=median(rates) if rates else None,
        runs=rates,
        ratio=round(median(ratios), 4) if ratios else None,
        window_posts=median(windows) if windows else None,
        promises=promises,
        failure=next((each.failure for each in runs if each.failure is not None), None),
    )

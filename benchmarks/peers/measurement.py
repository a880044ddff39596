"""What the runs of a program come to, beside Voxpop's in the same runs. Pure; not for tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.peers.catalogue import Promises
from benchmarks.peers.latency import Latency, paced_rate


@dataclass(frozen=True, slots=True)
class Outcome:
    """One run of one program.

    Attributes:
        rate: posts a second of the backlog; None where it failed.
        window_posts: posts that the model saw for one, on average.
        latency: at `paced_rate` of its rate; None where it failed.
        failure: why something is missing, None for nothing.
    """

    rate: float | None = None
    window_posts: float | None = None
    latency: Latency | None = None
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class Paced:
    """Latencies of one run at one rate.

    Attributes:
        own: the program's; None where it failed.
        voxpop: of one worker of Voxpop; None where it failed.
    """

    own: Latency | None
    voxpop: Latency | None

    @property
    def p99_ratio(self) -> float | None:
        """The program's 99th percentile by Voxpop's, where both had the posts that were meant."""
        own = self.own.p99_ms if self.own and self.own.rate_kept else None
        voxpop = self.voxpop.p99_ms if self.voxpop and self.voxpop.rate_kept else None
        return own / voxpop if own is not None and voxpop else None


@dataclass(frozen=True, slots=True)
class Measurement:
    """One program in one form.

    Attributes:
        peer: what people call it.
        form: `eager`: whole windows in eager torch; `engine`: our engine; `worker`: Voxpop.
        posts: in the backlog of each run.
        rate: posts a second, the median of the runs; None where it failed.
        runs: posts a second of each run.
        ratio: the median of its rate by Voxpop's in the same run; None where there is none.
        window_posts: posts of the backlog that the model saw for one, on average.
        latency: while posts come at half of its rate, the median of the runs.
        voxpop_latency: of one worker of Voxpop at the same posts a second in the same runs.
        p99_ratio: the median of its 99th percentile by Voxpop's in the same run.
        paced: the latencies of each run.
        promises: what it promises, and so what it gives up.
        failures: why something is missing, of each run where that is so.
    """

    peer: str
    form: str
    posts: int
    rate: float | None
    runs: Sequence[float]
    ratio: float | None
    window_posts: float | None
    latency: Latency | None
    voxpop_latency: Latency | None
    p99_ratio: float | None
    paced: Sequence[Paced]
    promises: Promises
    failures: Sequence[str]


@dataclass(frozen=True, slots=True)
class Reference:
    """Voxpop in one run.

    Attributes:
        outcome: without latency, which is in `paced`.
        paced: its latency by posts a second.
        failure: why it was measured at no more rates, None for nothing.
    """

    outcome: Outcome
    paced: Mapping[float, Latency]
    failure: str | None = None

    def own(self) -> Outcome:
        """Its outcome with the latency at half of its own rate."""
        rate, failure = self.outcome.rate, self.outcome.failure or self.failure
        latency = None if rate is None else self.paced.get(paced_rate(rate))
        return Outcome(rate, self.outcome.window_posts, latency, failure)


def measurement(
    peer: str,
    form: str,
    posts: int,
    promises: Promises,
    runs: Sequence[Outcome],
    references: Sequence[Reference],
) -> Measurement:
    """The runs of one program, beside Voxpop's.

    Args:
        peer: what people call it.
        form: how posts were scored.
        posts: in the backlog of each run.
        promises: of the program.
        runs: of the program.
        references: Voxpop's, in the same order.
    """
    rates = [each.rate for each in runs if each.rate is not None]
    beside = list(zip(runs, references, strict=True))
    ratios = [
        own.rate / voxpop.outcome.rate for own, voxpop in beside if own.rate and voxpop.outcome.rate
    ]
    windows = [each.window_posts for each in runs if each.window_posts is not None]
    paced = [
        Paced(own.latency, voxpop.paced.get(paced_rate(own.rate)))
        for own, voxpop in beside
        if own.rate is not None
    ]
    p99_ratios = [ratio for each in paced if (ratio := each.p99_ratio) is not None]
    return Measurement(
        peer=peer,
        form=form,
        posts=posts,
        rate=median(rates) if rates else None,
        runs=rates,
        ratio=round(median(ratios), 4) if ratios else None,
        window_posts=median(windows) if windows else None,
        latency=Latency.middle([each.own for each in paced if each.own is not None]),
        voxpop_latency=Latency.middle([each.voxpop for each in paced if each.voxpop is not None]),
        p99_ratio=round(median(p99_ratios), 2) if p99_ratios else None,
        paced=paced,
        promises=promises,
        failures=[each.failure for each in runs if each.failure is not None],
    )

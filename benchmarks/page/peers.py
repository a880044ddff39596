"""Tables of the peers beside Voxpop, short and long conversations in one."""

from collections.abc import Iterator, Sequence

from benchmarks.page.cells import rates
from benchmarks.page.folder import FiguresError, Folder
from benchmarks.peers.figures import Figures, percentiles
from benchmarks.peers.latency import Latency
from benchmarks.peers.measurement import Measurement
from stream_app.capacity.blocks import table


def speed(folder: Folder) -> str:
    """Posts a second, and what each promises beside it."""
    measured = [folder.read(name, Figures).measurements for name in ("peers", "peers-long")]
    header = ["program", "form", "short: posts/s", "of Voxpop's", "runs", "long: posts/s",
              "of Voxpop's", "runs", "exact sink", "state survives a crash"]  # fmt: skip
    rows = [
        [
            short.peer,
            short.form,
            *_speed(short),
            *_speed(long),
            short.promises.exact_sink,
            short.promises.lasting_state,
        ]
        for short, long in _pairs(*measured)
    ]
    return table(header, rows, left=2)


def waits(folder: Folder) -> str:
    """What posts wait in each program at half of its rate, and in ours at the same posts/s."""
    measured = [folder.read(name, Figures).measurements for name in ("peers", "peers-long")]
    header = ["program", "form", "short: posts/s", "its ms", "ours there", "ratio",
              "long: posts/s", "its ms", "ours there", "ratio"]  # fmt: skip
    rows = [
        [short.peer, short.form, *_waits(short), *_waits(long)] for short, long in _pairs(*measured)
    ]
    return table(header, rows, left=2)


def _pairs(
    short: Sequence[Measurement], long: Sequence[Measurement]
) -> Iterator[tuple[Measurement, Measurement]]:
    there = {(each.peer, each.form): each for each in long}
    for each in short:
        if (each.peer, each.form) not in there:
            raise FiguresError(f"{each.peer}, {each.form}: not among those of long conversations")
        yield each, there[each.peer, each.form]


def _speed(each: Measurement) -> Sequence[str]:
    rate = "failed" if each.rate is None else f"{each.rate:,.0f}"
    return rate, "" if each.ratio is None else f"{each.ratio:.2f}", rates(each.runs)


def _waits(each: Measurement) -> Sequence[str]:
    own, ours = each.latency, each.voxpop_latency
    if own is None:
        return "failed", "", "", ""
    ratio = "" if each.p99_ratio is None else _told_ratio(each.p99_ratio)
    return f"{own.came:,.0f}", _told(own), "" if ours is None else _told(ours), ratio


def _told_ratio(ratio: float) -> str:
    return f"{ratio:.0f}" if ratio >= 10 else f"{ratio:.1f}"


def _told(latency: Latency) -> str:
    told = " / ".join(percentiles(latency))
    return told if latency.rate_kept else f"{told} at {latency.came:,.0f} posts/s"

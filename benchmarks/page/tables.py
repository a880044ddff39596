"""Tables of one command each. The peers' are in `peers`."""

from collections.abc import Mapping
from typing import Final

from benchmarks.acceleration import Figures as Acceleration
from benchmarks.candidates import Figures as Candidates
from benchmarks.engine import REFERENCE
from benchmarks.engine import Figures as Engines
from benchmarks.extraction import Figures as Extraction
from benchmarks.growth import Figures as Growth
from benchmarks.page.cells import rates
from benchmarks.page.folder import Folder
from benchmarks.peers.figures import Figures as Peers
from benchmarks.pipeline_figures import STAGE_COLUMNS, percentiles, stage_rows
from benchmarks.pipeline_figures import Figures as Pipeline
from benchmarks.reading import Figures as Reading
from benchmarks.soak import Figures as Soak
from benchmarks.verify import Figures as Verify
from benchmarks.window_lengths import Figures as Windows
from stream_app.capacity.blocks import table

LEAST_MS: Final = 0.005  # less is nothing in two digits


def machine(folder: Folder) -> str:
    """What all was measured on and of which code, and how busy it was before some of its parts."""
    kinds: Mapping[str, type[Engines | Pipeline | Peers]] = {
        "engine": Engines,
        "pipeline": Pipeline,
        "peers": Peers,
    }
    found = {name: folder.read(name, kind).machine for name, kind in kinds.items()}
    own = found["engine"]
    codes = dict.fromkeys(each.code or "unknown" for each in found.values())
    begun = ", ".join(
        f"{name} {each.began} ({each.load_before[0]:.1f})" for name, each in found.items()
    )
    return (
        f"{own.cpu}, {own.logical_cores} logical cores, {own.memory_gib} GiB, {own.system}, Python "
        f"{own.python}, torch {own.torch}. Commit: {', '.join(codes)}. Begun, and running "
        f"processes in the minute before: {begun}."
    )


def engines(folder: Folder) -> str:
    """Engines by batch; `times the first` only where that was measured with the same batch."""
    measured = folder.read("engine", Engines).measurements
    first = {each.batch: each.score for each in measured if each.engine == REFERENCE}
    header = ["engine", "batch", "encode/s", "score/s", "times the first", "both/s", "ms a batch",
              "runs, both"]  # fmt: skip
    rows = [
        [
            each.engine,
            f"{each.batch}",
            f"{each.encode:,.0f}",
            f"{each.score:,.0f}",
            f"{each.score / first[each.batch]:.1f}" if each.batch in first else "",
            f"{each.both:,.0f}",
            f"{each.latency_ms:.1f}",
            rates(each.runs),
        ]
        for each in measured
    ]
    return table(header, rows)


def candidates(folder: Folder) -> str:
    """What was considered for steps on a CPU."""
    header = ["candidate", "batch", "score/s", "ratio", "furthest probability",
              "runs, score/s"]  # fmt: skip
    rows = [
        [
            each.name,
            f"{each.batch}",
            f"{each.score:,.0f}",
            f"{each.ratio:.2f}",
            f"{each.furthest:.4f}",
            rates(each.runs),
        ]
        for each in folder.read("candidates", Candidates).candidates
    ]
    return table(header, rows)


def windows(folder: Folder) -> str:
    """Lengths of windows."""
    header = ["window", "score/s", "runs, score/s", "bytes of a state in the worker",
              "bytes of a full window in Redis, three modalities"]  # fmt: skip
    rows = [
        [
            f"{each.window}",
            f"{each.score:,.0f}",
            rates(each.runs),
            f"{each.state_bytes:,}",
            f"{each.redis_bytes:,.0f}",
        ]
        for each in folder.read("windows", Windows).lengths
    ]
    return table(header, rows, left=0)


def acceleration(folder: Folder) -> str:
    """Seconds of an epoch and of scoring the same posts; a dash where there is no GPU."""
    header = ["system", "training, CPU s", "GPU s", "S", "the paper's S", "inference, CPU s",
              "GPU s", "S"]  # fmt: skip
    rows = [
        [each.system, *each.training.cells(), f"{each.published:.2f}", *each.inference.cells()]
        for each in folder.read("acceleration", Acceleration).rows
    ]
    return table(header, rows)


def reading(folder: Folder) -> str:
    """Microseconds of a core for a record, by reader and length."""
    readings = folder.read("reading", Reading).readings
    lengths = sorted({each.record_bytes for each in readings})
    cost = {(each.reader, each.record_bytes): each.cpu_us for each in readings}
    readers = dict.fromkeys(each.reader for each in readings)
    rows = [[name, *(f"{cost[name, length]:.1f}" for length in lengths)] for name in readers]
    return table(["reader", *(f"{length:,} bytes" for length in lengths)], rows)


def pipeline(folder: Folder) -> str:
    """Every run, and the medians."""
    measured = folder.read("pipeline", Pipeline)
    header = ["run", "workers", "Kafka to Redis, posts/s", "beside the producer",
              "model alone, one process", "ratio",
              *(f"p50 / p95 / p99 ms at {load}" for load in measured.middle[0].paced)]  # fmt: skip
    named = [(f"{number}", each) for number, each in enumerate(measured.runs, start=1)]
    named += [("**median**", each) for each in measured.middle]
    rows = [
        [
            name,
            f"{each.workers}",
            f"{each.pipeline:,.0f}",
            f"{each.beside_producer:,.0f}",
            f"{each.model_alone:,.0f}",
            f"{each.ratio:.2f}",
            *(percentiles(own.latency) for own in each.paced.values()),
        ]
        for name, each in named
    ]
    return table(header, rows, left=0)


def core_time(folder: Folder) -> str:
    """Milliseconds of a core for each post, medians by number of workers."""
    middle = folder.read("pipeline", Pipeline).middle
    whose = list(middle[0].cpu_ms)
    header = ["workers", *whose, "together"]
    rows = [
        [
            f"{each.workers}",
            *(f"{each.cpu_ms[own]:.3f}" for own in whose),
            f"{sum(each.cpu_ms.values()):.3f}",
        ]
        for each in middle
    ]
    return table(header, rows, left=0)


def stages(folder: Folder) -> str:
    """Milliseconds that a batch is in each stage, medians by number of workers and load."""
    rows = stage_rows(folder.read("pipeline", Pipeline).middle)
    return table([*STAGE_COLUMNS], rows, left=2)


def extraction(folder: Folder) -> str:
    """Runs from raw posts to features."""
    measured = folder.read("extraction", Extraction)
    whose = [own for own, spent in measured.middle.cpu_ms.items() if spent >= LEAST_MS]
    header = ["run", "posts/s", "texts/s of the encoder alone", "the encoder's part of the worker",
              *(f"{own}, ms a post" for own in whose)]  # fmt: skip
    named = [(f"{number}", each) for number, each in enumerate(measured.runs, start=1)]
    rows = [
        [
            name,
            f"{each.posts_per_s:,.0f}",
            f"{each.encoder_alone_per_s:,.0f}",
            f"{each.encoder_share:.0%}",
            *(f"{each.cpu_ms[own]:.2f}" for own in whose),
        ]
        for name, each in [*named, ("**median**", measured.middle)]
    ]
    return table(header, rows, left=0)


def growth(folder: Folder) -> str:
    """Many conversations, and a crash."""
    header = ["conversations", "bytes each in Redis", "GiB", "worker MiB",
              "s from crash to ready, median", "crashes, s", "furthest probability"]  # fmt: skip
    rows = [
        [
            f"{each.conversations:,}",
            f"{each.redis_bytes:,.0f}",
            f"{each.conversations * each.redis_bytes / 2**30:.2f}",
            f"{each.worker_mib:,.0f}",
            f"{each.ready_median_s:.1f}",
            ", ".join(f"{seconds:.1f}" for seconds in each.ready_s),
            f"{each.furthest:.0e}" if each.furthest >= 1e-6 else "under 1e-6",
        ]
        for each in folder.read("growth", Growth).growth
    ]
    return table(header, rows, left=0)


def soak(folder: Folder) -> str:
    """Memory over a soak."""
    measured = folder.read("soak", Soak)
    low, high = measured.worker_mib_range
    header = ["posts/s", "minutes", "posts, each counted once", "restarts",
              "worker MiB, lowest and highest once settled", "MiB an hour",
              "bytes a post in Redis"]  # fmt: skip
    row = [
        f"{measured.rate:,.0f}",
        f"{measured.seconds / 60:.0f}",
        f"{measured.posts:,}",
        f"{measured.restarts}",
        f"{low:,.1f} and {high:,.1f}",
        f"{measured.worker_mib_an_hour:+,.1f}",
        f"{measured.redis_bytes_a_post:,.0f}",
    ]
    return table(header, [row], left=0)


def verify(folder: Folder) -> str:
    """Counting again by one process and by several."""
    measured = folder.read("verify", Verify)
    rows = [
        [each.way, f"{each.per_s:,.0f}", f"{each.ratio:.2f}", rates(each.runs)]
        for each in measured.measurements
    ]
    return table(["read by", "predictions/s", "ratio", "runs"], rows)

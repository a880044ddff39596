"""What a worker measures of itself, in Prometheus' terms: once a batch, never once a post.

Not for showing it: `status_server` does. What each figure tells an operator: docs/operations.md.
"""

import platform
import time
from collections import Counter as Tally
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final, Literal, Protocol

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from connectors.build import this_build
from stream_app.core.extraction import Extracted, ExtractionOutcome, MediaOff
from stream_app.core.outcome import Outcome, Rejected, Shed
from stream_app.inference.wire import Kept

Stage = Literal["decode", "media", "wait", "assemble", "encode", "infer", "fix", "deliver", "count"]
_SECONDS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
_POSTS: Final = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 4096)


class Applied(Protocol):
    """What became of a batch in Redis; a post in two tracks is two entries."""

    @property
    def counted(self) -> int:
        """Entries that were counted."""

    @property
    def skipped(self) -> int:
        """Entries that fences had passed before."""

    @property
    def late(self) -> int:
        """Counts dropped since their bucket had expired."""


class Metrics:
    """Figures of one worker.

    Args:
        registry: where they are registered; a new one where none is given.
    """

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.registry = own = registry or CollectorRegistry()
        self._stage_seconds = Histogram(
            "voxpop_stage_seconds",
            "Time of a batch in a stage: decode (of the posts that came together), media (of one "
            "post, its turn awaited), wait (of its first post for the batch), assemble (windows "
            "read, or tracks and languages told), encode (its posts' vectors, while the batch "
            "before is scored), infer, fix (results and "
            "windows written), deliver (what is written to topics), count (trends)",
            ["stage"],
            buckets=_SECONDS,
            registry=own,
        )
        self._batch_posts = Histogram(
            "voxpop_batch_posts", "Posts in a batch", buckets=_POSTS, registry=own
        )
        self._recovery_seconds = Histogram(
            "voxpop_recovery_seconds",
            "Time to find where newly assigned partitions start and count again what is missing",
            buckets=_SECONDS,
            registry=own,
        )
        self._posts = _counter(
            own,
            "posts",
            "Posts done: predicted, extracted, in_no_track, media_off, shed, or rejected for a "
            "reason",
            ["outcome", "reason"],
        )
        self._absent = _counter(
            own,
            "absent_modalities",
            "Modalities that extracted posts had media for and no features of",
            ["modality", "reason"],
        )
        self._replayed = _counter(own, "replayed_posts", "Posts whose results were fixed before")
        self._entries = _counter(own, "counted_entries", "Posts counted, once for each track")
        self._skips = _counter(
            own, "fence_skips", "Entries of posts that a track's fence had passed before"
        )
        self._late = _counter(
            own, "late_counts", "Counts dropped since their bucket had expired, one a resolution"
        )
        self._redis_errors = _counter(
            own, "redis_errors", "Calls to Redis that failed, those tried again included", ["kind"]
        )
        self._rebalances = _counter(own, "rebalances", "Times that partitions were taken away")
        self._window_hits = _counter(own, "window_hits", "Conversations found in memory")
        self._window_misses = _counter(own, "window_misses", "Conversations read from Redis")
        self._window_evictions = _counter(own, "window_evictions", "Conversations let go")
        self._lag = Gauge(
            "voxpop_partition_lag_posts",
            "Posts of an assigned partition that are not done",
            ["partition"],
            registry=own,
        )
        self._unstable = Gauge(
            "voxpop_partition_unstable_posts",
            "Posts of an assigned partition from the first open transaction on, markers included: "
            "nobody may read them yet, and they are no lag",
            ["partition"],
            registry=own,
        )
        built = {**this_build().labels, "python": platform.python_version()}
        self._describe("build", "This program", built)
        ProcessCollector(registry=own)

    def batch(self, posts: int, waited_s: float) -> None:
        """A batch was formed.

        Args:
            posts: in it.
            waited_s: by its first post, seconds.
        """
        self._batch_posts.observe(posts)
        self._stage_seconds.labels("wait").observe(waited_s)

    @contextmanager
    def stage(self, stage: Stage) -> Iterator[None]:
        """Measure what is done inside as a stage of a batch."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self._stage_seconds.labels(stage).observe(time.perf_counter() - began)

    def concluded(self, outcomes: Iterable[Outcome], *, replayed: bool) -> None:
        """Outcomes of one batch took effect.

        Args:
            outcomes: of its posts.
            replayed: they were fixed before a crash.
        """
        fates = Tally(map(_fate, outcomes))
        for fate, posts in fates.items():
            self._posts.labels(*fate).inc(posts)
        if replayed:
            self._replayed.inc(fates.total())

    def extracted(self, outcomes: Iterable[ExtractionOutcome]) -> None:
        """Outcomes of one batch were written, or left out."""
        done: Tally[tuple[str, str]] = Tally()
        absent: Tally[tuple[str, str]] = Tally()
        for outcome in outcomes:
            if isinstance(outcome, Rejected):
                done["rejected", outcome.reason.value] += 1
            elif isinstance(outcome, Extracted):
                done["extracted", ""] += 1
                absent.update(outcome.absent.items())
            elif isinstance(outcome, MediaOff):
                done["media_off", ""] += 1
            else:
                done["in_no_track", ""] += 1
        for labels, posts in done.items():
            self._posts.labels(*labels).inc(posts)
        for labels, posts in absent.items():
            self._absent.labels(*labels).inc(posts)

    def counted(self, applied: Applied) -> None:
        """Posts of one source partition were counted."""
        self._entries.inc(applied.counted)
        self._skips.inc(applied.skipped)
        self._late.inc(applied.late)

    def windows_read(self, wanted: int, missing: int) -> None:
        """The windows of a batch were looked up, and those missing read from Redis."""
        self._window_hits.inc(wanted - missing)
        self._window_misses.inc(missing)

    def windows_let_go(self, windows: int) -> None:
        """Windows were let go for others."""
        self._window_evictions.inc(windows)

    def redis_failed(self, error: Exception) -> None:
        """A call to Redis failed; it may be tried again."""
        self._redis_errors.labels(type(error).__name__).inc()

    def revoked(self) -> None:
        """Partitions were taken away; what they lag is another worker's to tell."""
        self._rebalances.inc()
        self._lag.clear()
        self._unstable.clear()

    def recovered(self, seconds: float) -> None:
        """Newly assigned partitions were started."""
        self._recovery_seconds.observe(seconds)

    def lag(self, by_partition: Mapping[int, int]) -> None:
        """Posts of each assigned partition that are not done."""
        for partition, posts in by_partition.items():
            self._lag.labels(partition).set(posts)

    def unstable(self, by_partition: Mapping[int, int]) -> None:
        """Posts of each assigned partition that wait for a transaction to end."""
        for partition, posts in by_partition.items():
            self._unstable.labels(partition).set(posts)

    def watch(self, name: str, what: str, read: Callable[[], float]) -> None:
        """Show a figure that is read when it is asked for.

        Args:
            name: without `voxpop_`, with its unit.
            what: it tells.
            read: called from another thread.
        """
        Gauge(f"voxpop_{name}", what, registry=self.registry).set_function(read)

    def model(self, kind: str, model_version: str, feature_set: str) -> None:
        """The model is loaded.

        Args:
            kind: name of the class that it works by.
            model_version: of the checkpoint.
            feature_set: that it scores.
        """
        about = {"version": model_version, "feature_set": feature_set, "engine": kind}
        self._describe("model", "The model that works", about)

    def hot_store(self, state_bytes: int, kept: Callable[[], Kept]) -> None:
        """The engine keeps states of conversations.

        Args:
            state_bytes: memory of one.
            kept: asked whenever somebody looks.
        """
        self.registry.register(_HotStoreCollector(state_bytes, kept))

    def model_process(self, pid: int) -> None:
        """The model works in another process, whose memory and processor time are told too."""
        ProcessCollector(namespace="voxpop_model", pid=lambda: pid, registry=self.registry)

    def _describe(self, name: str, what: str, labels: Mapping[str, str]) -> None:
        """A gauge that is always 1 and says what it is by its labels."""
        gauge = Gauge(f"voxpop_{name}_info", what, list(labels), registry=self.registry)
        gauge.labels(**labels).set(1)


class _HotStoreCollector(Collector):
    """Reads what an engine counts by itself when somebody looks."""

    def __init__(self, state_bytes: int, kept: Callable[[], Kept]) -> None:
        self._state_bytes = state_bytes
        self._kept = kept

    def collect(self) -> Iterator[Metric]:
        """As Prometheus' client asks."""
        kept = self._kept()
        told = {
            "hits": (kept.hits, "States found as they were needed"),
            "misses": (kept.misses, "Conversations whose state was computed from its window"),
            "evictions": (kept.evictions, "States given up for others"),
        }
        for name, (value, what) in told.items():
            yield CounterMetricFamily(f"voxpop_hot_store_{name}", what, value=value)
        yield GaugeMetricFamily(
            "voxpop_hot_store_conversations", "States that are kept", value=kept.states
        )
        yield GaugeMetricFamily(
            "voxpop_hot_store_bytes",
            "Memory of the states that are kept",
            value=kept.states * self._state_bytes,
        )


def _fate(outcome: Outcome) -> tuple[str, str]:
    """What became of a post, and the reason where there is one."""
    if isinstance(outcome, Rejected):
        return "rejected", outcome.reason.value
    return ("shed" if isinstance(outcome, Shed) else "predicted"), ""


def _counter(
    registry: CollectorRegistry, name: str, what: str, labels: Iterable[str] = ()
) -> Counter:
    return Counter(f"voxpop_{name}", what, list(labels), registry=registry)

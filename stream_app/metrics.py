"""What a worker measures of itself, in Prometheus' terms.

Not for showing it: `VOXPOP_METRICS_PORT` serves it where it is set.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Literal

from prometheus_client import CollectorRegistry, Histogram, start_http_server

Stage = Literal["decode", "wait", "assemble", "infer", "fix", "deliver", "count"]
_SECONDS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
_POSTS: Final = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 4096)


class Metrics:
    """Histograms of one worker.

    Args:
        registry: where they are registered; a new one where none is given.
    """

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.registry = registry or CollectorRegistry()
        self._stage_seconds = Histogram(
            "voxpop_stage_seconds",
            "Time of a batch in a stage: decode (of the posts that came together), wait (of its "
            "first post for the batch), assemble (windows read), infer, fix (results and windows "
            "written), deliver (predictions and dead letters), count (trends)",
            ["stage"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._batch_posts = Histogram(
            "voxpop_batch_posts", "Posts in a batch", buckets=_POSTS, registry=self.registry
        )

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

    def serve(self, port: int) -> None:
        """Answer `GET /metrics` from a thread of its own.

        Args:
            port: on all addresses of this machine.

        Raises:
            OSError: the port is taken.
        """
        start_http_server(port, registry=self.registry)

"""What the server measures of itself, and opinion by track, in Prometheus' terms."""

import platform
from collections.abc import Iterable
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from connectors.alerts.store import WatchState
from connectors.build import this_build
from connectors.trends.standings import Volume

_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


class ApiMetrics:
    """Counters of one server."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        built = {**this_build().labels, "python": platform.python_version()}
        Gauge("voxpop_build_info", "This program", list(built), registry=self._registry).labels(
            **built
        ).set(1)
        self._requests = Counter(
            "voxpop_api_requests",
            "Requests answered, by method, route and status",
            ["method", "route", "status"],
            registry=self._registry,
        )
        self._seconds = Histogram(
            "voxpop_api_request_seconds",
            "Time from a request to the first byte of its answer, by route",
            ["route"],
            buckets=_SECONDS,
            registry=self._registry,
        )
        self.open_streams = Gauge(
            "voxpop_api_open_streams",
            "Followers of /api/v1/stream at this moment",
            registry=self._registry,
        )

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """A request was answered."""
        self._requests.labels(method, route, status).inc()
        self._seconds.labels(route).observe(seconds)

    def page(self, volumes: Iterable[Volume], watch: WatchState) -> bytes:
        """All figures as Prometheus reads them.

        Args:
            volumes: tracks over the last hour.
            watch: of alerts; nothing is told of one that never looked.
        """
        registries = self._registry, _opinion(volumes), _watch(watch)
        return b"".join(map(generate_latest, registries))


def _watch(watch: WatchState) -> CollectorRegistry:
    registry = CollectorRegistry()
    if watch.looked_until is None:
        return registry
    Gauge(
        "voxpop_alert_watch_active",
        "Whether a `voxpop alerts watch` is at work, 0 or 1",
        registry=registry,
    ).set(watch.active)
    Gauge(
        "voxpop_alert_watch_looked_until_seconds",
        "End of the last look that the watch took, Unix seconds; looks wait while nobody posts",
        registry=registry,
    ).set(watch.looked_until)
    return registry


def _opinion(volumes: Iterable[Volume]) -> CollectorRegistry:
    """Gauges of the tracks there are now; made anew so that one that is gone leaves no trace."""
    registry = CollectorRegistry()
    posts = Gauge(
        "voxpop_track_posts", "Posts of a track in the last hour", ["track"], registry=registry
    )
    scored = Gauge(
        "voxpop_track_scored_posts",
        "Posts of a track in the last hour that the model saw; fewer where conversations are shed",
        ["track"],
        registry=registry,
    )
    shares = Gauge(
        "voxpop_track_sentiment_ratio",
        "Share of a track's posts of the last hour by most probable sentiment",
        ["track", "sentiment"],
        registry=registry,
    )
    net = Gauge(
        "voxpop_track_net_sentiment_ratio",
        "Share of positive less share of negative posts of a track in the last hour, -1 to 1",
        ["track"],
        registry=registry,
    )
    for volume in volumes:
        posts.labels(volume.track).set(volume.posts)
        scored.labels(volume.track).set(volume.scored_posts)
        if volume.net is None:
            continue
        net.labels(volume.track).set(volume.net)
        for label, count in volume.sentiment.items():
            shares.labels(volume.track, label).set(count / volume.posts)
    return registry

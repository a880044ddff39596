"""What is shown while a run goes on: one moment of it, and how it is gathered."""

import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from connectors.trends.reader import TrendReader
from connectors.trends.series import TrendSeries
from stream_app.demo.outcomes import Outcomes
from stream_app.demo.player import Player
from stream_app.trial.latency import Visibility
from stream_app.trial.percentiles import percentiles
from stream_app.trial.worker_process import WorkerProcess

SHOWN_S: Final = 240
SPEED_OVER_S: Final = 5.0
LATENCIES_SHOWN: Final = 500


@dataclass(frozen=True, slots=True)
class ScoredLine:
    """A post beside what the model says of it."""

    platform: str
    track: str
    text: str
    sentiment: str
    emotion: str


@dataclass(frozen=True, slots=True)
class Moment:
    """One moment of a run.

    Attributes:
        visible: valid posts that Redis counts.
        posts_per_s: posts that became visible in the last seconds, a second.
        lag: partition -> posts in Kafka that Redis does not count yet.
        rejected: dead letters by reason.
        latency_ms: percentiles over the last posts.
        trends: the last minutes of each track, by ten seconds.
        swung: whether opinion on the swinging track is turned over now.
        alerts: what the alerts so far said, the newest last.
        dashboard: where it is.
    """

    elapsed_s: float
    sent: int
    broken: int
    scored: int
    visible: int
    posts_per_s: float
    lag: Mapping[int, int]
    rejected: Mapping[str, int]
    latency_ms: Mapping[str, float | None]
    recent: Sequence[ScoredLine]
    trends: Sequence[TrendSeries]
    swung: bool
    alerts: Sequence[str]
    dashboard: str
    worker_pid: int | None
    worker_restarts: int


class Gatherer:
    """Gathers moments of a run.

    Args:
        player, outcomes, visibility, worker: the parts of the run.
        reader: of its trends.
        tracks: whose trends are shown.
        dashboard: where it is.

    Attributes:
        alerts: what the alerts so far said.
    """

    def __init__(
        self,
        player: Player,
        outcomes: Outcomes,
        visibility: Visibility,
        worker: WorkerProcess,
        reader: TrendReader,
        tracks: Sequence[str],
        dashboard: str,
    ) -> None:
        self.alerts: list[str] = []
        self._dashboard = dashboard
        self._player = player
        self._outcomes = outcomes
        self._visibility = visibility
        self._worker = worker
        self._reader = reader
        self._tracks = tracks
        self._passed: deque[tuple[float, int]] = deque()

    async def moment(self) -> Moment:
        """The run as it stands.

        Raises:
            redis.exceptions.RedisError: Redis did not answer.
        """
        now = time.time()
        latencies = self._visibility.latencies_ms
        return Moment(
            elapsed_s=self._player.elapsed_s,
            sent=self._player.sent,
            broken=self._player.broken.total(),
            scored=self._outcomes.scored,
            visible=len(latencies),
            posts_per_s=self._speed(now, len(latencies)),
            lag=self._visibility.lag(),
            rejected=dict(self._outcomes.rejected),
            latency_ms=percentiles(latencies[-LATENCIES_SHOWN:]),
            recent=self._recent(),
            trends=[
                await self._reader.trends(track, now - SHOWN_S, now, "10s")
                for track in self._tracks
            ],
            swung=self._player.scenario.has_swung(self._player.elapsed_s),
            alerts=list(self.alerts),
            dashboard=self._dashboard,
            worker_pid=self._worker.pid,
            worker_restarts=self._worker.restarts,
        )

    def _speed(self, now: float, visible: int) -> float:
        self._passed.append((now, visible))
        while self._passed[0][0] < now - SPEED_OVER_S:
            self._passed.popleft()
        then, before = self._passed[0]
        return (visible - before) / (now - then) if now > then else 0.0

    def _recent(self) -> list[ScoredLine]:
        lines = []
        for prediction in self._outcomes.recent:
            source = prediction["source"]
            post = self._player.recent.get((source["partition"], source["offset"]))
            if post is not None:
                lines.append(
                    ScoredLine(
                        post.platform,
                        post.track,
                        post.text,
                        prediction["sentiment"]["label"],
                        prediction["emotion"]["label"],
                    )
                )
        return lines

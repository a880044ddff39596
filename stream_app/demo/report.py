"""The figures of a run: what `--json` writes and the summary says."""

from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Report:
    """A run, judged.

    Attributes:
        posts_sent: posts sent, the broken ones included.
        posts_valid: those that must be counted.
        posts_scored: different posts with a prediction.
        posts_dead_lettered: different posts among the dead letters.
        posts_counted: posts that Redis counts.
        lost: valid posts missing from their bucket.
        double_counted: posts that a bucket has too many.
        posts_per_s: valid posts by the seconds from the first sent to the last visible.
        latency_ms: p50, p95 and p99 from the append in Kafka to visible in Redis, milliseconds.
        worker_restarts: how often the worker had to be started again.
    """

    posts_sent: int
    posts_valid: int
    posts_scored: int
    posts_dead_lettered: int
    posts_counted: int
    lost: int
    double_counted: int
    posts_per_s: float
    latency_ms: dict[str, float | None]
    worker_restarts: int

    @property
    def is_clean(self) -> bool:
        """Whether every valid post counts once and every other one is a dead letter."""
        rejected = self.posts_sent - self.posts_valid
        return not self.lost and not self.double_counted and self.posts_dead_lettered == rejected

    def as_json(self) -> dict[str, object]:
        """The figures by name."""
        return asdict(self)

    def lines(self) -> list[str]:
        """A summary for people."""
        latency = self.latency_ms
        verdict = "every post is accounted for" if self.is_clean else "posts are NOT accounted for"
        return [
            f"sent      {self.posts_sent}, {self.posts_valid} of them valid",
            f"scored    {self.posts_scored}; {self.posts_dead_lettered} dead letters",
            f"counted   {self.posts_counted}: {self.lost} lost, {self.double_counted} double",
            f"speed     {self.posts_per_s} posts/s; worker restarted {self.worker_restarts} times",
            f"latency   p50 {latency['p50']}, p95 {latency['p95']}, p99 {latency['p99']} ms",
            verdict,
        ]

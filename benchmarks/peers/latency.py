"""How long posts waited for their predictions, from what the broker wrote down. Pure.

From the append of a post to that of its prediction, both by the broker's clock: the same yardstick
for every program, and nothing that it has to do for it. Not for how posts are sent: see `pacing`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final, NamedTuple, Self

from stream_app.trial.percentiles import percentiles

LOAD: Final = 0.5  # of what was counted of the backlog
ENOUGH_POSTS: Final = 500  # five are past the 99th percentile
LONGEST: Final = 2.0  # times the seconds that were asked for
LEAST_FOR_P99: Final = 100
KEPT_RATE: Final = 0.95  # of the posts that were to come; fewer are another load


class Place(NamedTuple):
    """Where a post lies in its topic: one record, however often its post id comes."""

    partition: int
    offset: int


@dataclass(frozen=True, slots=True)
class Latency:
    """What posts waited while they came at a steady rate.

    Attributes:
        rate: posts a second that were to come.
        came: posts a second that came; fewer where the machine had no time left to send them.
        posts: judged.
        p50_ms: from append to append, milliseconds.
        p95_ms: likewise.
        p99_ms: likewise; None for under 100 posts.
        behind_s: from the last post's append until all had a prediction, seconds: about what a post
            waits where the program keeps up, more where it fell behind.
    """

    rate: float
    came: float
    posts: int
    p50_ms: float
    p95_ms: float
    p99_ms: float | None
    behind_s: float

    @property
    def rate_kept(self) -> bool:
        """Whether as many posts came as were to, so that others at this rate compare."""
        return self.came >= KEPT_RATE * self.rate

    @classmethod
    def between(
        cls, rate: float, posts: Mapping[Place, int], predictions: Mapping[Place, int]
    ) -> Self:
        """The latency of posts that all have a prediction.

        Args:
            rate: posts a second that were to come.
            posts: when each was appended, milliseconds; at least one.
            predictions: when the first one of each was, and of others that are not judged.
        """
        waited = percentiles([predictions[place] - appended for place, appended in posts.items()])
        first, last = min(posts.values()), max(posts.values())
        ended = max(predictions[place] for place in posts)
        return cls(
            rate=rate,
            came=round(1000 * (len(posts) - 1) / (last - first), 1) if last > first else rate,
            posts=len(posts),
            p50_ms=waited["p50"] or 0.0,
            p95_ms=waited["p95"] or 0.0,
            p99_ms=waited["p99"] if len(posts) >= LEAST_FOR_P99 else None,
            behind_s=round((ended - last) / 1000, 3),
        )

    @classmethod
    def middle(cls, runs: Sequence[Self]) -> Self | None:
        """The median of each figure over the runs; None where there is no run."""
        if not runs:
            return None
        p99s = [each.p99_ms for each in runs if each.p99_ms is not None]
        return cls(
            rate=median(each.rate for each in runs),
            came=median(each.came for each in runs),
            posts=int(median(each.posts for each in runs)),
            p50_ms=median(each.p50_ms for each in runs),
            p95_ms=median(each.p95_ms for each in runs),
            p99_ms=median(p99s) if p99s else None,
            behind_s=median(each.behind_s for each in runs),
        )


def paced_rate(counted: float) -> float:
    """The steady rate for a program that was counted at so many posts a second."""
    return round(LOAD * counted, 1)


def judged_seconds(rate: float, seconds: float) -> float:
    """How long posts are judged: longer at a slow rate, so that there are enough for a p99.

    Args:
        rate: posts a second.
        seconds: what was asked for; it is never over twice that.
    """
    return min(max(seconds, ENOUGH_POSTS / rate), LONGEST * seconds)

"""What is asked of a pipeline: who posts how, and how many workers take it. Not what that costs."""

from dataclasses import dataclass, field
from typing import Final, Literal

from stream_app.core.flow import BATCH_MOST

Arrivals = Literal["steady", "poisson", "bursts", "day"]

LIVE: Final = 60  # as in the demonstration's scenario, which the benchmarks play
NEW_SHARE: Final = 0.15


@dataclass(frozen=True, slots=True)
class Conversing:
    """How posts make conversations: as `stream_app.demo.scenario` does.

    Attributes:
        live: conversations that get posts at a time; an older one goes when a new one comes.
        new_share: of the posts, those that begin a conversation; one by it is the mean length.
    """

    live: int = LIVE
    new_share: float = NEW_SHARE


@dataclass(frozen=True, slots=True)
class Load:
    """One run, real or simulated.

    Attributes:
        rate: posts a second, on average; None: `posts` lie in Kafka before the workers start.
        posts: of the backlog.
        seconds: how long posts come, where there is a rate.
        settling_s: of these seconds, those at the start that are not judged.
        arrivals: how they come, where there is a rate.
        workers: processes.
        partitions: of `posts`.
        batch_max: most posts in a batch.
        batch_wait_s: longest wait for a batch to fill.
        window: most posts of a conversation that the model sees.
        conversing: who answers whom.
        tracks: how many there are.
        tracks_per_post: of each post.
    """

    name: str
    rate: float | None = None
    posts: int = 8000
    seconds: float = 10.0
    settling_s: float = 2.0
    arrivals: Arrivals = "steady"
    workers: int = 1
    partitions: int = 8
    batch_max: int = BATCH_MOST
    batch_wait_s: float = 0.02
    window: int = 32
    conversing: Conversing = field(default_factory=Conversing)
    tracks: int = 6
    tracks_per_post: int = 1

"""What a run left, what may be asked of it, and how it was judged.

Not for the judging: that is `judge`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tests.chaos.posts import Place

Bucket = tuple[str, str, int]  # track, resolution, start in Unix seconds
Conversation = tuple[str, int, str]  # topic id, partition, conversation id


@dataclass(frozen=True, slots=True)
class Letter:
    """A dead letter."""

    place: Place
    reason: str
    key: bytes
    value: bytes


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was found after a run.

    Attributes:
        buckets: fields of every bucket in Redis.
        predictions: every copy by place, in the order of the topic.
        letters: every dead letter.
        windows: records by conversation, oldest first.
        uncommitted: partition -> posts that the group has not committed.
        stuck: workers that neither worked nor ended, in words.
    """

    buckets: Mapping[Bucket, Mapping[str, int]]
    predictions: Mapping[Place, Sequence[bytes]]
    letters: Sequence[Letter]
    windows: Mapping[Conversation, Sequence[bytes]]
    uncommitted: Mapping[int, int]
    stuck: Sequence[str]


@dataclass(frozen=True, slots=True)
class Shedding:
    """One conversation in some was scored from an offset of each partition on.

    Attributes:
        one_in: each post that was scored counts for as many.
        topic: by its name and the record's key it is decided which.
        since: partition -> first offset that was decided so.
    """

    one_in: int
    topic: str
    since: Mapping[int, int]


@dataclass
class Terms:
    """What a run's faults take away by what the product itself says of them.

    Attributes:
        scored_again: Redis lost its last moments, so that posts whose predictions were delivered
            may be scored once more: copies may differ in `scored_at` alone.
        windows_gone: Redis lost its windows, and conversations began anew; what was scored again
            was scored in another one.
        shedding: what was shed; None: nothing.
        several_models: one after another read the same conversations, each its own records alone.
    """

    scored_again: bool = False
    windows_gone: bool = False
    several_models: bool = False
    shedding: Shedding | None = None


@dataclass
class Verdict:
    """How a run ended; every number is 0 where the guarantee held.

    Attributes:
        lost: counts, predictions and dead letters that are missing.
        double: counts too many, and outcomes of posts that should not have them.
        changed: results that differ between two copies, or between a copy and the counts.
        stuck: posts never committed, and workers that hung.
        bad_windows: conversations whose window is not that of its posts, and posts that were not
            scored in their own.
        details: what was found, a line each, the first few of each kind.
    """

    lost: int = 0
    double: int = 0
    changed: int = 0
    stuck: int = 0
    bad_windows: int = 0
    details: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong."""
        return not (self.lost or self.double or self.changed or self.stuck or self.bad_windows)

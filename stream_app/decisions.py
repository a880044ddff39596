"""What was decided of a batch, on its way from the decider to its effects.

Not for deciding: `decider`. Not for what decisions do: `effects`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from connectors.conversations.source import SourcePartition
from connectors.schemas.post import DecodedPost
from stream_app.batch import Batch, Item
from stream_app.core.halving import PoisonPost
from stream_app.core.outcome import Outcome
from stream_app.core.scoring import ScoredPost


class FixedBatch(Protocol):
    """The last batch of a partition whose results were fixed."""

    @property
    def first(self) -> int:
        """First offset."""

    @property
    def last(self) -> int:
        """Last offset."""

    @property
    def outcomes(self) -> bytes:
        """What `encode_outcomes` gave."""


@dataclass(slots=True)
class Decisions:
    """What was decided of the records of one source partition.

    Attributes:
        replayed: outcomes by offset that were fixed before; they come before all others.
        fresh: outcomes by offset decided now, still to be fixed.
        appended: conversation -> records that join its window when `fresh` is fixed.
        seen: the window of each scored post by offset, as `ScoredPost` has it.
        shed: keys of records that are shed: the windows of those conversations go then.
    """

    source: SourcePartition
    replayed: dict[int, Outcome] = field(default_factory=dict)
    fresh: dict[int, Outcome] = field(default_factory=dict)
    appended: dict[str, list[bytes]] = field(default_factory=dict)
    seen: dict[int, Sequence[bytes]] = field(default_factory=dict)
    shed: set[bytes] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class ScoredBatch:
    """A batch whose posts were scored, before anything is made of their scores.

    Attributes:
        began_s: monotonic seconds at which its processing began; its encoding may still be awaited.
        scored_at: when it was scored, Unix seconds.
        decisions: by partition, with what was fixed before and nothing else.
        undecided: the items that were not.
        results: of those that were scored or that the model fails on, by partition and offset.
    """

    batch: Batch[DecodedPost]
    began_s: float
    scored_at: float
    decisions: Mapping[int, Decisions]
    undecided: Sequence[Item[DecodedPost]]
    results: Mapping[tuple[int, int], ScoredPost | PoisonPost]


@dataclass(frozen=True, slots=True)
class DecidedBatch:
    """A batch with its decisions by partition.

    Attributes:
        began_s: monotonic seconds at which its processing began.
    """

    batch: Batch[DecodedPost]
    began_s: float
    decisions: Mapping[int, Decisions]

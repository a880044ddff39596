"""A batch on its way through the worker: admitted records with what decoding made of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Generic, TypeVar

from connectors.schemas.codec import decode_post
from connectors.schemas.post import DecodedPost
from connectors.schemas.rejection import Reason, Rejection
from stream_app.core.outcome import Rejected, Shed
from stream_app.core.record import Record
from stream_app.core.shedding import Shedding

SHED_COST: Final = 1 / 16  # an entry among the fixed results, and memory until they are

Content = TypeVar("Content")


@dataclass(frozen=True, slots=True)
class Item(Generic[Content]):
    """A record and what is in it, or why there is nothing.

    Attributes:
        cost: how much of a batch it takes.
    """

    record: Record
    content: Content | Rejected | Shed
    cost: float = 1.0

    @property
    def generation(self) -> int:
        """Generation of the consumer group in which the record was fetched."""
        return self.record.generation

    @property
    def partition(self) -> int:
        """Source partition of the record."""
        return self.record.partition

    @property
    def size(self) -> int:
        """Bytes of the record's value."""
        return len(self.record.value or b"")


@dataclass(frozen=True)
class Batch(Generic[Content]):
    """Items in the order of their offsets within each partition, all of one generation."""

    items: Sequence[Item[Content]]
    generation: int

    @cached_property
    def partitions(self) -> frozenset[int]:
        """Source partitions of the items."""
        return frozenset(item.record.partition for item in self.items)

    @cached_property
    def records(self) -> Sequence[Record]:
        """Those of the items."""
        return [item.record for item in self.items]


class Naming:
    """Names posts in every error that leaves the block: where they stand in Kafka.

    Args:
        topic: full name of the source topic.
        records: what is worked on, of each partition in the order of their offsets.
    """

    def __init__(self, topic: str, records: Sequence[Record]) -> None:
        self._topic = topic
        self._records = records

    def __enter__(self) -> None:
        pass

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, Exception):
            error.add_note(f"in a batch of {', '.join(self._spans())}")

    def _spans(self) -> Iterator[str]:
        for partition in sorted({record.partition for record in self._records}):
            offsets = [each.offset for each in self._records if each.partition == partition]
            yield f"{self._topic}:{partition}:{offsets[0]}-{offsets[-1]}"


class Decoder:
    """Turns records into posts.

    Args:
        feature_set: the one that the model scores; others are rejected.
        max_bytes: a larger value is rejected.
        shedding: which records are not read.
    """

    def __init__(self, feature_set: str, max_bytes: int, shedding: Shedding) -> None:
        self._feature_set = feature_set
        self._max_bytes = max_bytes
        self._shedding = shedding

    def decode(self, record: Record, now: float) -> Item[DecodedPost]:
        """The post of a record, its rejection, or that it is shed: then nobody looked inside.

        Args:
            record: as it came.
            now: Unix seconds.
        """
        if not self._shedding.keeps(record.key):
            return Item(record, Shed(self._shedding.one_in), SHED_COST)
        try:
            return Item(record, self._post(record, now))
        except Rejection as rejection:
            return Item(record, Rejected(rejection.reason, rejection.detail, now))

    def _post(self, record: Record, now: float) -> DecodedPost:
        post = decode_post(record.key, record.value, now=now, max_bytes=self._max_bytes)
        if post.feature_set != self._feature_set:
            raise Rejection(
                Reason.UNKNOWN_FEATURE_SET,
                f"feature_set {post.feature_set!r} is not the one of the running model, "
                f"{self._feature_set!r}",
            )
        return post

"""Where the window stands in which a post was scored, and which posts it held. Pure.

A window is the posts of a conversation up to one of them. The store keeps no name beside a post, so
a window is found again by all that it held: one of the same records is the same to the model.
"""

from collections.abc import Iterable, Sequence
from hashlib import blake2b

from pydantic import BaseModel, ConfigDict, Field

from connectors.conversations.source import SourcePartition
from connectors.schemas.kept_post import record_of


class WindowPlace(BaseModel):
    """The window of a post within its conversation."""

    model_config = ConfigDict(frozen=True)

    topic: str
    topic_id: str
    partition: int
    mark: str = Field(description="`mark_of` the records that the model saw")

    @classmethod
    def of(cls, source: SourcePartition, records: Iterable[bytes]) -> "WindowPlace":
        """The place of a window of this partition."""
        return cls(
            topic=source.topic,
            topic_id=source.topic_id,
            partition=source.partition,
            mark=mark_of(records),
        )

    @property
    def source(self) -> SourcePartition:
        """The partition whose window it is."""
        return SourcePartition(self.topic, self.topic_id, self.partition)


def mark_of(records: Iterable[bytes]) -> str:
    """Tells the records of a window, in their order, from others: 32 hexadecimal digits."""
    return _mark(_digest(record) for record in records)


def window_of(kept: Sequence[bytes], mark: str, posts: int) -> Sequence[bytes]:
    """The window in which a post was scored.

    Args:
        kept: what is kept of its conversation now, oldest first.
        mark: of the window's records.
        posts: that it held.

    Returns:
        So many posts, the one that was scored last; none where some are not kept any more.
    """
    digests = [_digest(record_of(post)) for post in kept]
    for first in range(len(kept) - posts + 1):
        if _mark(digests[first : first + posts]) == mark:
            return kept[first : first + posts]
    return ()


def _digest(record: bytes) -> bytes:
    return blake2b(record, digest_size=16).digest()


def _mark(digests: Iterable[bytes]) -> str:
    return blake2b(b"".join(digests), digest_size=16).hexdigest()

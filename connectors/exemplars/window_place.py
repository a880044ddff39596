"""Where the window stands in which a post was scored, and which of its posts it is. Pure.

A window is the posts of a conversation up to one of them; the store keeps no name beside a post, so
that it is found again by what it is. Not for what the bytes of a post mean.
"""

from collections.abc import Sequence
from hashlib import blake2b

from pydantic import BaseModel, ConfigDict, Field

from connectors.conversations.source import SourcePartition


class WindowPlace(BaseModel):
    """A post within the window of its conversation."""

    model_config = ConfigDict(frozen=True)

    topic: str
    topic_id: str
    partition: int
    mark: str = Field(description="`mark_of` the post as the window keeps it")

    @classmethod
    def of(cls, source: SourcePartition, kept: bytes) -> "WindowPlace":
        """The place of a post that a window of this partition keeps."""
        return cls(
            topic=source.topic,
            topic_id=source.topic_id,
            partition=source.partition,
            mark=mark_of(kept),
        )

    @property
    def source(self) -> SourcePartition:
        """The partition whose window it is."""
        return SourcePartition(self.topic, self.topic_id, self.partition)


def mark_of(kept: bytes) -> str:
    """Tells a post of a window from others: 16 hexadecimal digits."""
    return blake2b(kept, digest_size=8).hexdigest()


def window_of(kept: Sequence[bytes], mark: str, posts: int) -> Sequence[bytes]:
    """The window in which a post was scored.

    Args:
        kept: what is kept of its conversation now, oldest first.
        mark: of the post.
        posts: that its window held, itself included.

    Returns:
        So many posts, the marked one last; none where some of them are not kept any more. Of posts
        that are alike it is the first that fits: while no post has left, the one that was scored.
    """
    for end, post in enumerate(kept, start=1):
        if end >= posts and mark_of(post) == mark:
            return kept[end - posts : end]
    return ()

"""Which posts a program gets: all of a stream, or those of some whole conversations."""

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from benchmarks.posts import SimulatedStream, WirePost


@dataclass(frozen=True, slots=True)
class Share:
    """Posts for one program.

    Attributes:
        backlog: those that its rate is taken of.
        following: those that come after them in the same conversations and new ones, without end;
            each call begins anew, and makes them as they are asked for.
    """

    backlog: Sequence[WirePost]
    following: Callable[[], Iterator[WirePost]]

    @property
    def tracks(self) -> list[str]:
        """Tracks of the backlog; each post has one."""
        return sorted({track for each in self.backlog for track in each.post.tracks})


def whole_of(stream: SimulatedStream, count: int) -> Share:
    """All conversations of a stream, its first `count` posts as the backlog."""
    return Share(list(islice(stream.posts(), count)), lambda: stream.posts(count))


def part_of(stream: SimulatedStream, whole: Share, share: int) -> Share:
    """Whole conversations with at least one of `share` posts, so that windows are as long.

    Args:
        stream: that `whole` is of.
        whole: all posts.
        share: one of so many is wanted.
    """
    last = _last_checksum(whole.backlog, share)

    def wanted(key: bytes) -> bool:
        return zlib.crc32(key) <= last

    return Share(
        [each for each in whole.backlog if wanted(each.key)],
        lambda: stream.posts(len(whole.backlog), wanted),
    )


def _last_checksum(posts: Sequence[WirePost], share: int) -> int:
    """Conversations are taken by their keys' checksums, which is by no property of them."""
    missing = -(-len(posts) // share)
    checksums = sorted(zlib.crc32(each.key) for each in posts)
    return checksums[missing - 1]

"""Rules of a file that may change while posts come. Not for reading it: that is `file`."""

import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from connectors.schemas.post import JsonObject
from connectors.tracks.errors import TracksError
from connectors.tracks.file import load_rules
from connectors.tracks.reading import PostText

LOOKED_AT_EVERY_S: Final = 1.0
MOST_TRACKS: Final = 64  # of one post, as its schema has it

logger = logging.getLogger(__name__)


class WatchedTracks:
    """Adds to posts the tracks whose rules hold, by the rules that the file has at the time.

    Args:
        path: the file.
        clock: seconds that only grow.
        tell: told of every change, and of a file that cannot be used.

    Raises:
        TracksError: the file has faults, at first; later the old rules stay.
    """

    def __init__(
        self,
        path: Path,
        clock: Callable[[], float] = time.monotonic,
        tell: Callable[[str], None] = logger.warning,
    ) -> None:
        self._path = path
        self._clock = clock
        self._tell = tell
        self._seen = self._stamp()
        self._rules = load_rules(path)
        self._look_at = clock() + LOOKED_AT_EVERY_S

    def with_tracks(self, post: JsonObject) -> JsonObject:
        """A post with the tracks that it names itself, then those whose rules hold; 64 at most.

        Args:
            post: a valid raw post.
        """
        self._look()
        found = self._rules.match(text_of_post(post))
        tracks = list(dict.fromkeys([*post.get("tracks", ()), *found]))
        return post | {"tracks": tracks[:MOST_TRACKS]}

    def _look(self) -> None:
        """Take the file in again where it has changed."""
        if self._clock() < self._look_at:
            return
        self._look_at = self._clock() + LOOKED_AT_EVERY_S
        stamp = self._stamp()
        if stamp == self._seen:
            return
        self._seen = stamp
        try:
            self._rules = load_rules(self._path)
        except TracksError as error:
            self._tell(f"{error}\n{self._path} has faults: its old rules stay until it is mended")
        else:
            self._tell(f"{self._path}: {len(self._rules.tracks):,} tracks from now on")

    def _stamp(self) -> tuple[int, int, int]:
        """What differs once the file has changed, also by another put in its place."""
        try:
            found = self._path.stat()
        except OSError:
            return (0, 0, 0)
        return (found.st_ino, found.st_mtime_ns, found.st_size)


def text_of_post(post: JsonObject) -> PostText:
    """What rules may ask of a valid raw post."""
    return PostText(
        text=post.get("text") or "",
        platform=post["platform"],
        lang=post.get("lang"),
        author_id=post.get("author_id"),
    )

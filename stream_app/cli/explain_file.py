"""A post of a JSONL file with those before it in its conversation, as `voxpop score` takes them.

Not for explaining it: that is `models.explanation`.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from connectors.schemas.post import DecodedPost
from connectors.schemas.rejection import Rejection
from connectors.schemas.scoring import surplus
from stream_app.cli.errors import CliError
from stream_app.cli.post_lines import numbered_lines, parsed
from stream_app.cli.score_lines import LineReader

_NAMED: Final = 3  # posts that an error names


@dataclass(frozen=True, slots=True)
class Place:
    """Where a post stands: its line's number in the file, and the conversation that it names."""

    number: int
    conversation: object


def read_window(path: Path, reader: LineReader, post: Place, length: int) -> list[DecodedPost]:
    """The window in which a post of the file is scored.

    Args:
        path: JSONL, a post a line.
        reader: reads lines as posts.
        post: from `find_post`.
        length: most posts in a window.

    Returns:
        Posts of one conversation, oldest first, the one asked for last. As when a file is scored,
        lines that are no valid post are in no window.

    Raises:
        CliError: the post's line is no valid one.
    """
    found: list[DecodedPost] = []
    for _, place, line in _posts(path):
        if place.number > post.number:
            break
        if place != post and (place.conversation != post.conversation or not post.conversation):
            continue
        (read,) = reader.read([line], place.number - 1, time.time())
        if not isinstance(read, Rejection):
            found.append(read.post)
        elif place == post:
            raise CliError(f"{path}:{place.number}: {read.reason.value}: {read.detail}")
    return found[surplus(len(found), length) :]


def find_post(path: Path, post_id: str | None) -> Place:
    """Where a post of the file stands.

    Args:
        path: JSONL, a post a line.
        post_id: of the post, the last one where several have it; None: the file's last.

    Raises:
        CliError: there is no such post.
    """
    found = None
    known: dict[str, None] = {}
    for name, place, _ in _posts(path):
        if post_id in {None, name}:
            found = place
        known[name] = None
    if found is None:
        held = f"it holds {', '.join(list(known)[:_NAMED])}" if known else "it holds none"
        more = f" and {len(known) - _NAMED:,} more" if len(known) > _NAMED else ""
        wanted = "posts" if post_id is None else f"post {post_id!r}"
        raise CliError(f"{path} has no {wanted}; {held}{more}")
    return found


def _posts(path: Path) -> Iterator[tuple[str, Place, bytes]]:
    """Name, place and line of what is a JSON object, valid as a post or not."""
    for number, line in numbered_lines(path):
        try:
            post = parsed(line)
        except ValueError:
            continue
        name = post.get("post_id")
        own = name if isinstance(name, str) else f"line-{number}"
        yield own, Place(number, post.get("conversation_id")), line

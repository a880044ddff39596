"""A post of a JSONL file with those before it in its conversation, as `voxpop score` takes them.

Not for explaining it: that is `models.explanation`.
"""

import time
from collections.abc import Iterator
from pathlib import Path

from connectors.schemas.post import DecodedPost
from connectors.schemas.rejection import Rejection
from stream_app.cli.errors import CliError
from stream_app.cli.post_lines import numbered_lines, parsed
from stream_app.cli.score_lines import LineReader

Identity = tuple[str, object]  # post_id and conversation_id, None for a conversation of its own


def read_window(
    path: Path, reader: LineReader, post_id: str | None, length: int
) -> list[DecodedPost]:
    """The window in which a post of the file is scored.

    Args:
        path: JSONL, a post a line.
        reader: reads lines as posts.
        post_id: of the post, the last one where several have it; None: the file's last.
        length: most posts in a window.

    Returns:
        Posts of one conversation, oldest first, the one asked for last. As when a file is scored,
        lines that are no valid post are in no window.

    Raises:
        CliError: there is no such post, or its line is no valid one.
    """
    number, conversation = _find(path, post_id)
    lines = [
        (place, line)
        for place, line, identity in _identities(path)
        if place == number or (place < number and conversation == identity[1] is not None)
    ]
    window: list[DecodedPost] = []
    for place, line in reversed(lines):
        (read,) = reader.read([line], place - 1, time.time())
        if not isinstance(read, Rejection):
            window.append(read.post)
        elif not window:
            raise CliError(f"{path}:{place}: {read.reason.value}: {read.detail}")
        if len(window) == length:
            break
    return window[::-1]


def _find(path: Path, post_id: str | None) -> tuple[int, object]:
    """Number of the post's line and its conversation."""
    found = None
    known: dict[str, None] = {}
    for number, _, (name, conversation) in _identities(path):
        if post_id in {None, name}:
            found = number, conversation
        known[name] = None
    if found is None:
        held = f"it holds {', '.join(list(known)[:3])}" if known else "it holds none"
        more = f" and {len(known) - 3:,} others" if len(known) > 3 else ""
        wanted = "posts" if post_id is None else f"post {post_id!r}"
        raise CliError(f"{path} has no {wanted}; {held}{more}")
    return found


def _identities(path: Path) -> Iterator[tuple[int, bytes, Identity]]:
    """Lines that are JSON objects, with their number and whose they are."""
    for number, line in numbered_lines(path):
        try:
            post = parsed(line)
        except ValueError:
            continue
        name = post.get("post_id")
        own = name if isinstance(name, str) else f"line-{number}"
        yield number, line, (own, post.get("conversation_id"))

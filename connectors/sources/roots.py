"""The conversation of a reply where a platform names only its parent. Pure."""

from collections.abc import Mapping


class Roots:
    """Follows replies to the post that began their conversation, in bounded memory.

    A reply to a post that is not remembered is taken for a reply to the conversation's first.

    Args:
        most: posts remembered; the one not met for longest is forgotten first.
    """

    def __init__(self, most: int = 5_000) -> None:
        self._most = most
        self._roots: dict[str, str] = {}  # post -> root; the oldest first

    def root_of(self, post_id: str, parent_id: str | None) -> str:
        """The first post of the conversation that a post is in."""
        root = self._roots.get(post_id)
        if root is None:
            root = post_id if parent_id is None else self._root(parent_id)
        self._remember(post_id, root)
        return root

    def _root(self, parent_id: str) -> str:
        root = self._roots.get(parent_id, parent_id)
        self._remember(parent_id, root)
        return root

    def _remember(self, post_id: str, root: str) -> None:
        self._roots.pop(post_id, None)
        self._roots[post_id] = root
        if len(self._roots) > self._most:
            del self._roots[next(iter(self._roots))]

    def dump(self) -> dict[str, str]:
        """Replies and their roots, for `load`; a post that is its own root needs no memory."""
        return {post_id: root for post_id, root in self._roots.items() if post_id != root}

    def load(self, dumped: Mapping[str, str]) -> None:
        """Remember what was dumped."""
        self._roots |= dumped

"""Which posts to look at again, where a platform does not tell of deletions and edits. Pure.

Not for asking: the sources do that.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Any, Final

FIRST_LOOK_S: Final = 600.0
LAST_LOOK_S: Final = 30 * 86_400.0  # exemplars live no longer


@dataclass(slots=True)
class _Watched:
    """A post that may be withdrawn.

    Attributes:
        created_at: Unix seconds.
        active_at: when it last changed, Unix seconds; at first when it was made.
        state: what the platform said of it last; any change of it matters.
        due_at: when to look next, Unix seconds.
    """

    created_at: float
    active_at: float
    state: str
    due_at: float


class Recheck:
    """Says which posts to look at: ten minutes after a change, then at double the age, for a month.

    Most withdrawals come early, so as many looks fall into the first hour as into the next two.

    Args:
        most: posts remembered; those that nobody took go first, then the oldest.
    """

    def __init__(self, most: int = 10_000) -> None:
        self._most = most
        self._posts: dict[str, _Watched] = {}
        self._queue: list[tuple[float, str]] = []
        self._untaken: dict[str, None] = {}

    def __contains__(self, post_id: str) -> bool:
        return post_id in self._posts

    def watch(self, post_id: str, created_at: float, state: str, now: float) -> None:
        """Remember a post; one that is remembered stays as it is."""
        if post_id in self._posts:
            return
        self._untaken[post_id] = None
        self._plan(post_id, _Watched(created_at, created_at, state, 0.0), now)
        if len(self._posts) > self._most:
            self.forget(next(iter(self._untaken or self._posts)))

    def take(self, post_id: str) -> None:
        """Somebody took the post, so that it is worth more than those nobody took."""
        self._untaken.pop(post_id, None)

    def keep_taken(self) -> None:
        """Forget what nobody took."""
        for post_id in list(self._untaken):
            self.forget(post_id)

    def due(self, now: float, most: int) -> list[str]:
        """Ids of posts to look at now, the longest due first; each is due again later."""
        found: dict[str, _Watched] = {}
        while self._queue and len(found) < most and self._queue[0][0] <= now:
            due_at, post_id = heappop(self._queue)
            post = self._posts.get(post_id)
            if post is not None and post.due_at == due_at:
                found[post_id] = post
        for post_id, post in found.items():
            self._plan(post_id, post, now)
        return list(found)

    def changed(self, post_id: str, state: str, now: float) -> str | None:
        """What was said of a post before, where that is something else than now."""
        post = self._posts.get(post_id)
        if post is None or post.state == state:
            return None
        before, post.state, post.active_at = post.state, state, now
        self._plan(post_id, post, now)
        return before

    def forget(self, post_id: str) -> None:
        """Look at it no more."""
        self._posts.pop(post_id, None)
        self._untaken.pop(post_id, None)

    def dump(self) -> list[Sequence[Any]]:
        """All that is remembered, for `load`."""
        return [
            (
                post_id,
                own.created_at,
                own.active_at,
                own.state,
                own.due_at,
                post_id not in self._untaken,
            )
            for post_id, own in self._posts.items()
        ]

    def load(self, dumped: Sequence[Sequence[Any]]) -> None:
        """Remember what was dumped."""
        for post_id, created_at, active_at, state, due_at, *taken in dumped:
            if taken == [False]:
                self._untaken[post_id] = None
            self._posts[post_id] = _Watched(created_at, active_at, state, due_at)
            heappush(self._queue, (due_at, post_id))

    def _plan(self, post_id: str, post: _Watched, now: float) -> None:
        end = post.created_at + LAST_LOOK_S
        if now >= end:
            self.forget(post_id)
            return
        post.due_at = min(end, now + max(FIRST_LOOK_S, now - post.active_at))
        self._posts[post_id] = post
        heappush(self._queue, (post.due_at, post_id))

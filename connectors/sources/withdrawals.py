"""What takes the words of withdrawn posts out of the deployment. Not for noticing withdrawals."""

from collections.abc import Collection
from typing import Protocol


class Forgetter(Protocol):
    """Removes what is stored of posts and authors; doing it twice has no other effect."""

    async def forget(self, post_ids: Collection[str], author_ids: Collection[str]) -> int:
        """Remove their texts and exemplars; returns how many exemplars there were."""
        ...

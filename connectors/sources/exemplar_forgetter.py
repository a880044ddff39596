"""Takes withdrawn posts out of the exemplars in Redis. Not for what they are: `exemplars`."""

from collections.abc import Collection

from connectors.exemplars.store import ExemplarStore
from connectors.schemas.author import AuthorHasher


class ExemplarForgetter:
    """Removes exemplars and their texts from Redis; counts stay as they are.

    Args:
        store: of the deployment.
        authors: hashes authors as the workers do.
    """

    def __init__(self, store: ExemplarStore, authors: AuthorHasher) -> None:
        self._store = store
        self._authors = authors

    async def forget(self, post_ids: Collection[str], author_ids: Collection[str]) -> int:
        """See `Forgetter`.

        Raises:
            redis.exceptions.RedisError: Redis did not answer; forget them again.
        """
        hashes = {self._authors.hashed(author_id) for author_id in author_ids} - {None}
        forgotten = await self._store.forget_posts(post_ids) if post_ids else 0
        if hashes:
            forgotten += await self._store.forget_authors({str(own) for own in hashes})
        return forgotten

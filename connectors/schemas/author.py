"""Turns an author's id into a salted hash, the only form of it that leaves a worker."""

from hashlib import blake2b
from typing import Final

SHORTEST_SALT: Final = 16  # characters
_HASH_BYTES: Final = 8  # one of two among a million authors share a hash once in 37 million tries


class AuthorHasher:
    """Hashes author ids by keyed BLAKE2b (RFC 7693).

    Args:
        salt: secret of the deployment; without it a hash cannot be traced to an id by trying ids.
            None: no author is known at all.

    Raises:
        ValueError: the salt is shorter than 16 characters.
    """

    def __init__(self, salt: str | None) -> None:
        if salt is not None and len(salt) < SHORTEST_SALT:
            raise ValueError(f"the salt has {len(salt)} characters: take {SHORTEST_SALT} or more")
        self._key = None if salt is None else blake2b(salt.encode(), digest_size=32).digest()

    def hashed(self, author_id: str | None) -> str | None:
        """16 hexadecimal digits; None where the author is not given or there is no salt."""
        if author_id is None or self._key is None:
            return None
        return blake2b(author_id.encode(), key=self._key, digest_size=_HASH_BYTES).hexdigest()

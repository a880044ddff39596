"""Which conversations are shed, so that a worker keeps up: decided by their names alone. Pure.

Whole conversations are kept or shed, so that the windows of those kept are whole. Every post that
is kept stands for as many as its conversation was one of: sums of such posts are unbiased.
Not for how sure they are: that is `connectors.trends.series`.
"""

from hashlib import blake2b
from typing import Final

MOST: Final = 64
_HASH_BYTES: Final = 8


class Shedding:
    """Keeps one conversation in some, the same ones in every worker and after every restart.

    A conversation that is kept at one in eight is kept at one in four as well.

    Args:
        one_in: 1 keeps all; a power of two up to 64, so that all sums stay whole numbers.
        salt: which ones; another for each deployment.

    Raises:
        ValueError: `one_in` is no such number.

    Source: Horvitz & Thompson 1952, JASA 47(260), of clusters chosen with equal probability.
    """

    def __init__(self, one_in: int, salt: str) -> None:
        self.one_in = checked(one_in)
        self._salt = blake2b(salt.encode()).digest()

    def keeps(self, key: bytes | None) -> bool:
        """Whether a record is to be read, by its key; one without a key is, to be refused."""
        if self.one_in == 1 or not key:
            return True
        digest = blake2b(key, digest_size=_HASH_BYTES, key=self._salt).digest()
        return int.from_bytes(digest, "big") % self.one_in == 0


def checked(one_in: int) -> int:
    """The number itself.

    Raises:
        ValueError: it is no power of two from 1 to 64.
    """
    if not (1 <= one_in <= MOST and one_in.bit_count() == 1):
        raise ValueError(f"must be 1, 2, 4, 8, 16, 32 or {MOST}, not {one_in}")
    return one_in

"""Which posts were taken already, in bounded memory that a cursor file can hold.

Not for how far a source has come: its cursor says that.
"""

from base64 import b64decode, b64encode
from hashlib import blake2b
from itertools import islice
from typing import Final

DIGEST_BYTES: Final = 8  # two of 20,000 ids share one with odds of 1 in 10^11


class SeenPosts:
    """Remembers the last posts by a digest of their id.

    Args:
        most: posts remembered; the one not met for longest is forgotten first.
    """

    def __init__(self, most: int = 20_000) -> None:
        self._most = most
        self._digests: dict[bytes, None] = {}  # the oldest first

    def add(self, post_id: str) -> bool:
        """Remember a post; returns whether it is new."""
        digest = blake2b(post_id.encode(), digest_size=DIGEST_BYTES).digest()
        new = digest not in self._digests
        self._digests.pop(digest, None)
        self._digests[digest] = None
        if len(self._digests) > self._most:
            del self._digests[next(iter(self._digests))]
        return new

    def dump(self) -> str:
        """All that is remembered, for `load`: base64 of the digests, the oldest first."""
        return b64encode(b"".join(self._digests)).decode()

    def load(self, dumped: str) -> None:
        """Remember what was dumped, as older than all that is remembered now.

        Raises:
            ValueError: it is no dump.
        """
        packed = b64decode(dumped, validate=True)
        if len(packed) % DIGEST_BYTES:
            raise ValueError(f"{len(packed)} bytes are no whole digests")
        steps = range(0, len(packed), DIGEST_BYTES)
        older = dict.fromkeys(packed[at : at + DIGEST_BYTES] for at in steps)
        both = older | self._digests
        self._digests = dict.fromkeys(islice(both, max(0, len(both) - self._most), None))

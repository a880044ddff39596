"""A set of offsets that stays small: one bit for each, in chunks. Pure."""

CHUNK_BITS = 16  # 65,536 offsets in 8 KiB
CHUNK_MASK = (1 << CHUNK_BITS) - 1


class OffsetSet:
    """Offsets of one partition; a hundred million of them take 12.5 MB."""

    __slots__ = ("_chunks",)

    def __init__(self) -> None:
        self._chunks: dict[int, bytearray] = {}

    def add(self, offset: int) -> bool:
        """Put an offset in.

        Args:
            offset: 0 or more.

        Returns:
            Whether it was not in before.
        """
        chunk = self._chunks.get(offset >> CHUNK_BITS)
        if chunk is None:
            chunk = self._chunks[offset >> CHUNK_BITS] = bytearray((CHUNK_MASK + 1) // 8)
        place = (offset & CHUNK_MASK) >> 3
        bit = 1 << (offset & 7)
        if chunk[place] & bit:
            return False
        chunk[place] |= bit
        return True

    def merge(self, other: "OffsetSet") -> bool:
        """Put in all offsets of another set.

        Returns:
            Whether none of them was in before; the set is of no use where one was.
        """
        for number, theirs in other._chunks.items():
            own = self._chunks.get(number)
            if own is None:
                self._chunks[number] = theirs
                continue
            mine, added = int.from_bytes(own), int.from_bytes(theirs)
            if mine & added:
                return False
            own[:] = (mine | added).to_bytes(len(own))
        return True

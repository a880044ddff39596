"""Memory that a worker and the process of its model both see. Not for what stands in it: `wire`."""

import mmap
import os
from tempfile import TemporaryFile
from typing import Final, Self

FIRST_BYTES: Final = 4 * 1024 * 1024


class SharedBlock:
    """Bytes in two processes, which take turns at writing them.

    It grows when a writer needs more room; the other sees so when it looks. It does not shrink: it
    holds the memory of the longest that stood in it, which whoever writes must bound. An array made
    from it stays what it is, in the old mapping too.

    Args:
        descriptor: of an open file that both have; its own from now on.
    """

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self._mapped = mmap.mmap(descriptor, 0)

    @classmethod
    def make(cls, size: int = FIRST_BYTES) -> Self:
        """A block of so many bytes that no file system shows and that dies with who uses it."""
        if hasattr(os, "memfd_create"):
            descriptor = os.memfd_create("voxpop-inference")
        else:
            with TemporaryFile() as file:
                descriptor = os.dup(file.fileno())
        os.ftruncate(descriptor, size)
        return cls(descriptor)

    def again(self) -> Self:
        """The same block once more, with a descriptor of its own."""
        return type(self)(os.dup(self.descriptor))

    def room(self, size: int) -> memoryview:
        """The first bytes of the block, to be written.

        Args:
            size: how many.

        Raises:
            OSError: there is no memory for so many.
        """
        if size > len(self._mapped):
            os.ftruncate(self.descriptor, max(size, 2 * len(self._mapped)))
        return self.look()[:size]

    def look(self) -> memoryview:
        """All of the block, as the other left it."""
        if os.fstat(self.descriptor).st_size != len(self._mapped):
            self._mapped = mmap.mmap(self.descriptor, 0)  # arrays may still need the one before
        return memoryview(self._mapped)

    def close(self) -> None:
        """Let go of the file; what is mapped goes with its last array."""
        os.close(self.descriptor)

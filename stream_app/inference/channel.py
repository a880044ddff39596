"""One of the two ways between a worker and the process of its model: messages, and a block beside.

Whoever asks has it until the answer is read, so one block does for both. Not for what is said.
"""

from multiprocessing import Pipe
from multiprocessing.connection import Connection
from threading import Lock
from typing import Self

from stream_app.inference.block import SharedBlock


class Channel:
    """One end of it.

    Args:
        connection: for messages.
        block: for what is long.

    Attributes:
        connection: for messages.
        block: for what is long.
    """

    def __init__(self, connection: Connection, block: SharedBlock) -> None:
        self.connection = connection
        self.block = block
        self._asking = Lock()

    def __enter__(self) -> SharedBlock:
        """Have it alone; whoever asks meanwhile waits."""
        self._asking.acquire()
        return self.block

    def __exit__(self, *_: object) -> None:
        self._asking.release()

    @classmethod
    def make(cls) -> tuple[Self, Self]:
        """Both ends, in this process."""
        ours, theirs = Pipe()
        block = SharedBlock.make()
        return cls(ours, block), cls(theirs, block.again())

    @classmethod
    def handed(cls, connection: int, block: int) -> Self:
        """The end of these descriptors, which were handed to this process."""
        return cls(Connection(connection), SharedBlock(block))

    @property
    def descriptors(self) -> tuple[int, int]:
        """To be handed to a process."""
        return self.connection.fileno(), self.block.descriptor

    def ask(self, message: bytes) -> bytes:
        """The answer to a message.

        Raises:
            EOFError: the other end is closed.
            OSError: the same.
        """
        self.connection.send_bytes(message)
        return self.connection.recv_bytes()

    def close(self) -> None:
        """Let go of this end."""
        self.connection.close()
        self.block.close()

"""Reads the file that Redis appends its writes to, so that it can be cut between two of them.

Not for cutting it: that is `servers`.
"""

from collections.abc import Iterator
from typing import Final

END: Final = b"\r\n"
Command = tuple[int, list[bytes]]  # offset after it, its words


def commands(file: bytes) -> Iterator[Command]:
    """The commands of a file, in order; one that was cut off in the middle ends them.

    Raises:
        ValueError: the file is of another kind.
    """
    at = 0
    while at < len(file):
        if file[at : at + 1] != b"*":
            raise ValueError(f"no command begins at byte {at} of the file")
        words = []
        at, count = _number(file, at)
        for _ in range(count):
            at, length = _number(file, at)
            words.append(file[at : at + length])
            at += length + len(END)
        if at > len(file):
            return
        yield at, words


def end_of_last_write(file: bytes, key_ending: bytes) -> int:
    """Offset after the last transaction, or command outside of any, that wrote such a key.

    Args:
        file: its content.
        key_ending: what the name of the key ends with.

    Raises:
        ValueError: there is none.
    """
    found, within, wrote = 0, False, False
    for end, (name, *arguments) in commands(file):
        within = name.upper() == b"MULTI" or (within and name.upper() != b"EXEC")
        wrote = wrote or (bool(arguments) and arguments[0].endswith(key_ending))
        if wrote and not within:
            found, wrote = end, False
    if not found:
        raise ValueError(f"no key that ends with {key_ending!r} was ever written")
    return found


def _number(file: bytes, at: int) -> tuple[int, int]:
    """Offset after a line of a sign and a number, and the number."""
    end = file.index(END, at)
    return end + len(END), int(file[at + 1 : end])

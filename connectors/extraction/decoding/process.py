"""`python -m connectors.extraction.decoding.process MIB SECONDS`: decodes what it is given.

Not to be run by hand: `pool` does. It has no secrets, writes no files, and the system ends it
where it takes more memory than it may, or holds on to one medium for longer.
"""

import os
import resource
import signal
import sys
from io import FileIO
from typing import Final

import cv2
from PIL import AvifImagePlugin

from connectors.extraction.decoding.measuring import measured
from connectors.extraction.decoding.protocol import READY, REQUEST, answer, requested
from connectors.extraction.errors import AbsentReason, MediaError
from connectors.extraction.ffmpeg.libraries import ffmpeg

MOST_FILES: Final = 64
MEBIBYTE: Final = 1024 * 1024


def main(memory_mib: int, longest_s: int) -> None:
    """Answer requests, one after another.

    Args:
        memory_mib: address space that the process may have.
        longest_s: after so many seconds with one medium it is ended by a signal.
    """
    requests, answers = FileIO(os.dup(0), "rb"), FileIO(os.dup(1), "wb")
    _silence()
    keep_to_one_core()
    ffmpeg()  # what is missing ends it now, and not with each film
    _limit(memory_mib)
    answers.write(READY)
    while len(header := _exactly(requests, REQUEST.size)) == REQUEST.size:
        decoding, size = requested(header)
        data = _exactly(requests, size)
        if len(data) < size:
            return
        signal.alarm(longest_s)
        try:
            said = answer(measured(decoding, data))
        except MediaError as error:
            said = answer(error)
        except MemoryError:
            said = answer(MediaError(AbsentReason.TOO_LARGE, f"{decoding}: over {memory_mib} MiB"))
        signal.alarm(0)
        answers.write(said)


def keep_to_one_core() -> None:
    """Other decoders have the others; and each thread takes address space."""
    cv2.setNumThreads(1)
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # otherwise as many as the machine has cores


def _exactly(file: FileIO, size: int) -> bytes:
    """So many bytes, or fewer where the input ends."""
    found = bytearray()
    while len(found) < size and (more := file.read(size - len(found))):
        found += more
    return bytes(found)


def _silence() -> None:
    """What decoders print goes nowhere: it is the media's words, and standard output is taken."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for taken in (0, 1, 2):
        os.dup2(nowhere, taken)


def _limit(memory_mib: int) -> None:
    for what, most in (
        (resource.RLIMIT_AS, memory_mib * MEBIBYTE),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, MOST_FILES),
    ):
        _, hard = resource.getrlimit(what)
        bound = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (bound, bound))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))

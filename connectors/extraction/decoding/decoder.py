"""One decoder's process, seen from outside: begun, asked, ended.

Not for having several: `pool` does that; `process` is what runs in it.
"""

import asyncio
import logging
import math
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from connectors.extraction.decoding.protocol import (
    ANSWER,
    ANSWER_MAX_BYTES,
    READY,
    Decoding,
    answered,
    request,
)
from connectors.extraction.errors import AbsentReason, MediaError

COMMAND: Final = (sys.executable, "-I", "-m", "connectors.extraction.decoding.process")
START_S: Final = 60.0
GRACE_S: Final = 5.0  # after which a process that nobody ended ends itself
# where libraries are found; nothing else of the environment, which holds secrets
KEPT: Final = ("LD_LIBRARY_PATH", "PATH")
SET: Final = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "OPENCV_LOG_LEVEL": "OFF",
    # a film may name no further file or address to be read
    "OPENCV_FFMPEG_CAPTURE_OPTIONS": "protocol_whitelist;none|threads;1",
}

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DecoderLimits:
    """Bounds of decoders.

    Attributes:
        processes: at once.
        longest_s: that one medium may take, seconds.
        memory_mib: address space of a process.
        renewed_after: media, so that what a decoder leaks does not add up.
    """

    processes: int = 1
    longest_s: float = 20.0
    memory_mib: int = 2048
    renewed_after: int = 500


class Decoder:
    """A process that decodes one medium at a time. Made by `begin`.

    Attributes:
        decoded: media that it was given.
        is_sound: whether it waits for another; else it can only be ended.
    """

    def __init__(self, process: Process, longest_s: float) -> None:
        if process.stdin is None or process.stdout is None:
            raise ValueError("a decoder's process needs pipes")
        self._process = process
        self._input, self._output = process.stdin, process.stdout
        self._longest_s = longest_s
        self.decoded = 0
        self.is_sound = False

    @classmethod
    async def begin(cls, command: tuple[str, ...], limits: DecoderLimits) -> Self:
        """Begin a process and wait until it is ready.

        Raises:
            OSError: it does not start.
        """
        bounds = (str(limits.memory_mib), str(math.ceil(limits.longest_s + GRACE_S)))
        process = await asyncio.create_subprocess_exec(
            *command, *bounds, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env=environment(os.environ)
        )
        decoder = cls(process, limits.longest_s)
        try:
            with suppress(asyncio.IncompleteReadError, TimeoutError):
                async with asyncio.timeout(START_S):
                    decoder.is_sound = await decoder._output.readexactly(len(READY)) == READY
        finally:
            if not decoder.is_sound:
                await decoder.end()
        if not decoder.is_sound:
            raise OSError(
                f"a decoder of media does not start; see why: {' '.join((*command, *bounds))}"
            )
        return decoder

    async def decode(self, decoding: Decoding, data: bytes) -> NDArray[np.float32]:
        """Features of a medium, as `measured`.

        Raises:
            MediaError: it gives none.
        """
        self.is_sound = False
        self.decoded += 1
        try:
            async with asyncio.timeout(self._longest_s):
                body = await self._ask(decoding, data)
        except TimeoutError as error:
            raise _failed(f"{decoding}: over {self._longest_s:g} s") from error
        except (asyncio.IncompleteReadError, OSError) as error:
            raise _failed(f"{decoding}: the decoder ended") from error
        self.is_sound = True
        return answered(body)

    async def end(self) -> None:
        """End it, whatever it does."""
        if self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.kill()
        self._input.close()
        await self._process.wait()

    async def _ask(self, decoding: Decoding, data: bytes) -> bytes:
        self._input.write(request(decoding, data))
        self._input.write(data)
        await self._input.drain()
        (size,) = ANSWER.unpack(await self._output.readexactly(ANSWER.size))
        if size > ANSWER_MAX_BYTES:
            raise OSError(f"an answer of {size} bytes")
        return await self._output.readexactly(size)


def environment(own: Mapping[str, str]) -> dict[str, str]:
    """The environment of a decoder's process, made of this one's."""
    return {name: own[name] for name in KEPT if name in own} | SET


def _failed(detail: str) -> MediaError:
    logger.warning("media: %s", detail)
    return MediaError(AbsentReason.DECODER_FAILED, detail)

"""Decoders' processes: begun when first needed, ended when they fail, and renewed now and then.

Not for what they do: `decoder` is one of them.
"""

import asyncio
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from connectors.extraction.decoding.decoder import COMMAND, Decoder, DecoderLimits
from connectors.extraction.decoding.protocol import Decoding


class DecoderPool:
    """Decodes media in other processes. A context manager.

    Args:
        limits: of them.
        command: what is run, with memory (MiB) and seconds behind it.
    """

    def __init__(self, limits: DecoderLimits, command: tuple[str, ...] = COMMAND) -> None:
        self._limits = limits
        self._command = command
        self._idle: asyncio.LifoQueue[Decoder | None] = asyncio.LifoQueue()
        for _ in range(limits.processes):
            self._idle.put_nowait(None)

    async def __aenter__(self) -> Self:
        """Nothing is begun yet."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None = None,
        value: BaseException | None = None,
        trace: TracebackType | None = None,
    ) -> None:
        """End every process; nothing may be decoding."""
        while not self._idle.empty():
            decoder = self._idle.get_nowait()
            if decoder is not None:
                await decoder.end()

    async def decode(self, decoding: Decoding, data: bytes) -> NDArray[np.float32]:
        """Features of a medium, as `measured`; waits for a process.

        Raises:
            MediaError: it gives none; decoder_failed where it ended the process or held it up.
            OSError: no process can be begun.
        """
        decoder = await self._idle.get()
        try:
            if decoder is None:
                decoder = await Decoder.begin(self._command, self._limits)
            return await decoder.decode(decoding, data)
        finally:
            await self._put_back(decoder)

    async def _put_back(self, decoder: Decoder | None) -> None:
        """Let the next medium have a process; one in the midst of something is ended.

        That is so where a task is cancelled, and it may be cancelled once more meanwhile.
        """
        if decoder is None or (decoder.is_sound and decoder.decoded < self._limits.renewed_after):
            self._idle.put_nowait(decoder)
            return
        try:
            await decoder.end()
        finally:
            self._idle.put_nowait(None)

"""A TCP proxy in front of a server: it can delay, cut, and lead somewhere else.

Knows nothing of what goes through it.
"""

import asyncio
import contextlib
from types import TracebackType
from typing import Final, Self

from deploy.local.processes import LOCALHOST

CHUNK: Final = 64 * 1024


class Proxy:
    """Leads connections to a port of this machine.

    Args:
        target: the port.

    Attributes:
        port: where it listens itself.
        delay_s: how long an answer is kept back, from now on.
    """

    def __init__(self, target: int) -> None:
        self.port = 0
        self.delay_s = 0.0
        self._target = target
        self._links: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, LOCALHOST, 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.close()
        await self.cut()

    async def lead_to(self, target: int) -> None:
        """New connections go to another port; those that are there are cut."""
        self._target = target
        await self.cut()

    async def cut(self) -> None:
        """End every connection."""
        links, self._links = self._links, set()
        for link in links:
            link.cancel()
        await asyncio.gather(*links, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = asyncio.current_task()
        assert link is not None
        self._links.add(link)
        try:
            with contextlib.suppress(OSError, asyncio.CancelledError):
                await self._lead(reader, writer)
        finally:
            self._links.discard(link)
            writer.close()

    async def _lead(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(LOCALHOST, self._target)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pump(reader, back, answers=False))
                group.create_task(self._pump(there, writer, answers=True))
        except* OSError:
            pass
        finally:
            back.close()

    async def _pump(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, answers: bool
    ) -> None:
        while data := await source.read(CHUNK):
            if answers and self.delay_s:
                await asyncio.sleep(self.delay_s)
            sink.write(data)
            await sink.drain()
        raise ConnectionResetError("one side is gone")  # so that the other is let go as well

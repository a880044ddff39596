"""Pictures on hosts of this machine that take a while to answer, as hosts on the web do.

Not for how fast pictures are decoded: they are small.
"""

import asyncio
import io
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Final

from PIL import Image

AFTER_S: Final = 2.0
HOSTS: Final = 31
"""So many that what may be asked of one host at once is no bound; a prime, so that every n-th post
goes round all of them."""


class SlowPictures:
    """Where the pictures are.

    Args:
        hosts: with their ports.
    """

    def __init__(self, hosts: Sequence[str]) -> None:
        self.hosts = hosts

    def url(self, number: int) -> str:
        """Address of a post's picture."""
        return f"http://{self.hosts[number % len(self.hosts)]}/{number}.png"


@asynccontextmanager
async def slow_pictures() -> AsyncIterator[SlowPictures]:
    """Serve pictures while the block runs, each `AFTER_S` after it was asked for."""
    file = io.BytesIO()
    Image.new("RGB", (64, 48), (9, 99, 9)).save(file, "PNG")
    picture = file.getvalue()
    head = f"Content-Type: image/png\r\nContent-Length: {len(picture)}\r\nConnection: close"

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            await asyncio.sleep(AFTER_S)
            writer.write(f"HTTP/1.1 200 OK\r\n{head}\r\n\r\n".encode() + picture)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, [f"127.0.1.{own + 1}" for own in range(HOSTS)], 0)
    async with server:
        yield SlowPictures(["{}:{}".format(*each.getsockname()) for each in server.sockets])

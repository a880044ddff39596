"""A server on this machine that answers, byte by byte, as a test says; and names that lead there.

Not aiohttp's own server, which refuses to lie.
"""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp.abc import AbstractResolver, ResolveResult

HERE = "127.0.0.1"


@dataclass
class MediaServer:
    """What it answers by path, of which `endless` is repeated; requests it got, paths it sent."""

    port: int = 0
    answers: dict[str, bytes] = field(default_factory=dict)
    endless: dict[str, bytes] = field(default_factory=dict)
    held: set[str] = field(default_factory=set)
    requests: list[bytes] = field(default_factory=list)
    sent: set[str] = field(default_factory=set)
    leave: asyncio.Event = field(default_factory=asyncio.Event)

    def url(self, path: str, host: str = "media.test") -> str:
        return f"http://{host}:{self.port}{path}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            self.requests.append(head)
            path = head.split(b" ")[1].decode()
            writer.write(self.answers.get(path, b"HTTP/1.1 404 Not Found\r\n\r\n"))
            await writer.drain()
            self.sent.add(path)
            if path in self.held:
                await self.leave.wait()
            while more := self.endless.get(path):
                writer.write(more)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def media_server(tls: ssl.SSLContext | None = None) -> AsyncIterator[MediaServer]:
    media = MediaServer()
    server = await asyncio.start_server(media.serve, HERE, 0, ssl=tls)
    media.port = server.sockets[0].getsockname()[1]
    try:
        yield media
    finally:
        media.leave.set()
        server.close()
        await server.wait_closed()


def ok(body: bytes, content_type: str = "image/png", **headers: str) -> bytes:
    lines = {"Content-Type": content_type, "Content-Length": str(len(body))} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    told = "".join(f"{name}: {value}\r\n" for name, value in lines.items() if value)
    return f"HTTP/1.1 200 OK\r\n{told}\r\n".encode() + body


def redirect(to: str, status: int = 302) -> bytes:
    return f"HTTP/1.1 {status} Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n".encode()


class Names(AbstractResolver):
    """Answers a name's addresses in turn, the last for ever; counts what it is asked."""

    def __init__(self, **addresses: str) -> None:
        self._addresses = {name: each.split() for name, each in addresses.items()}
        self.asked: list[str] = []

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_INET,  # noqa: ARG002
    ) -> list[ResolveResult]:
        self.asked.append(host)
        turns = self._addresses.get(host.partition(".")[0])
        if not turns:
            raise OSError(f"{host} is unknown")
        turn = turns.pop(0) if len(turns) > 1 else turns[0]
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in turn.split(",")
        ]

    async def close(self) -> None:
        pass

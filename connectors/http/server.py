"""Runs the HTTP application in a process or beside other work on an event loop."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Final

import uvicorn

from connectors.collector import spare_what_lasts
from connectors.http.app import make_app
from connectors.http.options import ApiOptions

SHUTDOWN_S: Final = 2
BACKLOG: Final = 1024


class CannotListenError(Exception):
    """The address cannot be listened at."""


class ApiServer:
    """A server on a socket that is bound already, so that its address is known before it starts.

    Args:
        options: what it serves.
        host: name or address to listen at.
        port: 0 for any that is free.

    Raises:
        CannotListenError: the address is taken, or not of this machine.
    """

    def __init__(self, options: ApiOptions, host: str, port: int) -> None:
        self._socket = _bound(host, port)
        app, self._end_streams = make_app(options)
        self._config = uvicorn.Config(
            app,
            log_config=None,  # who runs it says how
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=SHUTDOWN_S,
        )

    @property
    def url(self) -> str:
        """Where it can be reached."""
        host, port = self._socket.getsockname()[:2]
        named = {"0.0.0.0": "localhost", "::": "localhost"}.get(host, host)  # noqa: S104
        return f"http://[{named}]:{port}" if ":" in named else f"http://{named}:{port}"

    def run(self) -> None:
        """Serve until SIGINT or SIGTERM."""
        spare_what_lasts()
        _Server(self._config, self._end_streams).run(sockets=[self._socket])

    @contextlib.asynccontextmanager
    async def beside(self) -> AsyncIterator[None]:
        """Serve beside the body, on this event loop; signals stay the caller's."""
        server = _Beside(self._config, self._end_streams)
        serving = asyncio.create_task(server.serve(sockets=[self._socket]))
        try:
            yield
        finally:
            server.should_exit = True
            await serving


class _Server(uvicorn.Server):
    """Ends streams before it waits for connections to end."""

    def __init__(self, config: uvicorn.Config, end_streams: Callable[[], None]) -> None:
        super().__init__(config)
        self._end_streams = end_streams

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop listening, and let what is under way end."""
        self._end_streams()
        await super().shutdown(sockets)


class _Beside(_Server):
    """Leaves signals to who runs the event loop."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(BACKLOG)
    except (OSError, OverflowError) as error:
        listening.close()
        raise CannotListenError(
            f"cannot listen at {host}:{port} ({error}): choose another --port or --host"
        ) from error
    return listening

"""A client that may not build on what a restarted server has lost, against a real Valkey."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import redis.asyncio

from connectors.redis_connection import RedisConnection, ServerChangedError
from deploy.local.processes import ServerProcess
from deploy.local.valkey import STOP_S, start_valkey, wait_for_valkey

pytestmark = pytest.mark.integration


class Server:
    """A Valkey that can be started again on its port."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process = self._started(None)

    @property
    def connection(self) -> RedisConnection:
        return RedisConnection(f"redis://127.0.0.1:{self._process.port}/0")

    def restart(self) -> None:
        self.stop()
        self._process = self._started(self._process.port)

    def stop(self) -> None:
        self._process.stop(STOP_S)

    def _started(self, port: int | None) -> ServerProcess:
        process = start_valkey(self._folder, port)
        wait_for_valkey(process, self._folder)
        return process


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path)
    yield server
    server.stop()


@pytest.fixture
async def client(server: Server) -> AsyncIterator[redis.asyncio.Redis]:
    async with server.connection.open(one_run=True) as client:
        yield client


async def test_after_a_restart_every_call_fails_and_none_has_an_effect(
    server: Server, client: redis.asyncio.Redis
) -> None:
    await client.set("key", "before")
    server.restart()
    for _ in range(2):
        with pytest.raises(ServerChangedError, match="was started again"):
            await client.set("key", "after")
    async with server.connection.open() as other:
        assert await other.get("key") == b"before"


async def test_without_a_restart_new_connections_are_let_in(client: redis.asyncio.Redis) -> None:
    await client.set("key", "value")
    await client.connection_pool.disconnect()
    assert await client.get("key") == b"value"

"""The servers of one run: a Kafka of one broker or three, and a Valkey behind a proxy.

Not for what is done to them: each file of `faults` does one thing.
"""

import asyncio
import contextlib
import os
import shutil
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import psutil

from connectors.redis_connection import RedisConnection
from deploy.local.cluster import KafkaCluster
from deploy.local.jars import fetch_jars
from deploy.local.processes import LOCALHOST, ServerProcess
from deploy.local.progress import silent
from deploy.local.valkey import STOP_S, start_valkey, wait_for_valkey
from tests.chaos.append_only import end_of_last_write
from tests.chaos.proxy import Proxy
from tests.chaos.small_disk import SmallDisk

KILL_S: Final = 10.0


class Valkey:
    """A Valkey that can be killed, emptied and started again on its port.

    Args:
        folder: its data.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process = self._started(None)

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._process.port

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def connection(self) -> RedisConnection:
        """How to reach it past the proxy."""
        return RedisConnection(f"redis://{LOCALHOST}:{self.port}/0")

    def kill(self) -> None:
        """End it as a power cut would; its file stays."""
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(self._process.pid)
            process.send_signal(signal.SIGKILL)
            process.wait(KILL_S)

    def lose_tail(self, count: int) -> None:
        """Lose the last bytes of its file, as when the machine dies before they are synced.

        Not while it runs.
        """
        file = self._file()
        os.truncate(file, max(0, file.stat().st_size - count))

    def lose_after_last(self, key_ending: str) -> None:
        """Lose all that was written after the last write to a key whose name ends so.

        Not while it runs.
        """
        file = self._file()
        os.truncate(file, end_of_last_write(file.read_bytes(), key_ending.encode()))

    def empty(self) -> None:
        """Forget all its data; not while it runs."""
        shutil.rmtree(self._folder / "appendonlydir", ignore_errors=True)

    def start(self) -> None:
        """Start it again on its port."""
        self._process = self._started(self.port)

    def stop(self) -> None:
        """End it."""
        self._process.stop(STOP_S)

    def _file(self) -> Path:
        (newest,) = self._folder.joinpath("appendonlydir").glob("*.incr.aof")
        return newest

    def _started(self, port: int | None) -> ServerProcess:
        process = start_valkey(self._folder, port)
        wait_for_valkey(process, self._folder)
        return process


class Servers:
    """What a run talks to.

    Attributes:
        kafka: the brokers.
        valkey: the server that `redis` leads to at first.
        proxy: between the workers and it.
    """

    def __init__(
        self,
        folder: Path,
        kafka: KafkaCluster,
        valkey: Valkey,
        proxy: Proxy,
        disk: SmallDisk | None,
    ) -> None:
        self.kafka = kafka
        self.valkey = valkey
        self.proxy = proxy
        self._folder = folder
        self._disk = disk
        self._valkeys = [valkey]

    @property
    def redis_url(self) -> str:
        """Where workers find Redis: at the proxy."""
        return f"redis://{LOCALHOST}:{self.proxy.port}/0"

    def disk(self) -> SmallDisk:
        """The small disk that a server of the run writes to.

        Raises:
            ValueError: the run's setup has none.
        """
        if self._disk is None:
            raise ValueError("the run has no small disk: name a server in its setup")
        return self._disk

    async def another_valkey(self) -> Valkey:
        """Start one more, which ends with the run."""
        name = f"valkey-{len(self._valkeys) + 1}"
        valkey = await asyncio.to_thread(Valkey, self._folder / name)
        self._valkeys.append(valkey)
        return valkey

    def stop(self) -> None:
        """End them all."""
        for valkey in self._valkeys:
            valkey.stop()
        self.kafka.stop()


@contextlib.asynccontextmanager
async def running_servers(
    folder: Path, brokers: int, small_disk: str | None = None
) -> AsyncIterator[Servers]:
    """Servers that end with the context.

    Args:
        folder: theirs.
        brokers: of Kafka.
        small_disk: `kafka` or `valkey`: that one gets a disk of its own, a small one.
    """
    with contextlib.ExitStack() as disks:
        disk = SmallDisk(folder / small_disk) if small_disk else None
        if disk is not None:
            disks.callback(disk.unmount)
        async with _started(folder, brokers, disk) as servers:
            yield servers


@contextlib.asynccontextmanager
async def _started(folder: Path, brokers: int, disk: SmallDisk | None) -> AsyncIterator[Servers]:
    classpath = await asyncio.to_thread(fetch_jars, silent)
    valkey = await asyncio.to_thread(Valkey, folder / "valkey")
    async with Proxy(valkey.port) as proxy:
        kafka = KafkaCluster(folder / "kafka", classpath, brokers)
        servers = Servers(folder, kafka, valkey, proxy, disk)
        try:
            await asyncio.to_thread(kafka.start)
            yield servers
        finally:
            await asyncio.to_thread(servers.stop)

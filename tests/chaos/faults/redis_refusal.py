"""Redis refuses to write: its memory is full, or it was made a replica."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

import redis.asyncio

from deploy.local.processes import LOCALHOST
from tests.chaos.scene import EFFECT_WITHIN_S, Scene

HELD_S: Final = 6.0


@dataclass(frozen=True, slots=True)
class RedisOutOfMemory:
    """`maxmemory` is reached, and nothing may be evicted."""

    name: str = "Redis out of memory"

    async def strike(self, scene: Scene) -> None:
        await scene.moment()
        async with scene.servers.valkey.connection.open() as client:
            await client.config_set("maxmemory", "1mb")
            await asyncio.sleep(HELD_S)
            await client.config_set("maxmemory", "0")


@dataclass(frozen=True, slots=True)
class RedisReadOnly:
    """The server that the workers know becomes the replica of another, and a primary again."""

    name: str = "Redis read-only"

    async def strike(self, scene: Scene) -> None:
        scene.terms.scored_again = True  # what it took after the other was in step is gone
        valkey = scene.servers.valkey
        other = await scene.servers.another_valkey()
        async with valkey.connection.open() as client, other.connection.open() as second:
            await second.replicaof(LOCALHOST, valkey.port)
            await scene.until(in_step(second), EFFECT_WITHIN_S)
            await second.replicaof("NO", "ONE")
            await client.replicaof(LOCALHOST, other.port)
            await scene.until(in_step(client), EFFECT_WITHIN_S)
            await asyncio.sleep(HELD_S)
            await client.replicaof("NO", "ONE")


@dataclass(frozen=True, slots=True)
class RedisFailover:
    """The server dies; its replica, a moment behind perhaps, answers at the same address."""

    name: str = "Redis failed over"

    async def strike(self, scene: Scene) -> None:
        scene.terms.scored_again = True
        servers = scene.servers
        other = await servers.another_valkey()
        async with other.connection.open() as second:
            await second.replicaof(LOCALHOST, servers.valkey.port)
            await scene.until(in_step(second), EFFECT_WITHIN_S)
            await scene.moment()
            await asyncio.to_thread(servers.valkey.kill)
            await second.replicaof("NO", "ONE")
        servers.valkey = other
        await servers.proxy.lead_to(other.port)


def in_step(client: redis.asyncio.Redis) -> Callable[[], Awaitable[bool]]:
    """Whether a replica has all that its primary had."""

    async def holds() -> bool:
        about = await client.info("replication")
        return about.get("master_link_status") == "up"

    return holds

"""Redis dies: and comes back whole, without its last moments, or empty."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from tests.chaos.scene import EFFECT_WITHIN_S, Scene
from tests.chaos.servers import Valkey

TAIL_BYTES: Final = (10_000, 80_000)  # of the file, about a second of posts
LAST_POSTS: Final = 20
INTENT: Final = ":intent"  # what the keys of fixed results end with


@dataclass(frozen=True, slots=True)
class RedisRestart:
    """SIGKILL and a restart; all that was written is still there."""

    name: str = "Redis SIGKILL, restart"

    async def strike(self, scene: Scene) -> None:
        valkey = scene.servers.valkey
        await scene.moment()
        await asyncio.to_thread(valkey.kill)
        await asyncio.to_thread(valkey.start)


@dataclass(frozen=True, slots=True)
class RedisLosesTail:
    """The machine dies between two syncs of the file: the last writes are gone.

    Args:
        quiet: nothing is sent meanwhile, so that no call of a worker comes across it.
        noticed_within_s: how long a worker may take to end of it where it is quiet.
    """

    quiet: bool = False
    noticed_within_s: float = EFFECT_WITHIN_S

    @property
    def name(self) -> str:
        return "Redis loses its last second" + (" while nothing flows" if self.quiet else "")

    async def strike(self, scene: Scene) -> None:
        scene.terms.scored_again = True
        await scene.moment()
        if not self.quiet:
            await self._lose(scene)
            return
        async with scene.feed.paused():
            await scene.taken_over()
            await _noticed(scene, self._lose, self.noticed_within_s)

    async def _lose(self, scene: Scene) -> None:
        size = scene.random.randint(*TAIL_BYTES)
        await _restart(scene, lambda valkey: valkey.lose_tail(size))


@dataclass(frozen=True, slots=True)
class RedisLosesCounts:
    """The machine dies, and the file ends between the results of the last batch and its counts."""

    name: str = "Redis loses the counts of a batch, not its results"

    async def strike(self, scene: Scene) -> None:
        async with scene.feed.paused():
            await scene.feed.send(LAST_POSTS)
            await scene.taken_over()
            await _noticed(scene, _lose_counts, EFFECT_WITHIN_S)


@dataclass(frozen=True, slots=True)
class RedisEmpty:
    """It comes back with nothing at all; an operator has the counts made again meanwhile."""

    name: str = "Redis restarted empty, voxpop rebuild"

    async def strike(self, scene: Scene) -> None:
        valkey = scene.servers.valkey
        scene.terms.scored_again = scene.terms.windows_gone = True
        await scene.moment()
        ended, workers = scene.crew.exits.total(), len(scene.crew.running())
        await asyncio.to_thread(valkey.kill)
        await scene.until(_more_ended_than(scene, ended + workers - 1), EFFECT_WITHIN_S)
        valkey.empty()
        await asyncio.to_thread(valkey.start)
        await scene.recover()
        await scene.voxpop("rebuild", "--lower")


async def _lose_counts(scene: Scene) -> None:
    await _restart(scene, lambda valkey: valkey.lose_after_last(INTENT))


async def _restart(scene: Scene, lose: Callable[[Valkey], None]) -> None:
    """Kill the server, have it lose something, and start it again."""
    valkey = scene.servers.valkey
    await asyncio.to_thread(valkey.kill)
    await asyncio.to_thread(lose, valkey)
    await asyncio.to_thread(valkey.start)


async def _noticed(
    scene: Scene, strike: Callable[[Scene], Awaitable[None]], within_s: float
) -> None:
    """Strike, and wait until a worker ended of it.

    Raises:
        TimeoutError: none does.
    """
    ended = scene.crew.exits.total()
    await strike(scene)
    if not await scene.until(_more_ended_than(scene, ended), within_s):
        raise TimeoutError("no worker noticed that Redis was started again")


def _more_ended_than(scene: Scene, number: int) -> Callable[[], Awaitable[bool]]:
    async def ended() -> bool:
        return scene.crew.exits.total() > number

    return ended

"""Downloads at once are bounded in all and by host."""

import asyncio

from connectors.extraction.fetching.slots import HostSlots


async def settled() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_one_host_never_takes_every_place() -> None:
    slots, leave, running = HostSlots(total=3, per_host=2), asyncio.Event(), list[str]()

    async def download(host: str) -> None:
        async with slots.of(host):
            running.append(host)
            await leave.wait()

    async with asyncio.TaskGroup() as group:
        for host in ["a", "a", "a", "b", "c"]:
            group.create_task(download(host))
        await settled()
        assert running == ["a", "a", "b"]
        leave.set()
    assert sorted(running) == ["a", "a", "a", "b", "c"]


async def test_hosts_are_forgotten_when_nobody_uses_them() -> None:
    slots = HostSlots(total=1, per_host=1)
    for number in range(100):
        async with slots.of(f"host{number}"):
            pass
    assert not slots._hosts
    assert not slots._users

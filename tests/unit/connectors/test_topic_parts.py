"""A reader of parts of topics gives back what it holds, however its beginning ends."""

import asyncio

import pytest

from connectors.kafka import parts
from connectors.kafka.connection import KafkaConnection
from connectors.kafka.parts import TopicParts


class SilentConsumer:
    """Never connects; remembers whether it was told to stop."""

    def __init__(self) -> None:
        self.stopped = False

    async def start(self) -> None:
        await asyncio.Event().wait()

    async def stop(self) -> None:
        self.stopped = True


async def test_a_beginning_past_its_deadline_leaves_no_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[SilentConsumer] = []

    def make(**_: object) -> SilentConsumer:
        made.append(SilentConsumer())
        return made[-1]

    monkeypatch.setattr(parts, "AIOKafkaConsumer", make)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01), TopicParts(KafkaConnection("nowhere:9092")):
            pass
    assert [each.stopped for each in made] == [True]

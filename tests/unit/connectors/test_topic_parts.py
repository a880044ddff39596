"""Reading a part of a topic leaves nothing behind, whatever the broker does."""

import asyncio

import pytest

from connectors.kafka.connection import KafkaConnection
from connectors.kafka.parts import TopicParts


async def test_a_broker_that_never_answers_leaves_no_open_consumer_behind() -> None:
    asked = asyncio.Event()

    async def stand_still(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        asked.set()
        await reader.read()
        writer.close()

    server = await asyncio.start_server(stand_still, "127.0.0.1", 0)
    async with server:
        parts = TopicParts(KafkaConnection(f"127.0.0.1:{server.sockets[0].getsockname()[1]}"))
        opening = asyncio.create_task(parts.__aenter__())
        await asyncio.wait_for(asked.wait(), 30)
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening
        assert parts._consumer._closed

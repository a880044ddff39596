"""The fetcher ends in order when its worker is stopped, and not otherwise."""

import asyncio
from types import SimpleNamespace

import pytest

from stream_app.batched_consumer import BatchedConsumer


class ConsumerWithoutThread(BatchedConsumer):
    """Its thread ended under the fetch."""

    should_stop = False

    def __init__(self, *, stopping: bool) -> None:
        self.transport = SimpleNamespace(app=SimpleNamespace(should_stop=stopping))

    async def _drain_once(self) -> None:
        raise asyncio.CancelledError


FETCHER = SimpleNamespace(should_stop=False)


async def test_at_a_stop_the_end_of_the_consumers_thread_is_no_crash() -> None:
    await ConsumerWithoutThread(stopping=True)._drain_messages(FETCHER)


async def test_otherwise_it_ends_the_worker() -> None:
    with pytest.raises(asyncio.CancelledError):
        await ConsumerWithoutThread(stopping=False)._drain_messages(FETCHER)

"""The fetcher ends in order when its worker is stopped, and asks seldom for few records."""

import asyncio
from types import SimpleNamespace

import pytest

from stream_app.batched_consumer import FETCHES_APART_S, BatchedConsumer
from stream_app.core.flow import DECODED_AT_ONCE


class ConsumerWithoutThread(BatchedConsumer):
    """Its thread ended under the fetch."""

    should_stop = False

    def __init__(self, *, stopping: bool) -> None:
        self.transport = SimpleNamespace(app=SimpleNamespace(should_stop=stopping))

    async def _drain_once(self) -> int:
        raise asyncio.CancelledError


FETCHER = SimpleNamespace(should_stop=False)


async def test_at_a_stop_the_end_of_the_consumers_thread_is_no_crash() -> None:
    await ConsumerWithoutThread(stopping=True)._drain_messages(FETCHER)


async def test_otherwise_it_ends_the_worker() -> None:
    with pytest.raises(asyncio.CancelledError):
        await ConsumerWithoutThread(stopping=False)._drain_messages(FETCHER)


class ConsumerOf(BatchedConsumer):
    """Each of its fetches takes some time and brings so many records; then it is stopped."""

    def __init__(self, *brought: int, takes_s: float, now: list[float]) -> None:
        self.transport = SimpleNamespace(app=SimpleNamespace(should_stop=False))
        self._brought = list(brought)
        self._takes_s = takes_s
        self._now = now

    @property
    def should_stop(self) -> bool:
        return not self._brought

    async def _drain_once(self) -> int:
        self._now[0] += self._takes_s
        return self._brought.pop(0)


@pytest.mark.parametrize(
    ("brought", "takes_s", "waits_s"),
    [
        (1, 0.002, FETCHES_APART_S - 0.002),
        (1, 0.5, 0.0),  # it waited for its records
        (DECODED_AT_ONCE, 0.002, 0.0),
        (0, 0.002, 0.0),
    ],
)
async def test_a_fetch_of_few_records_is_not_followed_at_once(
    brought: int, takes_s: float, waits_s: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, waited_s = [100.0], []

    async def sleep(seconds: float) -> None:
        waited_s.append(seconds)

    monkeypatch.setattr("stream_app.batched_consumer.asyncio.sleep", sleep)
    monkeypatch.setattr("stream_app.batched_consumer.time.monotonic", lambda: now[0])
    await ConsumerOf(brought, takes_s=takes_s, now=now)._drain_messages(FETCHER)
    assert waited_s == [pytest.approx(waits_s)]

"""The fetcher ends in order when its worker is stopped, and asks seldom for few records."""

import asyncio
from collections.abc import Coroutine
from types import SimpleNamespace

import pytest
from faust.types import TP

from stream_app.batched_consumer import BatchedConsumer
from stream_app.consumer_thread import Fetched
from stream_app.core.flow import (
    APART_FOR_EACH_S,
    FEW_RECORDS,
    LEAST_APART_S,
    MOST_APART_S,
)


class ConsumerWithoutThread(BatchedConsumer):
    """Its thread ended under the fetch."""

    should_stop = False

    def __init__(self, *, stopping: bool) -> None:
        self.transport = SimpleNamespace(app=SimpleNamespace(should_stop=stopping))

    async def _drain_once(self) -> tuple[int, bool]:
        raise asyncio.CancelledError


FETCHER = SimpleNamespace(should_stop=False)


async def test_at_a_stop_the_end_of_the_consumers_thread_is_no_crash() -> None:
    await ConsumerWithoutThread(stopping=True)._drain_messages(FETCHER)


async def test_otherwise_it_ends_the_worker() -> None:
    with pytest.raises(asyncio.CancelledError):
        await ConsumerWithoutThread(stopping=False)._drain_messages(FETCHER)


class ConsumerOf(BatchedConsumer):
    """Each of its fetches takes some time and brings so many records; then it is stopped."""

    def __init__(self, *brought: int, more: bool, takes_s: float, now: list[float]) -> None:
        self.transport = SimpleNamespace(app=SimpleNamespace(should_stop=False))
        self._brought = list(brought)
        self._takes_s = takes_s
        self._now = now
        self._more = more

    @property
    def should_stop(self) -> bool:
        return not self._brought

    async def _drain_once(self) -> tuple[int, bool]:
        self._now[0] += self._takes_s
        return self._brought.pop(0), self._more


@pytest.mark.parametrize(
    ("brought", "more", "takes_s", "waits_s"),
    [
        (1, False, 0.002, LEAST_APART_S - 0.002),
        (10, False, 0.002, 10 * APART_FOR_EACH_S - 0.002),
        (FEW_RECORDS - 1, False, 0.002, MOST_APART_S - 0.002),
        (1, False, 0.5, 0.0),  # it waited for its records
        (FEW_RECORDS, False, 0.002, 0.0),
        (10, True, 0.002, 0.0),  # they are large, and a backlog
        (0, False, 0.002, 0.0),
    ],
)
async def test_a_fetch_of_few_records_is_not_followed_at_once(
    brought: int, more: bool, takes_s: float, waits_s: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, waited_s = [100.0], []

    async def sleep(seconds: float) -> None:
        waited_s.append(seconds)

    monkeypatch.setattr("stream_app.batched_consumer.asyncio.sleep", sleep)
    monkeypatch.setattr("stream_app.batched_consumer.time.monotonic", lambda: now[0])
    await ConsumerOf(brought, more=more, takes_s=takes_s, now=now)._drain_messages(FETCHER)
    assert waited_s == [pytest.approx(waits_s)]


class ConsumerOfOneFetch(BatchedConsumer):
    """Of two partitions, the flow stopped or not."""

    def __init__(self, *, flows: bool) -> None:
        self.app = SimpleNamespace(
            consumer_generation_id=1, monitor=SimpleNamespace(track_tp_end_offset=self._ignore)
        )
        self.flow_active = flows
        self.suspend_flow = asyncio.Event()
        self.callback = self._take
        self._read_offset: dict[TP, int] = {}
        self.passed_on: list[int] = []

    async def _take(self, message: SimpleNamespace) -> None:
        self.passed_on += [record.offset for record in message.value]

    def _ignore(self, *_: object) -> None:
        pass

    def highwater(self, tp: TP) -> int:  # noqa: ARG002 - Faust's signature
        return 9

    def _to_message(self, tp: TP, record: object) -> SimpleNamespace:  # noqa: ARG002 - as above
        return SimpleNamespace(key=b"k", value=b"v")

    async def wait_first(self, *coros: Coroutine[object, object, object], **_: object) -> None:
        taken, suspended = coros
        await taken
        suspended.close()

    async def perform_seek(self) -> None:
        pass

    async def _wait_next_records(self, timeout: float) -> tuple[dict[TP, Fetched], None]:  # noqa: ASYNC109, ARG002 - as above
        made = [SimpleNamespace(partition=0, offset=at, key=b"k", value=b"v") for at in range(3)]
        return {
            TP("posts", 0): Fetched(made[:2], [None] * 2, more=False),
            TP("posts", 1): Fetched(made[2:], [None], more=True),
        }, None


@pytest.mark.parametrize(
    ("flows", "brought", "passed_on"),
    [(True, (3, True), [0, 1, 2]), (False, (0, False), [])],
)
async def test_a_fetch_tells_how_many_records_it_passed_on(
    flows: bool, brought: tuple[int, bool], passed_on: list[int]
) -> None:
    consumer = ConsumerOfOneFetch(flows=flows)
    assert (await consumer._drain_once(), consumer.passed_on) == (brought, passed_on)

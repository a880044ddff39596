"""What a fetch tells of the records that it brought, and of those that it could not bring."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from types import SimpleNamespace

import pytest
from faust.types import TP

from stream_app.consumer_thread import ConsumerThread
from stream_app.core.falls import Falls

FIRST, SECOND = TP("posts", 0), TP("posts", 1)


class FakeFetcher:
    """Its buffers hold records by offset; taking them moves the positions past them."""

    _closed = False

    def __init__(self, buffered: Mapping[TP, Sequence[int]]) -> None:
        self._buffered = buffered
        self._positions = {
            tp: SimpleNamespace(position=0, has_valid_position=True) for tp in buffered
        }
        assignment = SimpleNamespace(tps=list(buffered), state_value=self._positions.__getitem__)
        self._subscriptions = SimpleNamespace(
            reassignment_in_progress=None,
            subscription=SimpleNamespace(assignment=assignment),
            fetch_context=self._context,
        )

    @contextlib.contextmanager
    def _context(self) -> Iterator[None]:
        yield

    async def fetched_records(
        self, *_: object, **__: object
    ) -> Mapping[TP, Sequence[SimpleNamespace]]:
        for tp, offsets in self._buffered.items():
            self._positions[tp].position = offsets[-1] + 1
        return {
            tp: [SimpleNamespace(offset=at) for at in offsets]
            for tp, offsets in self._buffered.items()
        }


def thread() -> ConsumerThread:
    own = ConsumerThread.__new__(ConsumerThread)
    own._gaps, own._falls, own._assignment = {}, Falls(), None
    own.consumer = SimpleNamespace(flow_active=True)
    return own


@pytest.mark.parametrize(
    ("stable", "more"),
    [
        ({FIRST: 3, SECOND: 2}, [False, False]),
        ({FIRST: 9, SECOND: 2}, [True, False]),  # the fetch was full
        ({FIRST: None, SECOND: -1}, [False, False]),  # brokers that do not say
    ],
)
async def test_a_fetch_tells_whether_the_broker_had_more(
    stable: Mapping[TP, int | None], more: list[bool]
) -> None:
    consumer = SimpleNamespace(
        _fetcher=FakeFetcher({FIRST: [0, 2], SECOND: [0, 1]}),
        _closed=False,
        last_stable_offset=stable.__getitem__,
    )
    fetched = await thread()._fetch_records(consumer, {FIRST, SECOND})
    assert [fetched[tp].more for tp in (FIRST, SECOND)] == more
    assert [len(fetched[tp].records) for tp in (FIRST, SECOND)] == [2, 2]

"""Faust's consumer, with one message of Faust for all that a fetch brought of a partition.

Faust makes a message, an event and several tasks for every record, 60 to 70 microseconds each, and
stops reading for a second once every partition's buffer is full. Here its channel carries lists of
records: what it costs is paid once a fetch, and a full channel makes the next fetch wait. After one
that brought few, all that there were, the next waits a little, so that it brings more.
"""

import asyncio
import time
from typing import Any, Final

from faust.transport.drivers.aiokafka import Consumer
from faust.types import TP

from stream_app.consumer_thread import ConsumerThread, Fetched
from stream_app.core.flow import fetch_pause_s
from stream_app.core.record import Record

FETCH_WAIT_S: Final = 1.0


class BatchedConsumer(Consumer):  # type: ignore[misc]  # Faust ships no usable types
    """A consumer whose messages hold lists of `Record`."""

    def _new_consumer_thread(self) -> ConsumerThread:
        return ConsumerThread(self, loop=self.loop, beacon=self.beacon)

    def on_buffer_full(self, tp: TP) -> None:
        """The channel blocks by itself; Faust would stop fetching the partition."""

    def on_buffer_drop(self, tp: TP) -> None:
        """Nothing was stopped, see `on_buffer_full`."""

    async def _drain_messages(self, fetcher: Any) -> None:
        """Fetch until stopped; Faust calls it once in its fetcher's task."""
        try:
            while not (self.should_stop or fetcher.should_stop):
                began_s = time.monotonic()
                brought, more = await self._drain_once()
                # even for 0 seconds: a fetch that finds records gives nobody else a turn by itself
                await asyncio.sleep(fetch_pause_s(brought, more, time.monotonic() - began_s))
        except (*self.consumer_stopped_errors, asyncio.CancelledError):
            # at a stop the consumer's thread may end under a fetch, which Faust takes for a crash
            if not self.transport.app.should_stop:
                raise

    async def _drain_once(self) -> tuple[int, bool]:
        """Pass on what one fetch brings; returns how many records, and whether more lie there."""
        generation = self.app.consumer_generation_id
        fetched, active = await self._wait_next_records(FETCH_WAIT_S)
        if not self.flow_active:
            await self._seek_back()
            return 0, False
        for tp, brought in (fetched or {}).items():
            if generation != self.app.consumer_generation_id or not self.flow_active:
                return 0, False
            if active is None or tp in active:
                self.app.monitor.track_tp_end_offset(tp, self.highwater(tp))
                last = brought.records[-1]
                message = self._to_message(tp, last)
                message.key, message.value = None, _records(brought, generation)
                await self.wait_first(self.callback(message), self.suspend_flow.wait())
                self._read_offset[tp] = last.offset
        every = (fetched or {}).values()
        return sum(len(own.records) for own in every), any(own.more for own in every)

    async def _seek_back(self) -> None:
        """As Faust does when a fetch returns while the flow is stopped: to what is committed."""
        try:
            await self.perform_seek()
        except self.consumer_stopped_errors:
            raise
        except Exception as error:  # noqa: BLE001 - admission finds whatever hole this leaves
            self.log.warning("seeking back to the commits failed: %r", error)


def _records(fetched: Fetched, generation: int) -> list[Record]:
    return [
        Record(
            partition=record.partition,
            offset=record.offset,
            key=record.key,
            value=record.value,
            generation=generation,
            gap_from=gap_from,
        )
        for record, gap_from in zip(fetched.records, fetched.gaps, strict=True)
    ]

"""Posts handed to the producer and not yet delivered: how many there may be, and which failed.

Not for sending: `producer` does that.
"""

import asyncio
import time
from dataclasses import dataclass

from aiokafka.structs import RecordMetadata

from connectors.kafka.errors import DeliveryError


@dataclass(frozen=True, slots=True)
class Delivery:
    """Where the broker put a post.

    Attributes:
        append_ms: the broker's clock at that moment, Unix milliseconds.
    """

    partition: int
    offset: int
    append_ms: int


class InFlight:
    """Bounds the posts in flight and remembers the failures.

    Args:
        limit: most posts at a time.
        stalled_after_s: how long the broker may take none of them before waiting ends with
            `DeliveryError`; aiokafka itself would try for ever.
        destination: where they go, for the message.
    """

    def __init__(self, limit: int, stalled_after_s: float, destination: str) -> None:
        self._stalled_after_s = stalled_after_s
        self._destination = destination
        self._progress_at = time.monotonic()
        self._slots = asyncio.Semaphore(limit)
        self._pending: dict[asyncio.Future[RecordMetadata], asyncio.Future[Delivery]] = {}
        self._failures: list[BaseException] = []

    async def admit(self) -> None:
        """Take a slot; waits while all are taken. `track` or `give_back` follows.

        Raises:
            DeliveryError: all are taken and the broker takes nothing.
        """
        while self._slots.locked():
            try:
                async with asyncio.timeout(self._patience_s()):
                    await self._slots.acquire()
            except TimeoutError:
                self._check_stall()
            else:
                return
        if not self._pending:
            self._progress_at = time.monotonic()
        await self._slots.acquire()

    def give_back(self) -> None:
        """Free a slot whose post was never sent."""
        self._slots.release()

    def track(self, sent: asyncio.Future[RecordMetadata]) -> asyncio.Future[Delivery]:
        """Follow a post that was sent; its slot is free once it is delivered or has failed.

        Returns:
            A future of the delivery; it fails with `DeliveryError`. Cancelling it changes nothing
            about the post.
        """
        delivery: asyncio.Future[Delivery] = asyncio.get_running_loop().create_future()
        self._pending[sent] = delivery
        sent.add_done_callback(self._settle)
        return delivery

    async def settled(self) -> list[BaseException]:
        """Wait until nothing is in flight.

        Returns:
            Why posts failed since the last call, each once.

        Raises:
            DeliveryError: the broker takes nothing; the posts stay in flight.
        """
        while self._pending:
            done, _ = await asyncio.wait(self._pending, timeout=self._patience_s())
            if not done:
                self._check_stall()
        failures, self._failures = self._failures, []
        return failures

    def abandon(self, cause: DeliveryError) -> None:
        """Fail every delivery still open: its post is no longer tried."""
        for sent, delivery in self._pending.items():
            sent.remove_done_callback(self._settle)
            _fail(delivery, cause)
        self._pending.clear()

    def _patience_s(self) -> float:
        return max(0.0, self._progress_at + self._stalled_after_s - time.monotonic())

    def _check_stall(self) -> None:
        if self._patience_s() == 0:
            raise DeliveryError(
                f"{self._destination} took none of {len(self._pending)} posts in flight for "
                f"{self._stalled_after_s:g} s; they may or may not be there: send them again "
                "once a broker answers"
            )

    def _settle(self, sent: asyncio.Future[RecordMetadata]) -> None:
        self._progress_at = time.monotonic()
        self._slots.release()
        delivery = self._pending.pop(sent)
        failure = sent.exception()
        if failure is not None:
            self._failures.append(failure)
            _fail(delivery, DeliveryError(f"a post was not delivered: {failure!r}"))
        elif not delivery.done():  # else cancelled by who holds it; the post is sent all the same
            record = sent.result()
            delivery.set_result(Delivery(record.partition, record.offset, record.timestamp))


def _fail(delivery: asyncio.Future[Delivery], cause: DeliveryError) -> None:
    if not delivery.done():
        delivery.set_exception(cause)
        delivery.exception()  # seen: `settled` tells of it even where nobody awaits this one

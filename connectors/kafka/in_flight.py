"""Posts handed to the producer and not yet delivered: how many there may be, and which failed.

Not for sending: `producer` does that.
"""

import asyncio
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
    """

    def __init__(self, limit: int) -> None:
        self._slots = asyncio.Semaphore(limit)
        self._pending: set[asyncio.Future[RecordMetadata]] = set()
        self._failures: list[BaseException] = []

    async def admit(self) -> None:
        """Take a slot; waits while all are taken. `track` or `give_back` follows."""
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
        self._pending.add(sent)
        sent.add_done_callback(lambda done: self._settle(done, delivery))
        return delivery

    async def settled(self) -> list[BaseException]:
        """Wait until nothing is in flight.

        Returns:
            Why posts failed since the last call, each once.
        """
        while self._pending:
            await asyncio.wait(self._pending)
        failures, self._failures = self._failures, []
        return failures

    def _settle(
        self, sent: asyncio.Future[RecordMetadata], delivery: asyncio.Future[Delivery]
    ) -> None:
        self._slots.release()
        self._pending.discard(sent)
        failure = sent.exception()
        if failure is not None:
            self._failures.append(failure)
        if delivery.done():  # cancelled by who holds it; the post was sent all the same
            return
        if failure is not None:
            delivery.set_exception(DeliveryError(f"a post was not delivered: {failure!r}"))
            delivery.exception()  # seen: `settled` tells of it even where nobody awaits this one
        else:
            record = sent.result()
            delivery.set_result(Delivery(record.partition, record.offset, record.timestamp))

"""No more posts are in flight than allowed, and no failure is lost."""

import asyncio

import pytest
from aiokafka.structs import RecordMetadata

from connectors.kafka.errors import DeliveryError
from connectors.kafka.in_flight import Delivery, InFlight

Sent = asyncio.Future[RecordMetadata]


def sent() -> Sent:
    return asyncio.get_running_loop().create_future()


def in_flight_of(limit: int, stalled_after_s: float = 30) -> InFlight:
    return InFlight(limit, stalled_after_s, "posts at kafka:9092")


def deliver(post: Sent, offset: int) -> None:
    post.set_result(RecordMetadata("posts", 3, None, offset, 1_764_000_000_000, 1, 0))


async def turn() -> None:
    for _ in range(3):
        await asyncio.sleep(0)


async def test_a_delivery_says_where_and_when() -> None:
    in_flight, post = in_flight_of(1), sent()
    await in_flight.admit()
    delivery = in_flight.track(post)
    deliver(post, 7)
    assert await delivery == Delivery(partition=3, offset=7, append_ms=1_764_000_000_000)
    assert await in_flight.settled() == []


async def test_past_the_limit_admission_waits_for_a_delivery() -> None:
    in_flight, posts = in_flight_of(2), [sent(), sent()]
    for post in posts:
        await in_flight.admit()
        in_flight.track(post)
    waiting = asyncio.create_task(in_flight.admit())
    await turn()
    assert not waiting.done()
    deliver(posts[0], 0)
    await asyncio.wait_for(waiting, 1)


async def test_a_failed_post_and_one_never_sent_free_their_slots() -> None:
    in_flight, post = in_flight_of(1), sent()
    await in_flight.admit()
    in_flight.track(post)
    post.set_exception(OSError("gone"))
    await asyncio.wait_for(in_flight.admit(), 1)
    in_flight.give_back()
    await asyncio.wait_for(in_flight.admit(), 1)


async def test_failures_are_told_once_and_also_to_who_awaits_the_post() -> None:
    in_flight, post = in_flight_of(2), sent()
    await in_flight.admit()
    delivery = in_flight.track(post)
    gone = OSError("gone")
    post.set_exception(gone)
    with pytest.raises(DeliveryError, match="gone"):
        await delivery
    assert await in_flight.settled() == [gone]
    assert await in_flight.settled() == []


async def test_settling_waits_for_every_post() -> None:
    in_flight, post = in_flight_of(1), sent()
    await in_flight.admit()
    in_flight.track(post)
    settling = asyncio.create_task(in_flight.settled())
    await turn()
    assert not settling.done()
    deliver(post, 1)
    assert await asyncio.wait_for(settling, 1) == []


async def test_a_cancelled_delivery_is_still_waited_for_and_its_failure_kept() -> None:
    in_flight, post = in_flight_of(1), sent()
    await in_flight.admit()
    in_flight.track(post).cancel()
    settling = asyncio.create_task(in_flight.settled())
    await turn()
    assert not settling.done()
    post.set_exception(OSError("gone"))
    assert len(await asyncio.wait_for(settling, 1)) == 1


async def test_a_broker_that_takes_nothing_ends_the_waiting() -> None:
    in_flight, post = in_flight_of(1, stalled_after_s=0.05), sent()
    await in_flight.admit()
    in_flight.track(post)
    for waiting in (in_flight.admit(), in_flight.settled()):
        with pytest.raises(DeliveryError, match="posts at kafka:9092 took none of 1 posts"):
            await asyncio.wait_for(waiting, 5)
    deliver(post, 1)
    await asyncio.wait_for(in_flight.admit(), 1)
    assert await in_flight.settled() == []


async def test_a_slow_broker_is_not_taken_for_a_stalled_one() -> None:
    in_flight, posts = in_flight_of(5, stalled_after_s=0.2), [sent() for _ in range(5)]
    for post in posts:
        await in_flight.admit()
        in_flight.track(post)
    settling = asyncio.create_task(in_flight.settled())
    for offset, post in enumerate(posts):
        await asyncio.wait([settling], timeout=0.1)
        deliver(post, offset)
    assert await settling == []


async def test_abandoned_posts_fail_for_who_awaits_them() -> None:
    in_flight, post = in_flight_of(1), sent()
    await in_flight.admit()
    delivery = in_flight.track(post)
    in_flight.abandon(DeliveryError("no broker"))
    with pytest.raises(DeliveryError, match="no broker"):
        await delivery
    deliver(post, 1)
    assert await in_flight.settled() == []

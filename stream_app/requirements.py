"""What a worker must find before it joins its group: topics, rights, Redis.

Not for `voxpop doctor`, which looks at the machine as well and goes on after a fault.
"""

import redis.exceptions

from connectors.kafka.connection import KafkaConnection
from connectors.kafka.errors import KafkaConnectorError, NotAllowedError
from connectors.kafka.metadata import describe_topics
from connectors.kafka.rights import RIGHTS, Role, missing_for_group, missing_for_topics
from connectors.redis_connection import RedisConnection
from connectors.redis_problems import redis_problem
from connectors.redis_rights import missing_for_worker
from stream_app.exits import CannotGoOn, ExitCode


async def require_topics(connection: KafkaConnection, role: Role, prefix: str, group: str) -> None:
    """Raise unless the topics of a role are there and may be used.

    Args:
        connection: how to reach the brokers.
        role: what the worker is to Kafka.
        prefix: stands before the names of topics.
        group: of the scoring workers, prefix included.

    Raises:
        CannotGoOn: one is missing, a right is, or no broker answers.
    """
    topics = [prefix + right.name for right in RIGHTS[role] if right.resource == "topic"]
    try:
        found = await describe_topics(connection, topics)
        if missing := [topic for topic in topics if topic not in found]:
            raise CannotGoOn(
                ExitCode.NOT_READY,
                f"topics {', '.join(missing)} are missing; make them with `voxpop topics create`",
            )
        rights = missing_for_topics(role, found, prefix)
        rights += await missing_for_group(connection, role, group)
        if rights:
            raise NotAllowedError(connection.bootstrap_servers, ", ".join(rights))
    except KafkaConnectorError as error:
        raise CannotGoOn(ExitCode.NOT_READY, str(error)) from error


async def require_redis(connection: RedisConnection, namespace: str) -> None:
    """Raise unless Redis answers and lets a worker do its work.

    Raises:
        CannotGoOn: it does not.
    """
    try:
        async with connection.open() as client:
            missing = await missing_for_worker(client, namespace)
    except redis.exceptions.RedisError as error:
        raise CannotGoOn(ExitCode.NOT_READY, redis_problem(error, connection.address)) from error
    if missing:
        raise CannotGoOn(
            ExitCode.NOT_READY,
            f"Redis at {connection.address}: the user in VOXPOP_REDIS may not "
            f"{', '.join(missing)}; docs/security.md has the rule for a worker",
        )

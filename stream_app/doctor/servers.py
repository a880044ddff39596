"""Checks of what Voxpop works with: Kafka and its topics, Redis, the model and its device."""

import asyncio
import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import redis.exceptions

from connectors.kafka.errors import BrokerRefusesError, KafkaConnectorError, NotAllowedError
from connectors.kafka.metadata import describe_topics
from connectors.kafka.rights import Role, missing_for_group, missing_for_topics
from connectors.kafka.topics import TopicSpec, topic_differences, voxpop_topics
from connectors.redis_problems import redis_problem
from connectors.redis_rights import missing_for_worker
from stream_app.doctor.finding import Finding
from stream_app.doctor.packages import INSTALL
from stream_app.settings import Settings

OLDEST_REDIS = 7
KAFKA_ROLES: Final[Mapping[str, Role]] = {"score": "worker", "extract": "extractor"}
SECURITY = "docs/security.md lists what each role needs"


def kafka(settings: Settings) -> Iterator[Finding]:
    """Whether Kafka answers, its topics are as they should be, and a worker may use them."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # it is said better below
    wanted = voxpop_topics(
        settings.topic_prefix,
        1,
        post_max_bytes=settings.post_max_bytes,
        predictions_retention_days=None,  # how long these are kept is the operator's to choose
        dead_letters_retention_days=None,
        raw_posts_retention_days=None,
    )
    try:
        differences, missing = asyncio.run(_kafka(settings, wanted))
    except (BrokerRefusesError, NotAllowedError) as error:
        yield Finding("kafka", "fail", "does not let this client do its work", str(error))
        return
    except KafkaConnectorError as error:
        yield Finding("kafka", "fail", "does not answer", str(error))
        return
    yield Finding("kafka", "ok", f"answers at {settings.kafka}")
    if differences:
        remedy = "`voxpop topics create` makes what is missing; the rest is said beside it"
        yield Finding("topics", "fail", "; ".join(differences), remedy)
    else:
        yield Finding("topics", "ok", f"all {len(wanted)} as they should be")
    if missing:
        detail = f"a worker that {settings.role}s may not {', '.join(missing)}"
        yield Finding("kafka acls", "fail", detail, SECURITY)


async def _kafka(settings: Settings, wanted: Sequence[TopicSpec]) -> tuple[list[str], list[str]]:
    """How topics differ from what is wanted, and what a worker may not do."""
    connection, prefix = settings.kafka_connection(), settings.topic_prefix
    differences = await topic_differences(connection, wanted)
    described = await describe_topics(connection, [spec.name for spec in wanted])
    role = KAFKA_ROLES[settings.role]
    missing = missing_for_topics(role, described, prefix)
    group = settings.topic(settings.group)
    return differences, missing + await missing_for_group(connection, role, group)


def redis_server(settings: Settings) -> Iterator[Finding]:
    """Whether Redis answers, is new enough, evicts nothing, and lets a worker do its work."""
    yield from asyncio.run(_redis(settings))


async def _redis(settings: Settings) -> list[Finding]:
    connection = settings.redis_connection()
    found: list[Finding] = []
    async with connection.open() as client:
        try:
            about = await client.info()
            found += [_redis_version(about, connection.address), _eviction(about)]
            missing = await missing_for_worker(client, settings.namespace())
        except redis.exceptions.RedisError as error:
            what, _, remedy = redis_problem(error, connection.address).partition(": ")
            return [*found, Finding("redis", "fail", what, remedy)]
    return [*found, _rights(missing)]


def model(settings: Settings) -> Finding:
    """Whether the model loads, and where it runs.

    Not for an installation without it, as the image `reader` is.
    """
    from models.errors import ModelError  # noqa: PLC0415 - torch, the slowest of all

    try:
        engine = settings.load_engine()
    except ModuleNotFoundError as error:
        return Finding("model", "fail", f"{error.name} is not installed", INSTALL)
    except ModelError as error:
        remedy = "unset VOXPOP_MODEL to use the shipped one, VOXPOP_ENGINE to use what scores it"
        return Finding("model", "fail", str(error), remedy)
    detail = f"{engine.version} for {engine.feature_set} on {engine.device}"
    if settings.device == "cuda" != engine.device:
        remedy = "the warning above says why; VOXPOP_DEVICE=auto takes what is there"
        return Finding("model", "warn", detail, remedy)
    return Finding("model", "ok", detail)


def text_encoder(settings: Settings) -> Finding:
    """Whether the text encoder of a worker that extracts loads."""
    from models.errors import CheckpointError, ModelError  # noqa: PLC0415 - seconds
    from models.text_encoder import load_text_encoder  # noqa: PLC0415

    try:
        encoder = load_text_encoder(settings.model, settings.threads)
    except (CheckpointError, ModelError) as error:
        return Finding("encoder", "fail", str(error), "unset VOXPOP_MODEL to use the shipped one")
    return Finding("encoder", "ok", encoder.name)


def _redis_version(about: Mapping[str, Any], address: str) -> Finding:
    found = str(about["redis_version"])
    name = f"Valkey {about['valkey_version']}" if "valkey_version" in about else f"Redis {found}"
    if int(found.split(".", maxsplit=1)[0]) < OLDEST_REDIS:
        return Finding("redis", "fail", f"{name} at {address}", "Redis 7 or Valkey 8 is needed")
    return Finding("redis", "ok", f"{name} at {address}")


def _eviction(about: Mapping[str, Any]) -> Finding:
    policy = about["maxmemory_policy"]
    if policy == "noeviction":
        return Finding("redis keys", "ok", "nothing is evicted")
    detail = f"maxmemory-policy is {policy}: counts may vanish"
    return Finding("redis keys", "fail", detail, "CONFIG SET maxmemory-policy noeviction")


def _rights(missing: Sequence[str]) -> Finding:
    if not missing:
        return Finding("redis lua", "ok", "scripts run, and may do all that a worker does")
    detail = f"a worker may not {', '.join(missing)}"
    return Finding("redis lua", "fail", detail, SECURITY)

"""Checks of what Voxpop works with: Kafka and its topics, Redis, the model and its device."""

import asyncio
import logging
from collections.abc import Iterator
from typing import Any

import redis
import redis.exceptions

from connectors.kafka.errors import KafkaConnectorError
from connectors.kafka.topics import topic_differences, voxpop_topics
from stream_app.doctor.finding import Finding
from stream_app.settings import Settings

OLDEST_REDIS = 7
START = "`voxpop stack up` starts one; or point VOXPOP_REDIS at yours"


def kafka(settings: Settings) -> Iterator[Finding]:
    """Whether Kafka answers, and its topics are as they should be."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # it is said better below
    wanted = voxpop_topics(settings.topic_prefix, 1, post_max_bytes=settings.post_max_bytes)
    try:
        differences = asyncio.run(topic_differences(settings.kafka_connection(), wanted))
    except KafkaConnectorError as error:
        yield Finding("kafka", "fail", "does not answer", str(error))
        return
    yield Finding("kafka", "ok", f"answers at {settings.kafka}")
    if differences:
        remedy = "`voxpop topics create` makes what is missing; the rest is said beside it"
        yield Finding("topics", "fail", "; ".join(differences), remedy)
    else:
        yield Finding("topics", "ok", f"all {len(wanted)} as they should be")


def redis_server(settings: Settings) -> Iterator[Finding]:
    """Whether Redis answers, is new enough, evicts nothing and runs Lua."""
    connection = settings.redis_connection()
    with connection.open_sync() as client:
        try:
            yield _redis_version(client, connection.address)
            yield _eviction(client)
            client.eval("return 1", 0)
        except redis.exceptions.NoPermissionError as error:
            yield Finding("redis", "fail", f"the user may not: {error}", "grant it EVAL and INFO")
        except redis.exceptions.RedisError as error:
            detail = f"{connection.address} does not answer: {error}"
            yield Finding("redis", "fail", detail, START)
        else:
            yield Finding("redis lua", "ok", "scripts run")


def model(settings: Settings) -> Finding:
    """Whether the model loads, and where it runs."""
    from models.device import choose_device  # noqa: PLC0415 - torch, the slowest of all
    from models.errors import ModelError  # noqa: PLC0415

    try:
        engine = settings.load_engine()
    except ModelError as error:
        remedy = "unset VOXPOP_MODEL to use the shipped one, VOXPOP_DEVICE to use what is there"
        return Finding("model", "fail", str(error), remedy)
    device = choose_device(settings.device)
    return Finding("model", "ok", f"{engine.version} for {engine.feature_set} on {device}")


def _redis_version(client: redis.Redis, address: str) -> Finding:
    about: dict[str, Any] = client.info("server")
    found = str(about["redis_version"])
    name = f"Valkey {about['valkey_version']}" if "valkey_version" in about else f"Redis {found}"
    if int(found.split(".", maxsplit=1)[0]) < OLDEST_REDIS:
        return Finding("redis", "fail", f"{name} at {address}", "Redis 7 or Valkey 8 is needed")
    return Finding("redis", "ok", f"{name} at {address}")


def _eviction(client: redis.Redis) -> Finding:
    try:
        policy = _text(client.config_get("maxmemory-policy"))
    except redis.exceptions.ResponseError:
        remedy = "see to it that maxmemory-policy is noeviction"
        return Finding("redis keys", "warn", "the eviction policy may not be read", remedy)
    if policy == "noeviction":
        return Finding("redis keys", "ok", "nothing is evicted")
    detail = f"maxmemory-policy is {policy}: counts may vanish"
    return Finding("redis keys", "fail", detail, "CONFIG SET maxmemory-policy noeviction")


def _text(answer: dict[Any, Any]) -> str:
    (value,) = answer.values()
    return value.decode() if isinstance(value, bytes) else str(value)

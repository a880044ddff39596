"""Malformed posts through Kafka and a worker: none is lost, and the worker goes on."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from deploy.local import Endpoints
from stream_app.settings import Settings
from tests.fuzz.through_kafka import through_kafka

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]

POSTS = 1500
OVERSIZED = 2
MOST_GROWN_MIB = 400  # what waits before the worker and in it, of posts of a mebibyte


async def test_every_malformed_post_is_rejected_or_predicted(
    stack: Endpoints, prefix: str, tmp_path: Path
) -> None:
    settings = Settings(kafka=stack.kafka, redis=SecretStr(stack.redis), topic_prefix=prefix)
    report = await through_kafka(settings, tmp_path / "run", 11, POSTS, OVERSIZED)
    assert (report.lost, report.both, report.senseless, report.restarts) == (0, 0, 0, 0)
    assert report.sent == sum(report.reasons.values()) + report.predictions == POSTS
    assert "poison" not in report.reasons
    assert report.refused == OVERSIZED
    assert report.memory_mib - report.first_memory_mib < MOST_GROWN_MIB

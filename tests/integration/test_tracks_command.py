"""`voxpop produce` gives raw posts the tracks whose rules hold."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import orjson
import pytest

from connectors.kafka.connection import KafkaConnection
from connectors.kafka.reading import read_topic
from connectors.kafka.topics import TopicSpec, create_topics
from connectors.schemas.post import JsonObject
from deploy.local import Endpoints

pytestmark = pytest.mark.integration

VOXPOP = str(Path(sys.executable).with_name("voxpop"))


async def test_raw_posts_are_sent_with_their_tracks(
    stack: Endpoints, settings_env: Mapping[str, str], prefix: str, tmp_path: Path
) -> None:
    kafka = KafkaConnection(stack.kafka)
    await create_topics(kafka, [TopicSpec(f"{prefix}posts", 1)])
    rules, posts = tmp_path / "tracks.yaml", tmp_path / "posts.jsonl"
    rules.write_text("tracks:\n  acme: acme NOT author:bot\n  globex: '#globex lang:en'\n")
    common: JsonObject = {"conversation_id": "c", "platform": "reddit", "created_at": time.time()}
    lines: list[JsonObject] = [
        {"text": "ACME!", "tracks": ["own"]},
        {"text": "acme #Globex", "lang": "en-GB"},
        {"text": "acme", "author_id": "Bot"},
    ]
    documents = [common | {"post_id": f"p{at}"} | own for at, own in enumerate(lines)]
    posts.write_bytes(b"\n".join(map(orjson.dumps, documents)))
    environment = {**os.environ, **settings_env, "VOXPOP_TRACKS": str(rules)}

    def produce() -> subprocess.CompletedProcess[str]:
        command = [VOXPOP, "produce", str(posts)]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    assert produce().returncode == 0
    values = [record.value or b"" async for record in read_topic(kafka, f"{prefix}posts")]
    assert [orjson.loads(value)["tracks"] for value in values] == [
        ["own", "acme"],
        ["acme", "globex"],
        [],
    ]
    rules.write_text("tracks:\n  acme: (acme\n")
    refused = produce()
    assert refused.returncode == 1
    assert f"{rules}:2:9: this parenthesis is never closed" in refused.stderr

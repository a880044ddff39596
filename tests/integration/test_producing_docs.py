"""The examples of docs/producing.md do what it says."""

import asyncio
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from connectors.kafka.connection import KafkaConnection
from connectors.kafka.reading import read_topic
from connectors.kafka.topics import create_topics, voxpop_topics
from connectors.schemas.tensors import decode_tensor
from deploy.local import Endpoints

pytestmark = pytest.mark.integration

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "producing.md").read_text()


def example(language: str) -> str:
    (block,) = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return str(block)


async def test_the_ten_lines_send_a_post(stack: Endpoints, prefix: str) -> None:
    connection = KafkaConnection(stack.kafka)
    await create_topics(connection, voxpop_topics(prefix, partitions=1))
    address = 'KafkaConnection(os.environ["VOXPOP_KAFKA"])'
    program = example("python").replace(address, f'{address}, topic="{prefix}posts"')
    await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={**os.environ, "VOXPOP_KAFKA": stack.kafka},
        check=True,
        timeout=60,
    )
    (record,) = [each async for each in read_topic(connection, f"{prefix}posts")]
    assert record.key == b"c9"


def test_both_forms_of_the_tensor_are_the_same_tensor() -> None:
    (rows,) = re.findall(r"`(\[\[.*?\]\])`", PAGE)
    compact, plain = (
        decode_tensor(document, where="docs", width=8, max_steps=128)
        for document in (json.loads(example("json")), json.loads(rows))
    )
    assert (compact == plain).all()

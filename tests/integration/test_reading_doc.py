"""The Python examples of docs/reading.md run as they stand, but for the prefix."""

import asyncio
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
import redis.asyncio

from connectors.trends.layout import TrendLayout
from connectors.trends.sink import TrendSink
from tests.conftest import PredictionMaker

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]
PROGRAMS = re.findall(r"```python\n(.*?)```", (ROOT / "docs/reading.md").read_text(), re.DOTALL)
EXAMPLES = [program for program in PROGRAMS if "TrendLayout()" in program]


def test_there_is_an_example_with_and_without_an_event_loop() -> None:
    assert ["asyncio" in example for example in EXAMPLES] == [True, False]


@pytest.mark.parametrize("example", EXAMPLES, ids=["async", "sync"])
async def test_an_example_prints_what_was_counted(
    example: str,
    valkey: redis.asyncio.Redis,
    valkey_url: str,
    namespace: str,
    predict: PredictionMaker,
) -> None:
    posts = [predict(at, ["acme"], time.time(), sentiment=0) for at in range(7)]
    await TrendSink(valkey, TrendLayout(namespace)).apply({"posts@id-1:0": posts})
    code = example.replace("TrendLayout()", f"TrendLayout({namespace!r})")
    assert re.search(r"\b7\b", await asyncio.to_thread(run, code, valkey_url))


def run(code: str, redis_url: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "VOXPOP_REDIS": redis_url},
        check=True,
        capture_output=True,
        text=True,
    ).stdout

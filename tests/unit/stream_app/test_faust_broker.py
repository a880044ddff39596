"""A broker that neither takes nor refuses a commit ends the worker."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from connectors.kafka.connection import KafkaConnection
from stream_app.exits import CannotGoOn, ExitCode
from stream_app.faust_broker import FaustBroker


async def never(*_: Any) -> bool:
    await asyncio.Event().wait()
    return True


async def test_a_commit_that_is_stuck_ends_the_worker() -> None:
    consumer = SimpleNamespace(commit=never)
    thread = SimpleNamespace(_ensure_consumer=lambda: consumer, call_thread=never)
    app = SimpleNamespace(consumer=SimpleNamespace(_thread=thread))
    broker = FaustBroker(app, KafkaConnection("nowhere:1"), "posts", answer_timeout_s=0.05)
    with pytest.raises(CannotGoOn, match="did not answer") as end:
        await broker.commit({0: 5}, "id-1")
    assert end.value.code == ExitCode.COMMIT_FAILED

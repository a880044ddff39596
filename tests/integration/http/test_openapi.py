"""The server keeps what its OpenAPI document says, whatever is asked."""

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import schemathesis
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from connectors.http.options import ApiOptions
from connectors.http.server import ApiServer
from connectors.redis_connection import RedisConnection
from connectors.trends.layout import TrendLayout
from connectors.trends.sink import TrendSink
from tests.conftest import PredictionMaker

pytestmark = pytest.mark.integration

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


@contextmanager
def running(options: ApiOptions) -> Iterator[str]:
    """A server on a thread of its own, since what asks it has no event loop."""
    server = ApiServer(options, "127.0.0.1", 0)
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    async def serve() -> None:
        async with server.beside():
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    try:
        yield server.url
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()


@pytest.fixture
def url(valkey_url: str, namespace: str, predict: PredictionMaker) -> Iterator[str]:
    """Of a server that has two tracks."""
    options = ApiOptions(redis=RedisConnection(valkey_url), layout=TrendLayout(namespace))

    async def count() -> None:
        async with options.redis.open() as client:
            now = time.time()
            posts = [predict(at, ["acme", "a/b"], now - 60 * at) for at in range(50)]
            await TrendSink(client, options.layout).apply({"posts@id-1:0": posts})

    asyncio.run(count())
    with running(options) as url:
        yield url


def test_whatever_is_asked_is_answered_as_the_document_says(url: str) -> None:
    document = schemathesis.openapi.from_url(f"{url}/openapi.json")
    asked = set()
    # a stream has no end; `test_stream_route` follows it
    for found in document.exclude(path="/api/v1/stream").get_all_operations():
        assert isinstance(found, Ok)
        ask(found.ok().as_strategy())
        asked.add(found.ok().path)
    assert {"/api/v1/tracks", "/api/v1/trends/{track}", "/metrics"} <= asked


def ask(cases: SearchStrategy[Any]) -> None:
    """Ask for what the document allows, many times over."""

    @given(cases, st.booleans())
    @settings(max_examples=25, deadline=None, derandomize=True, database=None)
    def answered(case: Any, known: bool) -> None:
        if known and "track" in case.path_parameters:
            case.path_parameters["track"] = "acme"  # else hardly any would be found
        case.call_and_validate(checks=CHECKS)

    answered()

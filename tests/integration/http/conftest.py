"""A real server over a real Valkey, and somebody who asks it."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from connectors.http.options import ApiOptions
from connectors.http.server import ApiServer
from connectors.redis_connection import RedisConnection
from connectors.trends.layout import TrendLayout


@pytest.fixture
def options(valkey_url: str, namespace: str) -> ApiOptions:
    """Of an open server over the keys of one test."""
    return ApiOptions(redis=RedisConnection(valkey_url), layout=TrendLayout(namespace))


@pytest.fixture
async def api(options: ApiOptions) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a server with `options`."""
    server = ApiServer(options, "127.0.0.1", 0)
    async with server.beside(), httpx.AsyncClient(base_url=server.url) as client:
        yield client


def problem(answer: httpx.Response) -> tuple[int, str, Any]:
    """Status, kind and detail of a problem document."""
    assert answer.headers["content-type"] == "application/problem+json"
    document = answer.json()
    assert document["status"] == answer.status_code
    kind = document["type"].removeprefix("urn:voxpop:problem:")
    return answer.status_code, kind, document["detail"]

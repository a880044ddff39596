"""A real server over a real Valkey, and somebody who asks it."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from connectors.http.options import ApiOptions
from connectors.http.server import ApiServer
from connectors.redis_connection import RedisConnection
from connectors.schemas.alert import Alert
from connectors.trends.layout import TrendLayout

WITHIN_S = 20
Event = tuple[str, str, Any]  # id, kind, data


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


@contextlib.asynccontextmanager
async def following(
    api: httpx.AsyncClient, last_event_id: str | None = None, **query: Any
) -> AsyncIterator[AsyncIterator[Event]]:
    """Events of the stream, as they come."""
    headers = {} if last_event_id is None else {"Last-Event-ID": last_event_id}
    async with (
        asyncio.timeout(WITHIN_S),
        api.stream("GET", "/api/v1/stream", params=query, headers=headers) as answer,
    ):
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield events(answer)


async def events(answer: httpx.Response) -> AsyncIterator[Event]:
    fields: dict[str, str] = {}
    async for line in answer.aiter_lines():
        name, _, value = line.partition(": ")
        if name:
            fields[name] = value
        elif line == "" and "event" in fields:
            yield fields["id"], fields["event"], json.loads(fields["data"])
            fields = {}


async def next_of(found: AsyncIterator[Event], *kinds: str) -> Event:
    """The next event of these kinds."""
    async for event in found:
        if event[1] in kinds:
            return event
    raise AssertionError("the stream ended")


def make_alert(track: str, raised_at: int) -> Alert:
    """An alert of negative posts on a track."""
    return Alert.model_validate(
        {
            "alert_id": f"{track}-{raised_at}",
            "state": "raised",
            "track": track,
            "kind": "sentiment",
            "label": "negative",
            "direction": "up",
            "since": raised_at - 60.0,
            "raised_at": raised_at,
            "ended_at": None,
            "window_s": 300,
            "posts": 120,
            "observed": 0.6,
            "expected": 0.2,
            "change": {"form": "difference", "value": 0.4, "low": 0.3, "high": 0.5},
            "p_value": 1e-9,
            "q_value": 1e-8,
            "summary": f"{track}: negative 60 % of posts, usually 20 %",
            "evidence": {"platforms": [], "modalities": [], "words": [], "posts": []},
        }
    )

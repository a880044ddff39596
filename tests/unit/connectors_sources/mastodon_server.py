"""Statuses as a Mastodon server gives them, and a stream of its events by a script."""

import asyncio
from typing import Any

import orjson
from aiohttp import web

from tests.unit.connectors_sources.http_platform import Answerer

HEARTBEAT_S = 0.05
BASE = 115_605_504_000_000_000  # a snowflake of November 2025
STREAM = "/api/v1/streaming/public"
TIMELINE = "/api/v1/timelines/public"
STATUSES = "/api/v1/statuses"


def status_id(number: int) -> str:
    return str(BASE + number)


def status(number: int, content: str = "<p>I love acme</p>", **fields: Any) -> dict[str, Any]:
    return {
        "id": status_id(number),
        "created_at": "2025-11-24T16:00:00.250Z",
        "in_reply_to_id": None,
        "in_reply_to_account_id": None,
        "sensitive": False,
        "spoiler_text": "",
        "visibility": "public",
        "language": "en",
        "uri": f"https://elsewhere.example/users/ann/statuses/{number}",
        "url": f"https://elsewhere.example/@ann/{number}",
        "replies_count": 0,
        "reblogs_count": 0,
        "edited_at": None,
        "content": content,
        "reblog": None,
        "account": {
            "id": "9",
            "acct": "ann@elsewhere.example",
            "url": "https://elsewhere.example/@ann",
        },
        "media_attachments": [],
        "mentions": [],
        "tags": [],
        "emojis": [],
    } | fields


def update(number: int, content: str = "<p>I love acme</p>", **fields: Any) -> tuple[str, str]:
    return "update", orjson.dumps(status(number, content, **fields)).decode()


def edit(number: int) -> tuple[str, str]:
    fields = {"edited_at": "2025-11-24T17:00:00.000Z"}
    return "status.update", orjson.dumps(status(number, "<p>changed</p>", **fields)).decode()


def stream(*events: tuple[str, str], stay: bool = True) -> Answerer:
    """An answer that sends events with heartbeats between, then stays silent or breaks off."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        await response.write(b":)\n\n")
        for event, data in events:
            await response.write(f"event: {event}\ndata: {data}\n\n:thump\n\n".encode())
        while stay and request.transport is not None:
            await response.write(b":thump\n\n")
            await asyncio.sleep(HEARTBEAT_S)
        if request.transport is not None:
            request.transport.abort()
        return response

    return answer

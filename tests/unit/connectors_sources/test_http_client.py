"""A client that waits where it is asked to, and tries again what may pass."""

import asyncio
import time
from typing import Any

import pytest
from aiohttp import web

from connectors.sources.backoff import Backoff
from connectors.sources.errors import SourceError, SourceRefusedError
from connectors.sources.http_client import PoliteClient
from tests.unit.connectors_sources.http_platform import Answer, HttpPlatform, http_platform

Waits = list[float]


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> Waits:
    """What was slept, for half a second or more, and not slept."""
    slept, sleep = Waits(), asyncio.sleep

    async def note(delay_s: float) -> None:
        if delay_s >= 0.5:
            slept.append(delay_s)
        await sleep(0)

    monkeypatch.setattr(asyncio, "sleep", note)
    return slept


async def asked(server: HttpPlatform, path: str = "/x", times: int = 1, **options: Any) -> bytes:
    options = {"backoff": Backoff(0.01, 0.02)} | options
    async with PoliteClient(**options) as client:
        answers = [await client.get(f"{server.url}{path}?key=s3cret") for _ in range(times)]
    return answers[-1].content


async def test_what_may_pass_is_tried_again_as_late_as_the_server_wants(waits: Waits) -> None:
    answers = [
        Answer(status=503, headers={"Retry-After": "30"}),
        Answer(status=429, headers={"Retry-After": "60"}),
        Answer(status=403, headers={"Retry-After": "90"}),
        Answer(status=500),
        Answer("fine"),
    ]
    async with http_platform({"/x": answers}) as server:
        assert await asked(server) == b"fine"
    assert [round(wait_s) for wait_s in waits] == [30, 60, 90]


async def test_a_limit_that_is_used_up_delays_the_next_question(waits: Waits) -> None:
    reset = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 300))
    spent = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset}
    async with http_platform({"/x": [Answer("one", headers=spent), Answer("two")]}) as server:
        assert await asked(server, times=2) == b"two"
    assert len(waits) == 1
    assert 200 < waits[0] <= 300


async def test_a_connection_that_breaks_is_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    async def cut(request: web.Request) -> web.Response:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    async with http_platform({"/x": [cut, Answer("fine")]}) as server:
        assert await asked(server) == b"fine"
    assert "127.0.0.1/x: ReadError" in caplog.text or "RemoteProtocolError" in caplog.text
    assert "s3cret" not in caplog.text


@pytest.mark.parametrize("status", [401, 403])
async def test_a_refusal_says_what_to_do_and_nothing_secret(status: int) -> None:
    async with http_platform({"/x": [Answer(status=status)]}) as server:
        with pytest.raises(SourceRefusedError, match="set THE_TOKEN") as refusal:
            await asked(server, refused="set THE_TOKEN")
    assert "s3cret" not in str(refusal.value)


async def test_an_answer_without_end_is_not_read_to_its_end() -> None:
    async with http_platform({"/x": [Answer("a" * 100_000)]}) as server:
        with pytest.raises(SourceError, match="more than 1000 bytes"):
            await asked(server, most_bytes=1000)

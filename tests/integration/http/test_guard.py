"""Who may ask what, how often, and from where."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace

import httpx
import pytest

from connectors.http.options import ApiOptions
from connectors.http.server import ApiServer, CannotListenError
from connectors.http.tokens import parse_tokens
from tests.integration.http.conftest import problem

pytestmark = pytest.mark.integration

SECRET = "s" * 24


@pytest.fixture
async def guarded(options: ApiOptions) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a server with a token, a rate, and one other site."""
    strict = replace(
        options,
        tokens=parse_tokens(f"read:{SECRET}"),
        requests_per_s=0.5,
        cors_origins=["https://example.org"],
    )
    server = ApiServer(strict, "127.0.0.1", 0)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(server.beside())
        yield await stack.enter_async_context(httpx.AsyncClient(base_url=server.url))


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


async def test_without_a_token_nothing_is_told_but_that_it_lives(
    guarded: httpx.AsyncClient,
) -> None:
    answer = await guarded.get("/api/v1/tracks")
    assert problem(answer)[:2] == (401, "token_needed")
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert (await guarded.get("/metrics", headers=bearer("x" * 24))).status_code == 401
    assert (await guarded.get("/healthz")).status_code == 200
    assert (await guarded.get("/readyz")).status_code == 200
    assert (await guarded.get("/api/v1/tracks", headers=bearer(SECRET))).status_code == 200


async def test_a_read_token_may_not_change_anything(guarded: httpx.AsyncClient) -> None:
    answer = await guarded.delete("/api/v1/tracks", headers=bearer(SECRET))
    assert problem(answer)[:2] == (403, "scope_too_small")


async def test_an_open_server_changes_nothing(api: httpx.AsyncClient) -> None:
    status, kind, said = problem(await api.delete("/api/v1/exemplars?post_id=p0-1"))
    assert (status, kind) == (403, "admin_token_needed")
    assert "VOXPOP_API_TOKENS" in said


async def test_who_asks_too_often_is_told_when_to_come_back(guarded: httpx.AsyncClient) -> None:
    headers = bearer(SECRET)
    answers = [await guarded.get("/api/v1/tracks", headers=headers) for _ in range(8)]
    assert {answer.status_code for answer in answers[:2]} == {200}
    assert problem(answers[-1])[:2] == (429, "too_many_requests")
    assert int(answers[-1].headers["retry-after"]) >= 1
    assert (await guarded.get("/healthz")).status_code == 200


async def test_only_named_sites_may_ask_from_a_browser(guarded: httpx.AsyncClient) -> None:
    async def allowed(origin: str) -> str | None:
        answer = await guarded.get("/api/v1/tracks", headers={"Origin": origin, **bearer(SECRET)})
        found: str | None = answer.headers.get("access-control-allow-origin")
        return found

    assert await allowed("https://example.org") == "https://example.org"
    assert await allowed("https://evil.example") is None


async def test_no_site_may_ask_where_none_is_named(api: httpx.AsyncClient) -> None:
    answer = await api.get("/api/v1/tracks", headers={"Origin": "https://example.org"})
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("path", ["/api/v1/tracks", "/api/v1/trends/nobody", "/nothing"])
async def test_every_answer_carries_the_security_headers(api: httpx.AsyncClient, path: str) -> None:
    headers = (await api.get(path)).headers
    assert "script-src 'self'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert "server" not in headers


def test_a_port_that_is_taken_is_said(options: ApiOptions) -> None:
    first = ApiServer(options, "127.0.0.1", 0)
    with pytest.raises(CannotListenError, match="choose another --port"):
        ApiServer(options, "127.0.0.1", int(first.url.rpartition(":")[2]))

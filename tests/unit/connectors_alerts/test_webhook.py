"""Alerts are signed, sent to where they may go, and nowhere else."""

import base64
import hashlib
import hmac
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import pytest
from aiohttp import web

from connectors.alerts.delivery import LONGEST_RETRY_S, retry_s
from connectors.alerts.webhook import (
    Webhook,
    WebhookFailedError,
    WebhookRefusedError,
    WebhookSettingsError,
)
from tests.unit.connectors_alerts.alerts import alert

KEY = bytes(range(32))
SECRET = "whsec_" + base64.b64encode(KEY).decode()

Receive = Callable[[web.Request], Coroutine[Any, Any, web.Response]]
Serve = Callable[[Receive], Coroutine[Any, Any, str]]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Starts a receiver on this machine; answers its URL."""
    runners: list[web.AppRunner] = []

    async def start(receive: Receive) -> str:
        app = web.Application()
        app.router.add_post("/alerts", receive)
        runner = web.AppRunner(app)
        runners.append(runner)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        return f"http://127.0.0.1:{runner.addresses[0][1]}/alerts"

    yield start
    for runner in runners:
        await runner.cleanup()


async def test_a_receiver_can_check_the_signature(serve: Serve) -> None:
    got: list[tuple[dict[str, str], bytes]] = []

    async def receive(request: web.Request) -> web.Response:
        got.append(
            ({name.lower(): own for name, own in request.headers.items()}, await request.read())
        )
        return web.Response(status=204)

    await Webhook(await serve(receive), SECRET, private=True).send(alert(), now=1_764_000_060.7)
    headers, body = got[0]
    assert body == alert().encoded
    assert headers["webhook-id"] == f"{alert().alert_id}.raised"
    assert headers["webhook-timestamp"] == "1764000060"
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, WebhookRefusedError),
        (410, WebhookRefusedError),
        (429, WebhookFailedError),
        (500, WebhookFailedError),
        (302, WebhookFailedError),
    ],
)
async def test_an_answer_says_whether_to_send_again(
    serve: Serve, status: int, error: type[Exception]
) -> None:
    async def receive(_: web.Request) -> web.Response:
        return web.Response(status=status, headers={"location": "http://127.0.0.1:1/"})

    webhook = Webhook(await serve(receive), SECRET, private=True)
    with pytest.raises(error, match=f"status {status}"):
        await webhook.send(alert())


async def test_a_private_address_is_not_sent_to_unless_it_may_be(serve: Serve) -> None:
    async def receive(_: web.Request) -> web.Response:
        raise AssertionError("it was sent")

    port = (await serve(receive)).split(":")[2].split("/")[0]
    for host in ("127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "10.0.0.1", "169.254.169.254"):
        with pytest.raises(WebhookFailedError, match="not public"):
            await Webhook(f"https://{host}:{port}/alerts", SECRET).send(alert())


@pytest.mark.parametrize("host", ["169.254.169.254", "[fe80::1]", "0.0.0.0", "224.0.0.1"])
async def test_some_addresses_are_never_sent_to(host: str) -> None:
    with pytest.raises(WebhookFailedError, match="not public"):
        await Webhook(f"http://{host}/", SECRET, private=True).send(alert())


@pytest.mark.parametrize(
    "url",
    ["ftp://example.org/", "https://user:word@example.org/", "http://example.org/", "https:///"],
)
def test_a_wrong_url_is_refused_without_being_shown(url: str) -> None:
    with pytest.raises(WebhookSettingsError) as caught:
        Webhook(url, SECRET)
    assert "example" not in str(caught.value)
    assert "word" not in str(caught.value).replace("password", "")


@pytest.mark.parametrize("secret", ["", "swordfish", "whsec_", "whsec_" + "!" * 40, SECRET[6:]])
def test_a_weak_secret_is_refused_without_being_shown(secret: str) -> None:
    with pytest.raises(WebhookSettingsError, match="make one with") as caught:
        Webhook("https://example.org/", secret)
    assert len(secret) < 7 or secret not in str(caught.value)


def test_waits_grow_and_are_bounded() -> None:
    waits = [retry_s(failures, lambda: 1.0) for failures in range(1, 40)]
    assert waits[:4] == [1.0, 2.0, 4.0, 8.0]
    assert waits[-1] == LONGEST_RETRY_S
    assert retry_s(3, lambda: 0.0) == 2.0

"""`voxpop alerts` as an operator runs it, on real servers, with a receiver of webhooks."""

import asyncio
import base64
import hashlib
import hmac
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import orjson
import pytest
import redis.asyncio
from aiohttp import web
from typer.testing import CliRunner

from connectors.kafka.connection import KafkaConnection
from connectors.kafka.reading import read_topic
from connectors.kafka.topics import TopicSpec, create_topics
from connectors.redis_connection import RedisConnection
from connectors.schemas.alert import Alert
from deploy.local import Endpoints
from stream_app.cli.errors import CliError
from stream_app.cli.main import app
from tests.conftest import PredictionMaker
from tests.integration.alert_streams import BURST, USUAL, Topic, looked, usual_stream

pytestmark = pytest.mark.integration

VOXPOP = [str(Path(sys.executable).with_name("voxpop"))]
KEY = bytes(range(32))


class Receiver:
    """Takes webhooks on this machine; refuses the first, to have it sent again."""

    def __init__(self) -> None:
        self.taken: list[Alert] = []
        self.ids: list[str] = []

    async def receive(self, request: web.Request) -> web.Response:
        body = await request.read()
        name, at = request.headers["webhook-id"], request.headers["webhook-timestamp"]
        signed = hmac.new(KEY, f"{name}.{at}.".encode() + body, hashlib.sha256).digest()
        assert request.headers["webhook-signature"] == f"v1,{base64.b64encode(signed).decode()}"
        self.ids.append(name)
        if len(self.ids) == 1:
            return web.Response(status=503)
        self.taken.append(Alert.model_validate_json(body))
        return web.Response(status=204)


@pytest.fixture
async def receiver() -> AsyncIterator[tuple[Receiver, str]]:
    """One that listens, and its URL."""
    own, app = Receiver(), web.Application()
    app.router.add_post("/", own.receive)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield own, f"http://127.0.0.1:{runner.addresses[0][1]}/"
    await runner.cleanup()


async def test_a_shift_comes_by_topic_list_and_webhook(
    stack: Endpoints,
    settings_env: Mapping[str, str],
    prefix: str,
    predict: PredictionMaker,
    receiver: tuple[Receiver, str],
) -> None:
    received, url = receiver
    kafka = KafkaConnection(stack.kafka)
    await create_topics(kafka, [TopicSpec(f"{prefix}alerts", 2)])
    async with RedisConnection(stack.redis).open() as client:
        stream = await usual_stream(client, f"{prefix}voxpop", predict)
        await looked(stream, [Topic()])
        await stream.count(6, BURST, negative=18)
        await stream.count(1, USUAL, negative=3)
    environment = {
        **os.environ,
        **settings_env,
        "VOXPOP_ALERTS_WEBHOOK": url,
        "VOXPOP_ALERTS_WEBHOOK_SECRET": "whsec_" + base64.b64encode(KEY).decode(),
        "VOXPOP_ALERTS_WEBHOOK_PRIVATE": "true",
    }
    running = await asyncio.create_subprocess_exec(
        *VOXPOP, "alerts", "watch", "--quick", "--min-posts", "20",
        env=environment, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        async with asyncio.timeout(60):
            while not received.taken:
                assert running.returncode is None
                await asyncio.sleep(0.05)
    finally:
        running.send_signal(signal.SIGTERM)
        told, _ = await running.communicate()
    assert running.returncode == 0
    records = [record async for record in read_topic(kafka, f"{prefix}alerts")]
    alerts = [Alert.model_validate_json(record.value or b"") for record in records]
    [sent] = [own for own in alerts if (own.direction, own.state) == ("up", "raised")]
    assert {record.key for record in records if sent.encoded == record.value} == {b"acme"}
    assert sent.kind == "volume"
    assert received.taken[0] == sent
    assert received.ids[:2] == [f"{sent.alert_id}.raised"] * 2
    assert told.decode().splitlines()[0] == sent.summary
    listing = await asyncio.create_subprocess_exec(
        *VOXPOP, "alerts", "list", "acme", "--json",
        env=environment, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    listed, _ = await listing.communicate()
    assert sent.alert_id in [orjson.loads(line)["alert_id"] for line in listed.splitlines()]


async def test_listing_the_alerts_of_no_track_says_so_and_names_the_closest(
    valkey: redis.asyncio.Redis, valkey_url: str, namespace: str
) -> None:
    await valkey.sadd(f"{namespace}-voxpop:tracks", "acme")
    environment = {"VOXPOP_REDIS": valkey_url, "VOXPOP_TOPIC_PREFIX": f"{namespace}-"}
    for track, said in (("acne", "no track 'acne': did you mean 'acme'"), ("acme", "")):
        arguments = ["alerts", "list", track]
        result = await asyncio.to_thread(CliRunner().invoke, app, arguments, env=environment)
        assert said in str(result.exception or "")
        assert isinstance(result.exception, CliError) == bool(said)

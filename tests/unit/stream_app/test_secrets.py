"""A secret that is set is shown nowhere: each is planted, and all that can be read is searched."""

import asyncio
import logging
from collections.abc import Iterator

import pytest
import redis.exceptions
from prometheus_client import generate_latest
from pydantic import SecretStr, ValidationError
from typer.testing import CliRunner

from connectors.redis_connection import RedisConnection
from connectors.redis_problems import redis_problem
from stream_app.cli.main import app
from stream_app.exits import CannotGoOn
from stream_app.faust_settings import faust_options
from stream_app.metrics import Metrics
from stream_app.requirements import require_redis
from stream_app.settings import Settings, settings_problem

SECRET = "hunter2-hunter2-hunter2"
BASE64 = "aHVudGVyMi1odW50ZXIyLWh1bnRlcjI"  # in a signing secret, which must be base64
NOWHERE = "localhost:1"
PLANTED = {
    "VOXPOP_REDIS": f"redis://u:{SECRET}@{NOWHERE}/0",
    "VOXPOP_KAFKA": NOWHERE,
    "VOXPOP_KAFKA_SECURITY": "SASL_PLAINTEXT",
    "VOXPOP_KAFKA_SASL_USERNAME": "u",
    "VOXPOP_KAFKA_SASL_PASSWORD": SECRET,
    "VOXPOP_API_TOKENS": f"read:{SECRET}",
    "VOXPOP_AUTHOR_SALT": SECRET,
    "VOXPOP_ALERTS_WEBHOOK": f"https://example.org/{SECRET}",
    "VOXPOP_ALERTS_WEBHOOK_SECRET": f"whsec_{BASE64}8=",
    "VOXPOP_MASTODON_TOKEN": SECRET,
    "VOXPOP_REDDIT_CLIENT_SECRET": SECRET,
    "VOXPOP_YOUTUBE_API_KEY": SECRET,
}


@pytest.fixture
def planted(monkeypatch: pytest.MonkeyPatch) -> Settings:
    for name, value in PLANTED.items():
        monkeypatch.setenv(name, value)
    return Settings()


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    with caplog.at_level(logging.DEBUG):
        yield caplog


def assert_silent(*said: object) -> None:
    for each in said:
        text = each.decode() if isinstance(each, bytes) else str(each)
        assert SECRET not in text
        assert BASE64 not in text


def test_every_secret_is_planted() -> None:
    secrets = {
        f"VOXPOP_{name.upper()}"
        for name, field in Settings.model_fields.items()
        if "SecretStr" in str(field.annotation)
    }
    hidden = {name for name, value in PLANTED.items() if SECRET in value or BASE64 in value}
    assert secrets == hidden


def test_settings_and_what_is_made_of_them_show_none(planted: Settings) -> None:
    made = [
        planted,
        planted.model_dump(),
        planted.kafka_connection(),
        planted.redis_connection(),
        planted.api_options(),
        planted.alerts_webhook_target(),
        planted.authors(),
    ]
    assert_silent(planted.model_dump_json(), *made, *map(repr, made))
    options = {name: value for name, value in faust_options(planted).items() if name != "broker"}
    assert_silent(options, repr(planted.redis_connection().open()))
    with planted.redis_connection().open_sync() as client:
        assert_silent(repr(client), repr(client.connection_pool))


@pytest.mark.parametrize(
    "url",
    [
        f"redis://u:{SECRET}@[half/0",
        f"redis://u:{SECRET}@host:port/0",
        f"http://u:{SECRET}@host/0",
        f"redis://u:{SECRET}/0?ssl_cert_reqs=none",
        f"{SECRET}",
    ],
)
def test_a_url_that_is_refused_is_not_repeated(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOXPOP_REDIS", url)
    with pytest.raises(ValidationError) as refusal:
        Settings()
    assert_silent(refusal.value, repr(refusal.value), settings_problem(refusal.value))
    answer = CliRunner().invoke(app, ["doctor"])
    assert answer.exit_code != 0
    assert_silent(answer.output, repr(answer.exception))


def test_a_doctor_who_reaches_no_server_shows_none(
    planted: Settings, log: pytest.LogCaptureFixture
) -> None:
    del planted
    answer = CliRunner().invoke(app, ["doctor"])
    assert answer.exit_code == 1
    assert NOWHERE in answer.output
    assert_silent(answer.output, log.text)


def test_a_redis_that_refuses_the_password_does_not_have_it_told(
    valkey_url: str, log: pytest.LogCaptureFixture
) -> None:
    guarded = RedisConnection(valkey_url.replace("://", f"://nobody:{SECRET}@"))
    metrics = Metrics()

    async def ask() -> redis.exceptions.RedisError:
        async with guarded.open(one_run=True, on_error=metrics.redis_failed) as client:
            with pytest.raises(redis.exceptions.RedisError) as refusal:
                await client.ping()
        with pytest.raises(CannotGoOn) as end:
            await require_redis(guarded, "voxpop")
        assert_silent(end.value, repr(end.value))
        return refusal.value

    error = asyncio.run(ask())
    assert_silent(error, repr(error), redis_problem(error, guarded.address))
    assert_silent(generate_latest(metrics.registry), log.text)


def test_a_secret_is_given_to_who_asks_for_it(planted: Settings) -> None:
    assert isinstance(planted.redis, SecretStr)
    assert planted.redis.get_secret_value() == PLANTED["VOXPOP_REDIS"]

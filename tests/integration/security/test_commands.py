"""Commands that a server does not let in end with one line: the setting, the remedy, no secret."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from deploy.local.processes import LOCALHOST
from stream_app.cli.main import main
from tests.integration.security.conftest import (
    PASSWORD,
    REDIS_PASSWORD,
    Certificates,
    GuardedKafka,
    GuardedRedis,
)

pytestmark = pytest.mark.integration

KAFKA_SAYS = "VOXPOP_KAFKA_SASL_USERNAME and VOXPOP_KAFKA_SASL_PASSWORD"
REDIS_SAYS = "refuses the user or the password: see VOXPOP_REDIS"


@dataclass
class CommandLine:
    """Runs `voxpop` in this process."""

    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]

    def setting(self, name: str, value: str | Path) -> None:
        self.monkeypatch.setenv(f"VOXPOP_{name}", str(value))

    def run(self, *arguments: str) -> tuple[int, str]:
        """Exit code, and all that was said."""
        self.monkeypatch.setattr(sys, "argv", ["voxpop", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        said = self.capsys.readouterr()
        code = ended.value.code
        assert isinstance(code, int)
        return code, said.out + said.err


@pytest.fixture
def voxpop(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    guarded_kafka: GuardedKafka,
    guarded_redis: GuardedRedis,
    certificates: Certificates,
) -> CommandLine:
    """Set up for a user that may do everything, in Kafka and in Redis."""
    found = CommandLine(monkeypatch, capsys)
    found.setting("KAFKA", guarded_kafka.address("sasl"))
    found.setting("KAFKA_SECURITY", "SASL_SSL")
    found.setting("KAFKA_SSL_CAFILE", certificates.own.cafile)
    found.setting("KAFKA_SASL_USERNAME", "all")
    found.setting("KAFKA_SASL_PASSWORD", PASSWORD)
    found.setting("REDIS", f"rediss://{LOCALHOST}:{guarded_redis.tls}/1")
    found.setting("REDIS_SSL_CAFILE", certificates.own.cafile)
    return found


@pytest.fixture
def posts(tmp_path: Path) -> str:
    path = tmp_path / "posts.jsonl"
    path.write_text('{"post_id": "p", "text": "hm", "tracks": ["acme"]}\n')
    return str(path)


@pytest.mark.parametrize(
    "command", [("topics", "create"), ("verify",), ("dlq", "list"), ("produce", "FILE")]
)
def test_a_wrong_password_of_kafka_is_one_line(
    voxpop: CommandLine, posts: str, command: tuple[str, ...]
) -> None:
    voxpop.setting("KAFKA_SASL_PASSWORD", "telltale-wrong")
    code, said = voxpop.run(*(posts if word == "FILE" else word for word in command))
    assert code == 1
    assert KAFKA_SAYS in said
    assert len(said.strip().splitlines()) == 1
    assert "telltale" not in said


@pytest.mark.parametrize("command", [("trends", "acme"), ("verify",)])
def test_a_wrong_password_of_redis_is_one_line(
    voxpop: CommandLine, guarded_redis: GuardedRedis, command: tuple[str, ...], prefix: str
) -> None:
    voxpop.setting("TOPIC_PREFIX", prefix)
    assert voxpop.run("topics", "create", "--partitions", "1")[0] == 0
    url = f"rediss://worker:telltale-wrong@{LOCALHOST}:{guarded_redis.tls}/1"
    voxpop.setting("REDIS", url)
    code, said = voxpop.run(*command)
    assert code == 1
    assert REDIS_SAYS in said
    assert len(said.strip().splitlines()) == 1
    assert "telltale" not in said


def test_doctor_finds_a_guarded_stack_in_order_and_shows_no_secret(
    voxpop: CommandLine, prefix: str
) -> None:
    voxpop.setting("TOPIC_PREFIX", prefix)
    assert voxpop.run("topics", "create", "--partitions", "1")[0] == 0
    code, said = voxpop.run("doctor", "--json")
    states = {finding["what"]: finding["state"] for finding in json.loads(said)}
    assert {states[what] for what in ("settings", "kafka", "topics", "redis", "redis lua")} == {
        "ok"
    }
    assert code == 0
    assert PASSWORD not in said
    assert REDIS_PASSWORD not in said


def test_doctor_tells_what_each_server_has_against_the_client(
    voxpop: CommandLine, guarded_redis: GuardedRedis
) -> None:
    voxpop.setting("KAFKA_SASL_PASSWORD", "telltale-wrong")
    voxpop.setting("REDIS", f"rediss://worker:telltale-x@{LOCALHOST}:{guarded_redis.tls}/1")
    code, said = voxpop.run("doctor")
    assert code == 1
    assert KAFKA_SAYS in said
    assert "VOXPOP_REDIS" in said
    assert "telltale" not in said


def test_doctor_tells_which_file_cannot_be_used(voxpop: CommandLine, tmp_path: Path) -> None:
    voxpop.setting("REDIS_SSL_CERTFILE", tmp_path / "none.pem")
    code, said = voxpop.run("doctor")
    assert code == 1
    assert "VOXPOP_REDIS_SSL_CAFILE" in said
    assert "none.pem" in said

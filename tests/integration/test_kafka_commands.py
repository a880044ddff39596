"""`voxpop topics`, `produce` and `dlq` against a real Kafka."""

import asyncio
import json
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from connectors.kafka.connection import KafkaConnection
from connectors.kafka.dead_letters import dead_letter_headers
from connectors.kafka.producer import PostProducer
from connectors.kafka.reading import Record, read_topic
from connectors.schemas.codec import decode_post
from connectors.schemas.post import DecodedPost
from connectors.schemas.rejection import Reason
from stream_app.cli import dlq, produce, topics
from stream_app.cli.errors import CliError

pytestmark = pytest.mark.integration

RAW = {
    "post_id": "p1",
    "conversation_id": "c1",
    "platform": "bluesky",
    "created_at": 1_764_000_000,
    "tracks": ["acme"],
    "text": "I love it",
}
WHOLE = {
    "schema_version": 1,
    "post_id": "p2",
    "conversation_id": "c2",
    "platform": "bluesky",
    "created_at": "2025-11-24T16:00:10Z",
    "tracks": ["acme"],
    "feature_set": "default@1",
    "features": {"audio": [[0.5] * 8]},
}


class Voxpop:
    """The commands under test, with the environment of one deployment."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._env = env
        self._app = typer.Typer()
        self._app.command()(produce.produce)
        self._app.add_typer(topics.app, name="topics")
        self._app.add_typer(dlq.app, name="dlq")

    def __call__(self, *arguments: str) -> Result:
        return CliRunner().invoke(self._app, arguments, env=dict(self._env))

    def fails(self, *arguments: str) -> CliError:
        failure = self(*arguments).exception
        assert isinstance(failure, CliError)
        return failure

    def posts(self) -> list[Record]:
        async def read() -> list[Record]:
            topic = f"{self._env['VOXPOP_TOPIC_PREFIX']}posts"
            return [record async for record in read_topic(self.connection, topic)]

        return asyncio.run(read())

    def decoded(self) -> dict[str, DecodedPost]:
        posts = [
            decode_post(record.key, record.value, now=time.time(), max_bytes=1_000_000)
            for record in self.posts()
        ]
        return {post.post_id: post for post in posts}

    @property
    def connection(self) -> KafkaConnection:
        return KafkaConnection(self._env["VOXPOP_KAFKA"])

    def reject(self, key: bytes | None, value: bytes | None, reason: Reason) -> None:
        """Put a dead letter where a worker would."""
        prefix = self._env["VOXPOP_TOPIC_PREFIX"]
        headers = dead_letter_headers(
            reason,
            f"why {reason}",
            source_topic=f"{prefix}posts",
            source_topic_id="id",
            source_partition=0,
            source_offset=4,
            failed_at=time.time(),
        )

        async def write() -> None:
            async with PostProducer(self.connection, topic=f"{prefix}posts.dlq") as producer:
                await producer.send_raw(key, value, headers)

        asyncio.run(write())


@pytest.fixture
def voxpop(settings_env: Mapping[str, str]) -> Voxpop:
    commands = Voxpop(settings_env)
    assert commands("topics", "create", "--partitions", "1").exit_code == 0
    return commands


def jsonl(folder: Path, *lines: Mapping[str, Any] | str) -> str:
    path = folder / "posts.jsonl"
    path.write_text("\n".join(x if isinstance(x, str) else json.dumps(x) for x in lines))
    return str(path)


def test_creating_topics_again_changes_nothing_and_tells_of_differences(voxpop: Voxpop) -> None:
    again = voxpop("topics", "create", "--partitions", "1")
    assert (again.exit_code, again.stdout.count("was there")) == (0, 5)
    more = voxpop("topics", "create", "--partitions", "2")
    assert more.exit_code == 1
    assert "has 1 partitions, 2 are wanted" in more.stderr


def test_raw_posts_get_features_of_their_text_and_whole_ones_go_as_they_are(
    voxpop: Voxpop, tmp_path: Path
) -> None:
    sent = voxpop("produce", jsonl(tmp_path, RAW, WHOLE, "", RAW | {"post_id": "p3"}))
    assert (sent.exit_code, sent.stdout) == (0, "sent 3 posts\n")
    values = [record.value for record in voxpop.posts()]
    assert values[1] == json.dumps(WHOLE).encode()
    posts = voxpop.decoded()
    assert list(posts) == ["p1", "p2", "p3"]
    assert posts["p1"].features["text"].shape[1] == 384
    assert posts["p1"].text == "I love it"


def test_a_bad_line_is_told_with_its_number_and_the_others_are_sent(
    voxpop: Voxpop, tmp_path: Path
) -> None:
    bad = WHOLE | {"features": {"audio": [[1]]}}
    result = voxpop("produce", jsonl(tmp_path, "nope", WHOLE, bad, WHOLE | {"created_at": True}))
    assert isinstance(result.exception, CliError)
    assert result.exception.exit_code == 1
    assert result.stdout == "sent 1 posts\n"
    assert re.findall(r"posts\.jsonl:(\d+): (\w+)", result.stderr.replace("\n", "")) == [
        ("1", "invalid"),
        ("3", "bad_tensor"),
        ("4", "invalid_schema"),
    ]
    assert len(voxpop.posts()) == 1


def test_rebased_posts_keep_their_distances_and_end_now(voxpop: Voxpop, tmp_path: Path) -> None:
    file = jsonl(tmp_path, WHOLE, WHOLE | {"post_id": "p3", "created_at": 1_764_000_000})
    assert voxpop("produce", file, "--rebase-to-now").exit_code == 0
    posts = voxpop.decoded()
    assert abs(posts["p2"].created_at - time.time()) < 60
    assert posts["p2"].created_at - posts["p3"].created_at == pytest.approx(10)


def test_a_rate_is_not_exceeded(voxpop: Voxpop, tmp_path: Path) -> None:
    file = jsonl(tmp_path, *[WHOLE | {"post_id": f"p{n}"} for n in range(21)])
    assert voxpop("produce", file, "--rate", "20").exit_code == 0
    times_ms = [record.timestamp_ms for record in voxpop.posts()]
    assert times_ms[-1] - times_ms[0] >= 950


def test_dead_letters_are_listed_filtered_and_shown(voxpop: Voxpop) -> None:
    assert voxpop("dlq", "list").stdout == "no dead letters\n"
    voxpop.reject(b"c1", b"nope", Reason.INVALID_JSON)
    voxpop.reject(None, json.dumps(WHOLE).encode(), Reason.KEY_MISMATCH)
    table = voxpop("dlq", "list").stdout
    assert "0:0" in table
    assert "0:1" in table
    (letter,) = json.loads(voxpop("dlq", "list", "--reason", "key_mismatch", "--json").stdout)
    assert (letter["partition"], letter["offset"], letter["key"]) == (0, 1, None)
    assert letter["detail"] == "why key_mismatch"
    assert '"post_id": "p2"' in voxpop("dlq", "show", "0:1").stdout
    assert voxpop("dlq", "show", "0:0", "--value").stdout == "nope"
    assert "no dead letter at 0:9" in str(voxpop.fails("dlq", "show", "0:9"))
    assert voxpop.fails("dlq", "list", "--reason", "ugly").exit_code == 2


def test_a_mended_dead_letter_is_sent_under_its_own_conversation(
    voxpop: Voxpop, tmp_path: Path
) -> None:
    voxpop.reject(b"c1", b"nope", Reason.INVALID_JSON)
    still_bad = tmp_path / "still_bad.json"
    still_bad.write_text("nope")
    assert "still invalid" in str(voxpop.fails("dlq", "replay", "0:0", "--mend", str(still_bad)))
    result = voxpop("dlq", "replay", "0:0", "--mend", jsonl(tmp_path, WHOLE))
    assert result.exit_code == 0
    assert "0:0 (invalid_json) -> " in result.stdout
    (record,) = voxpop.posts()
    assert (record.key, record.value) == (b"c2", json.dumps(WHOLE).encode())
    assert "0:0" in voxpop("dlq", "list").stdout


def test_dead_letters_are_replayed_by_place_by_reason_or_all(voxpop: Voxpop) -> None:
    for number, reason in enumerate([Reason.POISON, Reason.TOO_LARGE, Reason.POISON]):
        voxpop.reject(b"c1", str(number).encode(), reason)
    for arguments in (["0:1", "0:0"], ["--reason", "poison"], ["--all"]):
        assert voxpop("dlq", "replay", *arguments).exit_code == 0
    sent = [record.value for record in voxpop.posts()]
    assert sent == [b"1", b"0", b"0", b"2", b"0", b"1", b"2"]


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["0:0", "--all"],
        ["--all", "--reason", "poison"],
        ["zero"],
        ["0:0", "0:1", "--mend", "."],
    ],
)
def test_a_replay_that_does_not_say_which_is_wrong_usage(
    voxpop: Voxpop, arguments: list[str]
) -> None:
    result = voxpop("dlq", "replay", *arguments)
    code = getattr(result.exception, "exit_code", result.exit_code)
    assert code == 2
    assert voxpop.posts() == []


def test_without_a_broker_every_command_says_so_in_one_line(tmp_path: Path) -> None:
    nowhere = Voxpop({"VOXPOP_KAFKA": "127.0.0.1:1", "VOXPOP_TOPIC_PREFIX": ""})
    for arguments in (
        ("topics", "create"),
        ("produce", jsonl(tmp_path, WHOLE)),
        ("dlq", "list"),
        ("dlq", "show", "0:0"),
        ("dlq", "replay", "--all"),
    ):
        failure = nowhere.fails(*arguments)
        assert "no Kafka broker answers at 127.0.0.1:1; start one with" in str(failure)
        assert failure.exit_code == 1

"""Dead letters are readable, whatever bytes they hold."""

import orjson
import pytest

from connectors.kafka.dead_letters import DeadLetter
from stream_app.cli.dead_letter_view import as_json, print_letter, print_table
from stream_app.cli.dead_letter_work import parsed_place
from stream_app.cli.errors import CliError


def letter(offset: int = 0, key: bytes | None = b"c1", value: bytes | None = b"{}") -> DeadLetter:
    return DeadLetter(
        partition=1,
        offset=offset,
        key=key,
        value=value,
        reason="bad_tensor",
        detail="features.text: [0][0] is nan [red]",
        source="posts:3:9",
        source_topic_id="abc",
        failed_at=1_764_000_000.0,
    )


def test_the_table_has_a_row_for_each_and_says_what_it_leaves_out(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_table([letter(offset) for offset in range(5)], limit=3)
    shown = capsys.readouterr().out
    assert "1:4" in shown
    assert "1:1" not in shown
    assert "newest 3 of 5" in shown


def test_an_empty_table_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    print_table([], limit=3)
    assert capsys.readouterr().out == "no dead letters\n"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "null (a tombstone)"),
        (b"\xff\x00", "\\xff\x00"),
        (b'{"a":[1]}', '{\n  "a": [\n    1\n  ]\n}'),
        (b"[red]x", "[red]x"),
    ],
)
def test_a_letter_is_shown_whole(
    value: bytes | None, shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    print_letter(letter(value=value))
    output = capsys.readouterr().out
    assert output.rstrip("\n").endswith(shown)
    for text in ("1:0", "bad_tensor", "is nan [red]", "posts:3:9", "2025-11-24 16:00:00Z"):
        assert text in output


def test_json_has_every_letter_and_survives_any_key() -> None:
    found = orjson.loads(as_json([letter(key=None, value=None), letter(7, key=b"\xff")]))
    assert [(each["key"], each["value_bytes"]) for each in found] == [(None, None), ("\\xff", 2)]
    assert found[1]["offset"] == 7


@pytest.mark.parametrize("text", ["", "3", "3:", ":3", "a:b", "3:-1", "3:1:2"])
def test_what_is_no_place_is_wrong_usage(text: str) -> None:
    with pytest.raises(CliError) as caught:
        parsed_place(text)
    assert caught.value.exit_code == 2


def test_a_place_is_partition_and_offset() -> None:
    assert parsed_place("3:1207") == (3, 1207)

"""Files of posts: columns by name or by a map, and on from where it ended."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from connectors.sources.errors import SourceSettingsError
from connectors.sources.files import FileSource
from connectors.sources.items import Checkpoint, Item, Unusable
from connectors.sources.post_rows import READ_AT_ONCE
from tests.unit.connectors_sources.fakes import ids_of, items_until, posts_of

AT = datetime(2025, 11, 24, 16, 0, 0, 250_000, tzinfo=UTC)
COLUMNS = {"text": "body", "created_at": "when", "author_id": "who"}
ROWS: list[dict[str, Any]] = [
    {"post_id": "a", "body": 'it is "fine",\nreally', "when": AT, "who": 7, "tracks": ["x", "y"]},
    {"post_id": "b", "body": "no", "when": AT, "who": None, "tracks": None},
]


def jsonl(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_bytes(b"\n\n".join(map(orjson.dumps, rows)))


def separated(separator: str) -> Callable[[Path, list[dict[str, Any]]], None]:
    def write(path: Path, rows: list[dict[str, Any]]) -> None:
        lines = [separator.join(rows[0])]
        for row in rows:
            cells = [
                ";".join(value) if isinstance(value, list) else str(value or "")
                for value in (row | {"when": row["when"].timestamp()}).values()
            ]
            lines.append(separator.join('"{}"'.format(cell.replace('"', '""')) for cell in cells))
        path.write_text("\ufeff" + "\n".join(lines), encoding="utf-8")

    return write


def parquet(path: Path, rows: list[dict[str, Any]]) -> None:
    pq.write_table(pa.Table.from_pylist([row | {"more": 1} for row in rows]), path)


async def whole(source: FileSource, rows: int = 0) -> list[Item]:
    return await items_until(source, lambda _: False, {"rows": rows} if rows else None)


@pytest.mark.parametrize(
    ("suffix", "write"),
    [
        ("jsonl", jsonl),
        ("ndjson", jsonl),
        ("csv", separated(",")),
        ("tsv", separated("\t")),
        ("parquet", parquet),
    ],
)
async def test_every_kind_of_file_gives_the_same_posts(
    suffix: str, write: Callable[[Path, list[dict[str, Any]]], None], tmp_path: Path
) -> None:
    path = tmp_path / f"posts.{suffix}"
    write(path, ROWS)
    items = await whole(FileSource(path, COLUMNS))
    first, second = posts_of(items)
    assert (first.post_id, first.text, first.author_id) == ("a", ROWS[0]["body"], "7")
    assert (first.tracks, first.platform, first.conversation_id) == (["x", "y"], "file", "a")
    assert (second.post_id, second.author_id, second.tracks) == ("b", None, [])
    assert items[-1] == Checkpoint({"rows": 2})
    stamps = {datetime.fromisoformat(str(AT)).timestamp(), AT.isoformat()}
    assert {first.created_at, second.created_at} <= stamps
    assert ids_of(await whole(FileSource(path, COLUMNS), rows=1)) == ["b"]


async def test_a_row_without_ids_is_named_by_its_number(tmp_path: Path) -> None:
    path = tmp_path / "posts.csv"
    path.write_text("text,created_at\nfine,2025-11-24\nwell,2025-11-24\n")
    found = posts_of(await whole(FileSource(path, platform="forum"), rows=1))
    assert [(post.post_id, post.conversation_id, post.platform) for post in found] == [
        ("posts.csv:2", "posts.csv:2", "forum")
    ]


async def test_lines_that_are_no_posts_are_told_by_number_and_counted_in_the_cursor(
    tmp_path: Path,
) -> None:
    path = tmp_path / "posts.jsonl"
    lines = ["nonsense", "[]"]
    lines += [f'{{"text": "{text}", "created_at": 7}}' for text in (" ", "fine")]
    path.write_text("\n".join(lines))
    items = await whole(FileSource(path))
    reasons = [item.reason for item in items if isinstance(item, Unusable)]
    assert [reason.split(": ")[0] for reason in reasons] == [f"posts.jsonl:{n}" for n in (1, 2, 3)]
    assert ids_of(items) == ["posts.jsonl:4"]
    assert items[-1] == Checkpoint({"rows": 4})


async def test_a_file_that_grew_goes_on_where_it_ended(tmp_path: Path) -> None:
    path = tmp_path / "posts.jsonl"
    line = '{"text": "fine", "created_at": 7}\n'
    path.write_text(line * (READ_AT_ONCE + 1))
    items = await whole(FileSource(path))
    cursors = [item.cursor["rows"] for item in items if isinstance(item, Checkpoint)]
    assert cursors == [READ_AT_ONCE, READ_AT_ONCE + 1]
    with path.open("a") as file:
        file.write(line)
    assert ids_of(await whole(FileSource(path), rows=cursors[-1])) == [
        f"posts.jsonl:{READ_AT_ONCE + 2}"
    ]


@pytest.mark.parametrize("at", [0, 1, READ_AT_ONCE - 1, READ_AT_ONCE, READ_AT_ONCE + 5, 2000])
async def test_a_parquet_file_goes_on_at_any_row(at: int, tmp_path: Path) -> None:
    path = tmp_path / "posts.parquet"
    count = 2 * READ_AT_ONCE + 3
    rows = [{"post_id": f"p{n}", "text": "fine", "created_at": 7.0} for n in range(count)]
    pq.write_table(pa.Table.from_pylist(rows), path, row_group_size=300)
    assert ids_of(await whole(FileSource(path), rows=at)) == [f"p{n}" for n in range(at, count)]


@pytest.mark.parametrize(
    ("name", "content", "columns", "told"),
    [
        ("p.csv", "body,when\nx,1\n", {}, "no column created_at, text; it has body, when"),
        ("p.csv", "text,created_at\nx,1\n", {"lang": "tongue"}, "no column tongue"),
        ("p.csv", "text,created_at\nx,1\n", {"mood": "text"}, "mood: no field of a post"),
        ("p.xlsx", "", {}, "its name must end in one of .jsonl"),
        ("p.parquet", "text", {}, "cannot be read"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_the_remedy(
    name: str, content: str, columns: dict[str, str], told: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(SourceSettingsError, match=told):
        FileSource(tmp_path / name, columns)


async def test_a_last_line_that_is_still_being_written_is_read_once_it_is_whole(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "posts.jsonl"
    first, second = (f'{{"text": "{text}", "created_at": 7}}\n' for text in ("fine", "well"))
    path.write_text(first + second[:9])
    items = await whole(FileSource(path))
    assert (ids_of(items), items[-1]) == (["posts.jsonl:1"], Checkpoint({"rows": 1}))
    assert "not whole" in caplog.text
    path.write_text(first + second)
    assert ids_of(await whole(FileSource(path), rows=1)) == ["posts.jsonl:2"]


async def test_a_byte_order_mark_costs_no_line(tmp_path: Path) -> None:
    path = tmp_path / "posts.jsonl"
    path.write_text('{"text": "fine", "created_at": 7}\n', encoding="utf-8-sig")
    assert ids_of(await whole(FileSource(path))) == ["posts.jsonl:1"]


async def test_a_row_of_another_form_does_not_end_the_file(tmp_path: Path) -> None:
    path = tmp_path / "posts.jsonl"
    path.write_text('{"text": "a", "created_at": 7, "tracks": 5}\n{"text": "b", "created_at": 7}\n')
    odd, fine, _ = await whole(FileSource(path))
    assert isinstance(odd, Unusable)
    assert odd.reason.startswith("posts.jsonl:1")
    assert ids_of([fine]) == ["posts.jsonl:2"]


@pytest.mark.parametrize("before", [0, 20_000])
async def test_bytes_that_are_no_text_cost_a_character_wherever_they_stand(
    before: int, tmp_path: Path
) -> None:
    path = tmp_path / "posts.csv"
    path.write_bytes(b"text,created_at\n" + b"fine,7\n" * before + b"caf\xe9,7\n")
    assert posts_of(await whole(FileSource(path)))[-1].text == "caf\ufffd"

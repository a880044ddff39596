"""A cursor outlives its process, whole, and belongs to one ingest at a time."""

from pathlib import Path

import pytest

from connectors.sources.cursor_file import CursorFile, SavedState
from connectors.sources.errors import CursorError


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    state = SavedState(
        source="x", cursor={"time_us": 7}, seen="AAAA", next_offsets={3: 12}, ended=True
    )
    with CursorFile(tmp_path / "new" / "c.json", "x") as file:
        assert file.load() is None
        file.save(state)
        assert file.load() == state
    assert [
        path.name for path in (tmp_path / "new").glob("*.json*") if ".lock" not in path.name
    ] == ["c.json"]


def test_two_ingests_cannot_share_a_cursor(tmp_path: Path) -> None:
    path = tmp_path / "c.json"
    with CursorFile(path, "x"), pytest.raises(CursorError, match="--cursor"):
        CursorFile(path, "x").__enter__()
    with CursorFile(path, "x") as file:
        assert file.load() is None


def test_the_cursor_of_another_source_is_refused(tmp_path: Path) -> None:
    with CursorFile(tmp_path / "c.json", "x") as file:
        file.save(SavedState(source="x"))
    with pytest.raises(CursorError, match="the cursor of x, not of y"):
        CursorFile(tmp_path / "c.json", "y").load()


@pytest.mark.parametrize("content", ["", "[]", '{"version": 2, "source": "x"}'])
def test_a_damaged_file_is_told_and_not_overwritten(tmp_path: Path, content: str) -> None:
    (tmp_path / "c.json").write_text(content)
    with pytest.raises(CursorError, match="move it away"):
        CursorFile(tmp_path / "c.json", "x").load()
    assert (tmp_path / "c.json").read_text() == content

"""Figures that cannot be written are refused before the run that would make them."""

from pathlib import Path

import orjson
import pytest

from stream_app.cli.errors import CliError
from stream_app.cli.json_file import require_place, write_json


def test_a_file_in_a_folder_that_is_there_is_taken(tmp_path: Path) -> None:
    require_place(None)
    require_place(tmp_path / "figures.json")
    write_json(tmp_path / "figures.json", {"lost": 0})
    assert orjson.loads((tmp_path / "figures.json").read_bytes()) == {"lost": 0}


@pytest.mark.parametrize("name", [".", "missing/figures.json"])
def test_a_place_that_cannot_be_written_is_wrong_usage(tmp_path: Path, name: str) -> None:
    with pytest.raises(CliError) as refusal:
        require_place(tmp_path / name)
    assert refusal.value.exit_code == 2

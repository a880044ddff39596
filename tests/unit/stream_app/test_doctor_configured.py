"""`voxpop doctor` tries what settings name, and says what to do where it cannot be used."""

import base64
from pathlib import Path

import pytest

from stream_app.doctor.configured import data_folder, tracks, webhook
from stream_app.settings import Settings

SECRET = "whsec_" + base64.b64encode(b"s" * 32).decode()
URL = "https://hooks.example/here?key=hidden"


def test_a_file_of_tracks_is_told_by_the_number_of_its_tracks(tmp_path: Path) -> None:
    file = tmp_path / "tracks.yaml"
    file.write_text("tracks:\n  acme: acme phone\n  globex: globex\n")
    (found,) = tracks(Settings(tracks=file))
    assert (found.state, found.detail) == ("ok", f"2 in {file}")


@pytest.mark.parametrize("text", ["tracks:\n  acme: acme AND\n  globex: (\n", None])
def test_a_file_of_tracks_that_cannot_be_used_fails_with_its_place(
    tmp_path: Path, text: str | None
) -> None:
    file = tmp_path / "tracks.yaml"
    if text is not None:
        file.write_text(text)
    (found,) = tracks(Settings(tracks=file))
    assert found.state == "fail"
    assert str(file) in found.detail
    assert "voxpop tracks check" in found.remedy


def test_what_is_not_set_is_not_looked_at() -> None:
    assert [*tracks(Settings()), *webhook(Settings())] == []


@pytest.mark.parametrize(
    ("url", "secret", "private", "state"),
    [
        (URL, SECRET, False, "ok"),
        ("http://10.0.0.7/here", SECRET, True, "ok"),
        ("http://10.0.0.7/here", SECRET, False, "fail"),
        ("hooks.example", SECRET, False, "fail"),
        (URL, None, False, "fail"),
        (URL, "whsec_short", False, "fail"),
        (None, SECRET, False, "warn"),
    ],
)
def test_a_webhook_needs_a_url_and_a_secret_and_neither_is_shown(
    url: str | None, secret: str | None, private: bool, state: str
) -> None:
    asked = {"alerts_webhook": url, "alerts_webhook_secret": secret}
    (found,) = webhook(Settings.model_validate({**asked, "alerts_webhook_private": private}))
    assert found.state == state
    assert bool(found.remedy) is (state != "ok")
    told = found.detail + found.remedy
    assert "hidden" not in told
    assert SECRET not in told


def test_a_data_folder_that_is_not_there_yet_is_judged_by_its_parent(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "data"
    assert data_folder(folder).state in {"ok", "warn"}
    assert list(tmp_path.iterdir()) == []


def test_a_data_folder_that_cannot_be_written_to_fails_with_the_remedy(tmp_path: Path) -> None:
    in_the_way = tmp_path / "data"
    in_the_way.write_text("a file")
    found = data_folder(in_the_way)
    assert found.state == "fail"
    assert "VOXPOP_DATA_DIR" in found.remedy

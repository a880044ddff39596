"""`voxpop replay`: a small file through Kafka, a real worker and Redis, to the report."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

OPINIONS = ("negative", "neutral", "positive")
VIDEOS = 12
COMMENTS_A_VIDEO = 5

pytestmark = pytest.mark.integration


@pytest.fixture
def comment_file(tmp_path: Path) -> Path:
    """Sixty comments of the test split and one of another, in three hashtags."""
    rows = [
        {
            "comment_key": f"c{video}-{number}",
            "video_id": f"v{video}",
            "hashtag": ("acme", "rail", "film")[video % 3],
            "text": f"I {'love' if video % 3 else 'hate'} this, comment {number}!",
            "opinion": OPINIONS[(video + number) % 3],
            "video_unix_from_id": 1_600_000_000 + video * 86_400,
            "video_split": "test",
        }
        for video in range(VIDEOS)
        for number in range(COMMENTS_A_VIDEO)
    ]
    rows.append({**rows[0], "comment_key": "other", "video_split": "train"})
    path = tmp_path / "comments.parquet"
    pq.write_table(pa.Table.from_pylist(rows), path)
    return path


def replay(
    file: Path, report: Path, environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "stream_app.cli.main", "replay"]
    return subprocess.run(
        [*command, str(file), "--report", str(report)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )


def test_every_comment_is_counted_and_set_beside_its_label(
    comment_file: Path, tmp_path: Path, settings_env: Mapping[str, str]
) -> None:
    folder = tmp_path / "report"
    done = replay(comment_file, folder, settings_env)
    assert done.returncode == 0, done.stderr
    report = json.loads((folder / "report.json").read_text())
    comments = VIDEOS * COMMENTS_A_VIDEO
    assert report["is_clean"]
    assert report["counted"]["sent"] == report["counted"]["counted"] == comments
    assert report["posts"]["posts"] == comments
    assert [track["track"] for track in report["tracks"]] == ["acme", "film", "rail"]
    assert all(track["labelled_posts"] == track["counted_posts"] for track in report["tracks"])
    assert f"{comments} comments" in (folder / "report.md").read_text()
    assert (folder / "shares.png").read_bytes().startswith(b"\x89PNG")


def test_a_file_without_the_columns_is_refused_before_a_server_starts(tmp_path: Path) -> None:
    path = tmp_path / "comments.parquet"
    pq.write_table(pa.Table.from_pylist([{"text": "hello"}]), path)
    done = replay(path, tmp_path / "report", {})
    assert done.returncode == 1
    assert "has no column comment_key, video_id" in done.stderr
    assert not (tmp_path / "report").exists()

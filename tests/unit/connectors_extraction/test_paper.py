"""Posts of feature set paper@1 from GloVe vectors, COVAREP and Facet tables."""

from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from connectors.extraction.paper.errors import FeatureFileError
from connectors.extraction.paper.frames import Frames
from connectors.extraction.paper.glove import read_glove, text_steps
from connectors.extraction.paper.posts import PaperFeatures
from connectors.extraction.paper.words import words
from connectors.schemas.codec import decode_value
from stream_app.cli.main import app

POST: dict[str, Any] = {
    "post_id": "p1",
    "conversation_id": "c1",
    "platform": "video",
    "created_at": 1_764_000_000,
    "text": "Good day",
    "recording": "talk-1",
    "start_s": 1.0,
    "end_s": 2.0,
}


def glove(folder: Path, *lines: str) -> Path:
    path = folder / "glove.txt"
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def table(folder: Path, rows: int, width: int, name: str = "talk-1.csv") -> Path:
    path = folder / name
    path.write_text("".join(",".join([str(row)] * width) + "\n" for row in range(rows)))
    return path


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("I don't know.", ["I", "do", "n't", "know", "."]),
        ("We\u2019re here!", ["We", "'re", "here", "!"]),
        ("a-b 3.5 É", ["a", "-", "b", "3", ".", "5", "É"]),
        ("", []),
    ],
)
def test_words_are_parted_as_the_vectors_were(text: str, found: list[str]) -> None:
    assert list(words(text)) == found


def test_only_wanted_vectors_are_kept_and_words_may_hold_spaces(tmp_path: Path) -> None:
    path = glove(tmp_path, "the 1 2", ". . . 3 4", "É 5 6", "the 7 8")
    found = read_glove(path, {"the", ". . .", "É", "absent"}, 2)
    assert {word: vector.tolist() for word, vector in found.items()} == {
        "the": [1, 2],
        ". . .": [3, 4],
        "É": [5, 6],
    }


@pytest.mark.parametrize(
    ("lines", "fault"),
    [
        (["the 1 2", "good 1"], "line 2: a word and 2 numbers are needed; 1 are there"),
        (["the 1 2", "good 1 x"], "line 2: could not convert"),
        (["the 1 nan"], "line 1: a number is not finite"),
        (["one two three"], "line 1: could not convert"),
    ],
)
def test_a_broken_vector_is_told_with_its_line(
    tmp_path: Path, lines: list[str], fault: str
) -> None:
    with pytest.raises(FeatureFileError, match=fault):
        read_glove(glove(tmp_path, *lines), {"good"}, 2)


def test_unknown_words_are_left_out_and_known_in_lower_case() -> None:
    vectors = {"good": np.ones(1, np.float32), "day": np.ones(1, np.float32)}
    assert text_steps(iter(["Good", "sunny", "day"]), vectors, 9).shape == (2, 1)
    assert len(text_steps(iter(["sunny"]), vectors, 9)) == 0
    assert len(text_steps(iter(["day"] * 20), vectors, 9)) == 9


def test_frames_stand_in_time_by_their_rate_or_their_own_column(tmp_path: Path) -> None:
    by_rate = Frames.read(table(tmp_path, 5, 2), 2, per_s=10)
    assert by_rate.times_s.tolist() == [0, 0.1, 0.2, 0.3, 0.4]
    (tmp_path / "timed.csv").write_text("time,a,b\n0.5,1,2\n1.5,,-inf\n")
    timed = Frames.read(tmp_path / "timed.csv", 2, per_s=10)
    assert timed.times_s.tolist() == [0.5, 1.5]
    assert timed.steps(0, 9, 8).tolist() == [[1, 2], [0, 0]]
    assert timed.steps(1, 9, 8).tolist() == [[0, 0]]
    assert timed.steps(2, 9, 8).shape == (0, 2)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("1,2\n1\n", "line 2: 2, or 3 with the time before them, columns are needed; 1 are there"),
        ("1,2\n1,2,3\n", "line 2: "),
        ("1,2\n1,x\n", "line 2: could not convert"),
        ("2,1,1\n1,1,1\n", "line 2: time 1 is before the last"),
        ("nan,1,1\n", "line 1: time nan"),
        ("a,b\n", "has no frame"),
    ],
)
def test_a_broken_table_is_told_with_its_line(tmp_path: Path, text: str, fault: str) -> None:
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(FeatureFileError, match=fault):
        Frames.read(tmp_path / "a.csv", 2, per_s=10)


@given(st.integers(1, 400), st.integers(1, 128))
def test_steps_are_means_of_equal_shares_of_the_frames(count: int, most: int) -> None:
    values = np.arange(count, dtype=np.float32)[:, None]
    frames = Frames(np.arange(count) / 10, values)
    steps = frames.steps(0, count, most)[:, 0]
    shares = np.diff(np.append(np.arange(len(steps)) * count // len(steps), count))
    assert len(steps) == min(count, most)
    assert shares.max() - shares.min() <= 1
    assert (steps * shares).sum() == pytest.approx(values.sum(), rel=1e-4)


def test_a_post_gets_the_features_of_its_stretch_of_time(tmp_path: Path) -> None:
    (tmp_path / "covarep").mkdir()
    (tmp_path / "facet").mkdir()
    table(tmp_path / "covarep", 400, 74)
    table(tmp_path / "facet", 50, 35)
    vectors = {"good": np.full(300, 7, np.float32)}
    maker = PaperFeatures(vectors, tmp_path / "covarep", tmp_path / "facet")
    line = orjson.dumps(maker.envelope(POST | {"media": []}))
    post = decode_value(line, now=1_764_000_000, max_bytes=1_000_000)
    assert post.feature_set == "paper@1"
    assert {name: each.shape for name, each in post.features.items()} == {
        "text": (1, 300),
        "audio": (100, 74),
        "visual": (20, 35),
    }
    assert post.features["audio"][:, 0].tolist() == list(range(100, 200))
    assert b"recording" not in line
    assert b"media" not in line


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"recording": "../talk-1"}, "recording: "),
        ({"recording": ".."}, "recording: "),
        ({"recording": "other"}, "recording: there is no .*other.csv"),
        ({"start_s": 3.0}, "end_s: must be after start_s, 3"),
        ({"start_s": "1"}, "start_s: "),
        ({"recording": None, "text": "unheard"}, "features: no word has a vector"),
        ({"post_id": ""}, "post_id: "),
    ],
)
def test_a_post_that_cannot_be_made_says_why(
    tmp_path: Path, changes: dict[str, Any], fault: str
) -> None:
    table(tmp_path, 400, 74)
    maker = PaperFeatures({"good": np.ones(300, np.float32)}, tmp_path, None)
    with pytest.raises(ValueError, match=fault):
        maker.envelope(POST | changes)


def test_the_command_writes_posts_and_tells_of_lines_that_are_none(tmp_path: Path) -> None:
    vector = " ".join(["1"] * 300)
    posts, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    posts.write_bytes(b"\n".join([orjson.dumps(POST), b"nope", orjson.dumps(POST | {"text": "x"})]))
    path = glove(tmp_path, f"day {vector}")
    done = CliRunner().invoke(
        app, ["features", "paper", str(posts), str(out), "--glove", str(path)]
    )
    assert done.exit_code == 1
    assert "line 2: " in done.output
    assert "line 3: features: no word has a vector" in done.output
    (line,) = out.read_bytes().splitlines()
    assert decode_value(line, now=1_764_000_000, max_bytes=100_000).features["text"].shape == (
        1,
        300,
    )

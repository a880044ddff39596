"""`voxpop explain`: which posts of a file it takes, what it prints, and what it says is wrong."""

from collections.abc import Sequence
from dataclasses import replace
from io import StringIO
from pathlib import Path

import numpy as np
import orjson
import pytest
from numpy.typing import NDArray
from rich.console import Console
from typer.testing import CliRunner

from connectors.schemas.codec import encode_post
from connectors.schemas.post import DecodedPost, JsonObject
from models.checkpoint import load_checkpoint
from models.explanation import explainer as explainer_module
from models.explanation.explainer import make_explainer
from models.explanation.explanation import Explanation
from stream_app.cli.errors import CliError
from stream_app.cli.explain_file import find_post, read_window
from stream_app.cli.explain_view import print_explanation
from stream_app.cli.main import app
from stream_app.cli.score_lines import LineReader
from tests.unit.models.small_networks import write_checkpoint


class LetterEncoder:
    """A token vector a letter, the same for the same letter."""

    name = "letters"

    def encode(self, texts: Sequence[str]) -> list[NDArray[np.float16]]:
        vectors = np.random.default_rng(7).normal(size=(256, 384)).astype(np.float16)
        return [vectors[[ord(letter) % 256 for letter in text]] for text in texts]


def raw(text: str, **fields: object) -> bytes:
    return orjson.dumps({"text": text, **fields})


def written(folder: Path, *lines: bytes) -> Path:
    path = folder / "posts.jsonl"
    path.write_bytes(b"\n".join(lines) + b"\n")
    return path


def window(path: Path, post: str | None = None, length: int = 32) -> list[DecodedPost]:
    reader = LineReader(LetterEncoder(), "default@1", 100_000)
    return read_window(path, reader, find_post(path, post), length)


def names(posts: Sequence[DecodedPost]) -> list[str]:
    return [post.post_id for post in posts]


@pytest.fixture
def talk(tmp_path: Path) -> Path:
    return written(
        tmp_path,
        raw("one", post_id="a", conversation_id="c"),
        raw("else", post_id="x", conversation_id="d"),
        raw("alone"),
        raw("two", post_id="b", conversation_id="c"),
        b"no json",
        raw("  ", post_id="blank", conversation_id="c"),
        raw("alone as well"),
        raw("three", post_id="e", conversation_id="c"),
        b"",
    )


def test_the_last_post_is_taken_with_those_before_it_in_its_conversation(talk: Path) -> None:
    assert names(window(talk)) == ["a", "b", "e"]


def test_a_named_post_is_taken_without_those_after_it(talk: Path) -> None:
    assert names(window(talk, "b")) == ["a", "b"]
    assert names(window(talk, "x")) == ["x"]


def test_a_post_without_conversation_stands_alone(talk: Path) -> None:
    assert names(window(talk, "line-7")) == ["line-7"]


def test_a_window_has_at_most_its_length(talk: Path) -> None:
    assert names(window(talk, length=2)) == ["b", "e"]


def test_of_two_posts_of_a_name_the_last_is_taken(tmp_path: Path) -> None:
    path = written(tmp_path, raw("old", post_id="a"), raw("new", post_id="a"))
    assert [post.text for post in window(path, "a")] == ["new"]


def test_an_envelope_is_taken_with_its_features(tmp_path: Path) -> None:
    envelope = {
        "schema_version": 1,
        "post_id": "e",
        "conversation_id": "c",
        "platform": "x",
        "created_at": 1.0,
        "feature_set": "default@1",
        "features": {"text": None, "audio": np.ones((1, 8), np.float32), "visual": None},
    }
    path = written(tmp_path, raw("one", post_id="a", conversation_id="c"), encode_post(envelope))
    (_, last) = window(path)
    assert set(last.features) == {"audio"}


def test_a_post_that_is_not_there_is_said_with_some_that_are(talk: Path) -> None:
    with pytest.raises(CliError, match=r"has no post 'nobody'; it holds a, x, line-3 and 4 more"):
        window(talk, "nobody")


def test_a_file_without_posts_is_said(tmp_path: Path) -> None:
    with pytest.raises(CliError, match="has no posts; it holds none"):
        window(written(tmp_path, b"no json"))


def test_a_post_that_is_not_valid_is_said_with_its_line(talk: Path) -> None:
    with pytest.raises(CliError, match=r"posts.jsonl:6: invalid_schema: text: is needed"):
        window(talk, "blank")


def explained(tmp_path: Path, *arguments: str, monkeypatch: pytest.MonkeyPatch) -> JsonObject:
    checkpoint = write_checkpoint(tmp_path / "checkpoint", "stream")
    monkeypatch.setenv("VOXPOP_MODEL", str(checkpoint))
    monkeypatch.setenv("VOXPOP_DEVICE", "cpu")
    monkeypatch.setattr(explainer_module, "load_text_encoder", lambda _: LetterEncoder())
    result = CliRunner().invoke(app, ["explain", *arguments, "--json"], catch_exceptions=False)
    assert result.exit_code == 0
    answer: JsonObject = orjson.loads(result.stdout)
    return answer


def test_json_holds_every_part(talk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = explained(
        tmp_path, str(talk), "--task", "emotion", "--label", "sad", monkeypatch=monkeypatch
    )
    assert found["post_id"] == "e"
    assert found["label"] == "sad"
    assert set(found["probabilities"]) >= {"sad", "happy"}
    assert [own["modality"] for own in found["modalities"]] == ["text", "audio", "visual"]
    assert [own["post_id"] for own in found["posts"]] == ["a", "b", "e"]
    assert found["words"] == [{**found["words"][0], "text": "three", "start": 0, "end": 5}]
    assert found["completeness"]["words"]["gap"] == pytest.approx(0, abs=1e-3)
    assert "Shapley" in found["methods"]["posts"]["source"]


def test_an_unknown_label_ends_the_command(
    talk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(CliError, match="sentiment has no label 'sad'; known: negative, neutral"):
        explained(tmp_path, str(talk), "--label", "sad", monkeypatch=monkeypatch)


def explanation(tmp_path: Path, posts: list[DecodedPost]) -> Explanation:
    checkpoint = load_checkpoint(write_checkpoint(tmp_path / "checkpoint", "stream"))
    return make_explainer(*checkpoint, LetterEncoder(), "cpu").explain(posts, "sentiment")


def page(found: Explanation, posts: list[DecodedPost]) -> str:
    out = StringIO()
    print_explanation(found, posts, Console(file=out, width=80, highlight=False))
    return out.getvalue()


def test_the_page_shows_words_posts_and_modalities_within_80_columns(
    talk: Path, tmp_path: Path
) -> None:
    posts = window(talk)
    shown = page(explanation(tmp_path, posts), posts)
    for part in ("sentiment: ", "modality of the post", "post of the conversation", "three"):
        assert part in shown
    assert "do not add up" not in shown
    assert max(map(len, shown.splitlines())) <= 80


def test_the_page_warns_of_words_that_do_not_add_up(talk: Path, tmp_path: Path) -> None:
    posts = window(talk)
    found = explanation(tmp_path, posts)
    gap = replace(found.completeness["words"], gap=1.0)
    found = replace(found, completeness={**found.completeness, "words": gap})
    assert "do not add up" in page(found, posts)


def test_the_page_says_why_there_are_no_words(tmp_path: Path) -> None:
    features = {"audio": np.ones((1, 8), np.float32)}
    posts = [DecodedPost("p", "c", None, "x", None, 0.0, (), "heard", "default@1", features)]
    assert "No words: the post's features hold no text." in page(
        explanation(tmp_path, posts), posts
    )

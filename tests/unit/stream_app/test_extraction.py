"""What becomes of raw posts: envelopes with what could be made of them, or a reason."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import orjson
import pytest
from numpy.typing import NDArray

from connectors.extraction.outcome import MediaOutcome
from connectors.schemas.codec import decode_post
from connectors.schemas.media import Media
from connectors.schemas.post import JsonObject, RawPost
from connectors.schemas.rejection import Reason
from models.readable_text import readable_text
from stream_app.core.extraction import (
    Completed,
    Completion,
    Extracted,
    InNoTrack,
    MediaOff,
    Preparation,
    PreparedPost,
)
from stream_app.core.halving import ModelBroken
from stream_app.core.outcome import Rejected

NOW = 1_764_000_100.0
NO_MEDIA = MediaOutcome({}, {})
AUDIO = np.ones((1, 8), np.float32)


class Encoder:
    """A row of ones for each word; breaks on some texts."""

    def __init__(self, poison: str = "", *, broken: bool = False) -> None:
        self.poison = poison
        self.broken = broken

    def encode(self, texts: Sequence[str]) -> list[NDArray[np.float16]]:
        if self.broken or (self.poison and self.poison in texts):
            raise RuntimeError("cannot encode")
        return [np.ones((len(text.split()), 384), np.float16) for text in texts]


class Languages:
    """Says English, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def language(self, text: str) -> str | None:
        self.asked.append(text)
        return "en"


class Rules:
    """Puts every post that says so into a track."""

    def with_tracks(self, post: JsonObject) -> JsonObject:
        found = ["rules"] if "rule" in (post["text"] or "") else []
        return post | {"tracks": [*post["tracks"], *found]}


def raw(**changes: Any) -> RawPost:
    return RawPost.model_validate(
        {
            "post_id": "p1",
            "conversation_id": "c1",
            "platform": "test",
            "created_at": 1_764_000_000.0,
            "tracks": ["acme"],
            "text": "so good 😍",
            **changes,
        }
    )


def prepared(post: RawPost, languages: Languages | None = None) -> PreparedPost | InNoTrack:
    return Preparation(languages or Languages(), Rules(), readable_text).prepare(post)


def completed(
    *posts: tuple[RawPost, MediaOutcome], encoder: Encoder | None = None, max_bytes: int = 1 << 20
) -> list[Completed]:
    ready = []
    for post, outcome in posts:
        one = prepared(post)
        assert isinstance(one, PreparedPost)
        ready.append((one, outcome))
    return Completion(encoder or Encoder(), max_bytes, lambda: NOW).complete(ready)


def written(outcome: Completed) -> Mapping[str, Any]:
    assert isinstance(outcome, Extracted)
    document: Mapping[str, Any] = orjson.loads(outcome.value)
    return document


def test_a_text_becomes_a_post_that_a_scoring_worker_takes() -> None:
    (outcome,) = completed((raw(), NO_MEDIA))
    assert isinstance(outcome, Extracted)
    post = decode_post(outcome.key, outcome.value, now=NOW, max_bytes=1 << 20)
    assert (post.text, post.lang, post.tracks) == ("so good 😍", "en", ("acme",))
    assert post.features["text"].shape == (3, 384)
    assert "absent" not in written(outcome)
    assert "media" not in written(outcome)


def test_the_text_is_kept_as_it_was_posted() -> None:
    (outcome,) = completed((raw(text="@shop good https://t.co/x1"), NO_MEDIA))
    assert written(outcome)["text"] == "@shop good https://t.co/x1"


def test_a_language_is_told_only_where_the_post_names_none_and_by_its_words() -> None:
    languages = Languages()
    given = prepared(raw(lang="de"), languages)
    assert isinstance(given, PreparedPost)
    assert (given.envelope["lang"], languages.asked) == ("de", [])
    prepared(raw(text="@shop good https://t.co/x1"), languages)
    assert languages.asked == ["good"]


def test_rules_add_tracks_and_a_post_in_none_goes_nowhere() -> None:
    post = prepared(raw(tracks=[], text="as a rule"))
    assert isinstance(post, PreparedPost)
    assert post.envelope["tracks"] == ["rules"]
    assert prepared(raw(tracks=[])) == InNoTrack()


def test_a_modality_that_failed_is_absent_and_the_rest_goes_on() -> None:
    outcome = MediaOutcome({"audio": AUDIO}, {"visual": "decoder_failed"})
    (done,) = completed((raw(), outcome))
    document = written(done)
    assert document["absent"] == {"visual": "decoder_failed"}
    assert document["features"]["audio"]["shape"] == [1, 8]
    assert document["features"]["visual"] is None


def test_media_are_enough_where_there_is_no_text() -> None:
    (done,) = completed((raw(text=None), MediaOutcome({"audio": AUDIO}, {})))
    assert written(done)["features"]["text"] is None


@pytest.mark.parametrize("text", [None, "", "  ", "https://t.co/x1", "@shop"])
def test_a_post_of_which_nothing_is_left_is_rejected_with_all_reasons(text: str | None) -> None:
    (done,) = completed((raw(text=text), MediaOutcome({}, {"audio": "silent"})))
    assert done == Rejected(Reason.NO_FEATURES, "text: nothing to read; audio: silent", NOW)
    (alone,) = completed((raw(text=text), NO_MEDIA))
    assert alone == Rejected(Reason.NO_FEATURES, "text: nothing to read; no media", NOW)


@pytest.mark.parametrize(
    "absent",
    [{"visual": "fetching_off"}, {"visual": "fetching_off", "audio": "no_sound"}],
)
def test_a_post_of_media_alone_that_are_not_read_by_setting_is_left_out(
    absent: dict[str, str],
) -> None:
    assert completed((raw(text=None), MediaOutcome({}, absent))) == [MediaOff()]
    (failed,) = completed((raw(text=None), MediaOutcome({}, absent | {"audio": "silent"})))
    assert isinstance(failed, Rejected)


def test_a_text_that_breaks_the_encoder_is_poison_alone() -> None:
    posts = [(raw(text=text), NO_MEDIA) for text in ("one", "bad", "two words")]
    first, poison, last = completed(*posts, encoder=Encoder("bad"))
    assert isinstance(poison, Rejected)
    assert poison.reason is Reason.POISON
    assert written(first)["features"]["text"]["shape"] == [1, 384]
    assert written(last)["features"]["text"]["shape"] == [2, 384]


def test_an_encoder_that_takes_no_text_is_broken() -> None:
    with pytest.raises(ModelBroken):
        completed((raw(), NO_MEDIA), encoder=Encoder(broken=True))


def test_a_post_that_grew_too_large_is_rejected_here() -> None:
    (done,) = completed((raw(), NO_MEDIA), max_bytes=2000)
    assert isinstance(done, Rejected)
    assert done.reason is Reason.TOO_LARGE


def test_media_are_told_without_their_bytes_in_the_envelope() -> None:
    media = Media(kind="audio", url="https://a.example/x.wav")
    post = prepared(raw(media=[media.model_dump()]))
    assert isinstance(post, PreparedPost)
    assert list(post.media) == [media]
    assert "media" not in post.envelope

"""A record of `posts` becomes a post, or one of the contract's reasons; nothing else."""

import json
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from connectors.schemas.codec import decode_post, encode_post, encode_tensor
from connectors.schemas.feature_sets import DEFAULT
from connectors.schemas.post import DecodedPost, PostDocument
from connectors.schemas.rejection import Reason, Rejection

NOW = 1_764_000_000.0
MAX_BYTES = 1_048_576


def envelope(**changes: Any) -> dict[str, Any]:
    """A valid post; a change to `...` leaves the field out."""
    post = {
        "schema_version": 1,
        "post_id": "p1",
        "conversation_id": "c9",
        "parent_id": None,
        "author_id": None,
        "platform": "bluesky",
        "lang": "en",
        "created_at": NOW - 5,
        "tracks": ["acme"],
        "text": "good",
        "feature_set": "default@1",
        "features": {"text": encode_tensor(np.ones((2, 384))), "audio": None, "visual": None},
    } | changes
    return {name: value for name, value in post.items() if value is not ...}


def decoded(post: dict[str, Any], key: bytes | None = b"c9") -> DecodedPost:
    return decode_post(key, json.dumps(post).encode(), now=NOW, max_bytes=MAX_BYTES)


def rejected(value: bytes | dict[str, Any] | None, key: bytes | None = b"c9") -> Rejection:
    raw = json.dumps(value).encode() if isinstance(value, dict) else value
    with pytest.raises(Rejection) as caught:
        decode_post(key, raw, now=NOW, max_bytes=MAX_BYTES)
    return caught.value


def test_a_valid_post_comes_out_with_all_its_fields() -> None:
    post = decoded(envelope())
    assert (post.post_id, post.conversation_id, post.parent_id) == ("p1", "c9", None)
    assert (post.platform, post.lang, post.text) == ("bluesky", "en", "good")
    assert (post.created_at, post.tracks, post.feature_set) == (NOW - 5, ("acme",), "default@1")
    assert list(post.features) == ["text"]
    np.testing.assert_array_equal(post.features["text"], np.ones((2, 384), np.float32))


def test_optional_fields_may_be_missing() -> None:
    post = decoded(envelope(parent_id=..., lang=..., tracks=..., text=...))
    assert (post.parent_id, post.lang, post.tracks, post.text) == (None, None, (), None)


def test_fields_from_a_later_minor_version_are_passed_over() -> None:
    assert decoded(envelope(reposts=3)).post_id == "p1"


def test_a_track_named_twice_counts_once_and_keeps_its_place() -> None:
    assert decoded(envelope(tracks=["b", "a", "b"])).tracks == ("b", "a")


@pytest.mark.parametrize(
    "value",
    [
        None,
        b"",
        b"{",
        b"\xff\xfe",
        b'{"schema_version": 1, "post_id": "\xed\xa0\x80"}',
        b'{"post_id": "\\ud800"}',
        b"[" * 100_000,
        b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
        b"\xef\xbb\xbf{}",
        b"1" * 5_000 + b"x",
    ],
)
def test_what_is_no_json_is_invalid_json(value: bytes | None) -> None:
    assert rejected(value).reason is Reason.INVALID_JSON


def test_a_number_that_is_not_finite_in_a_field_nobody_reads_is_invalid_json() -> None:
    assert rejected(envelope(reposts=float("nan"))).reason is Reason.INVALID_JSON


@pytest.mark.parametrize("value", [b"null", b"[]", b'"post"', b"7", b"true"])
def test_json_that_is_no_object_is_invalid_schema(value: bytes) -> None:
    assert rejected(value).reason is Reason.INVALID_SCHEMA


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"schema_version": ...}, "schema_version"),
        ({"schema_version": "1"}, "schema_version"),
        ({"schema_version": True}, "schema_version"),
        ({"post_id": ...}, "post_id"),
        ({"post_id": 7}, "post_id"),
        ({"post_id": ""}, "post_id"),
        ({"conversation_id": ...}, "conversation_id"),
        ({"conversation_id": "c" * 257}, "conversation_id"),
        ({"parent_id": 3}, "parent_id"),
        ({"author_id": 3}, "author_id"),
        ({"platform": None}, "platform"),
        ({"created_at": ...}, "created_at"),
        ({"created_at": True}, "created_at"),
        ({"created_at": None}, "created_at"),
        ({"tracks": "acme"}, "tracks"),
        ({"tracks": ["acme", 7]}, "tracks.1"),
        ({"tracks": ["{acme}"]}, "tracks.0"),
        ({"tracks": ["ac\nme"]}, "tracks.0"),
        ({"text": 5}, "text"),
        ({"feature_set": ...}, "feature_set"),
        ({"features": ...}, "features"),
        ({"features": []}, "features"),
        ({"features": {}}, "features"),
        ({"features": {"text": None, "audio": None, "visual": None}}, "features"),
        ({"features": {"smell": [[1.0]]}}, "features"),
    ],
)
def test_a_field_that_is_wrong_is_named_by_its_path(changes: dict[str, Any], path: str) -> None:
    rejection = rejected(envelope(**changes))
    assert rejection.reason is Reason.INVALID_SCHEMA
    assert rejection.detail.startswith(f"{path}: ")
    assert len(rejection.detail) <= 300


@pytest.mark.parametrize("version", [0, 2, -1, 10**18])
def test_another_version_is_told_before_anything_else(version: int) -> None:
    rejection = rejected({"schema_version": version, "post": "of the future"})
    assert rejection.reason is Reason.UNSUPPORTED_VERSION


def test_an_unknown_feature_set_is_told_before_its_tensors_are_read() -> None:
    rejection = rejected(envelope(feature_set="default@2", features={"text": "?"}))
    assert rejection.reason is Reason.UNKNOWN_FEATURE_SET
    assert "default@1" in rejection.detail


@pytest.mark.parametrize("key", [None, b"", b"c8", b"C9", b'"c9"', b"\xff"])
def test_a_key_that_is_not_the_conversation_is_a_mismatch(key: bytes | None) -> None:
    assert rejected(envelope(), key=key).reason is Reason.KEY_MISMATCH


def test_the_key_is_the_conversation_in_utf_8() -> None:
    assert decoded(envelope(conversation_id="gespräch"), "gespräch".encode()).post_id == "p1"
    latin = rejected(envelope(conversation_id="gespräch"), "gespräch".encode("latin-1"))
    assert latin.reason is Reason.KEY_MISMATCH


def test_size_is_judged_before_anything_is_read() -> None:
    with pytest.raises(Rejection) as caught:
        decode_post(b"c9", b"{" * 11, now=NOW, max_bytes=10)
    assert caught.value.reason is Reason.TOO_LARGE


def test_a_post_of_just_the_largest_size_is_read() -> None:
    value = encode_post(envelope())
    assert decode_post(b"c9", value, now=NOW, max_bytes=len(value)).post_id == "p1"


@pytest.mark.parametrize("created_at", [float("nan"), float("inf"), -1, 1e18, "yesterday"])
def test_an_impossible_time_is_a_bad_timestamp(created_at: object) -> None:
    assert rejected(envelope(created_at=created_at)).reason is Reason.BAD_TIMESTAMP


def test_a_tensor_that_is_not_finite_is_bad_however_it_is_written() -> None:
    for number in ("NaN", "-Infinity", "1e999", "9" * 400):
        text = json.dumps(envelope(features={"audio": [[0.0] * 7 + ["?"]]}))
        value = text.replace('"?"', number).encode()
        rejection = rejected(value)
        assert rejection.reason is Reason.BAD_TENSOR, number
        assert rejection.detail.startswith("features.audio: [0][7]")


def test_an_author_is_read_and_not_shown() -> None:
    post = decoded(envelope(author_id="anna"))
    assert post.author_id == "anna"
    assert "anna" not in repr(post)


def test_one_bad_tensor_rejects_the_post() -> None:
    good = encode_tensor(np.ones((1, 384)))
    rejection = rejected(envelope(features={"text": good, "visual": [[1.0, 2.0]]}))
    assert rejection.reason is Reason.BAD_TENSOR
    assert rejection.detail.startswith("features.visual")


def test_a_document_model_and_a_mapping_give_the_same_bytes() -> None:
    post = envelope()
    again = json.loads(encode_post(PostDocument.model_validate(post)))
    scale = again["features"]["text"].pop("scale")
    assert (again, scale) == (json.loads(encode_post(post)), None)


def test_arrays_and_datetimes_of_a_mapping_are_written() -> None:
    made = datetime.fromtimestamp(NOW - 5, UTC).replace(tzinfo=None)
    post = envelope(created_at=made, features={"audio": np.ones((3, 8))})
    read = decode_post(b"c9", encode_post(post), now=NOW, max_bytes=MAX_BYTES)
    assert read.created_at == NOW - 5
    assert read.features["audio"].shape == (3, 8)


texts = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)
tracks = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc"], exclude_characters="{}"),
    min_size=1,
    max_size=20,
)
tensors = st.integers(1, 4).flatmap(
    lambda steps: hnp.arrays(
        np.float32, (steps, 8), elements=st.floats(-60_000, 60_000, width=16).map(float)
    )
)


@given(
    ids=st.tuples(texts, texts),
    named=st.lists(tracks, max_size=5),
    text=st.none() | texts,
    created_at=st.floats(0, NOW),
    audio=tensors,
)
def test_what_was_written_is_read_back(
    ids: tuple[str, str],
    named: list[str],
    text: str | None,
    created_at: float,
    audio: np.ndarray[Any, np.dtype[np.float32]],
) -> None:
    post = envelope(
        post_id=ids[0],
        conversation_id=ids[1],
        tracks=named,
        text=text,
        created_at=created_at,
        features={"audio": audio},
    )
    read = decode_post(ids[1].encode(), encode_post(post), now=NOW, max_bytes=MAX_BYTES)
    assert (read.post_id, read.conversation_id, read.text) == (*ids, text)
    assert read.created_at == created_at
    assert read.tracks == tuple(dict.fromkeys(named))
    np.testing.assert_array_equal(read.features["audio"], audio)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["text", "audio", "dtype", "shape", "data", "scale", "x"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


def outcome(key: bytes | None, value: bytes | None) -> DecodedPost | Rejection:
    try:
        return decode_post(key, value, now=NOW, max_bytes=MAX_BYTES)
    except Rejection as rejection:
        return rejection


def assert_post_or_rejection(found: DecodedPost | Rejection) -> None:
    if isinstance(found, Rejection):
        assert found.reason is not Reason.POISON
        assert 0 < len(found.detail) <= 400
        assert found.detail.encode()
        return
    for modality, tensor in found.features.items():
        assert tensor.dtype == np.float32
        assert tensor.shape[1] == DEFAULT.widths[modality]
        assert np.isfinite(tensor).all()


@given(key=st.none() | st.binary(max_size=5), value=st.none() | st.binary(max_size=200))
def test_any_bytes_are_a_post_or_a_rejection(key: bytes | None, value: bytes | None) -> None:
    assert_post_or_rejection(outcome(key, value))


@given(field=st.sampled_from(sorted(envelope())), value=json_values)
def test_any_value_in_any_field_is_a_post_or_a_rejection(field: str, value: object) -> None:
    found = outcome(b"c9", json.dumps(envelope(**{field: value})).encode())
    assert_post_or_rejection(found)


@given(
    field=st.sampled_from(["dtype", "shape", "data", "scale"]),
    value=json_values | st.sampled_from(["int8", "float32", [10**9, 10**9], [2, 384], 1e308]),
)
def test_any_value_in_a_tensor_document_is_a_post_or_a_bad_tensor(
    field: str, value: object
) -> None:
    document = encode_tensor(np.ones((2, 384)), "int8") | {field: value}
    found = outcome(b"c9", json.dumps(envelope(features={"text": document})).encode())
    assert isinstance(found, DecodedPost) or found.reason is Reason.BAD_TENSOR


@given(at=st.integers(0, 10_000), byte=st.integers(0, 255))
def test_any_flipped_byte_is_a_post_or_a_rejection(at: int, byte: int) -> None:
    value = bytearray(encode_post(envelope()))
    value[at % len(value)] = byte
    assert_post_or_rejection(outcome(b"c9", bytes(value)))

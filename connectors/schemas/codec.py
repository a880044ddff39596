"""Bytes of `posts` and `posts.raw` to posts, or the reason why not; and documents to bytes.

Not for single tensors (`tensors`) or points in time (`event_time`), and never for I/O.
"""

import json
import math
from collections.abc import Callable, Mapping
from typing import NoReturn, TypeVar

import numpy as np
import orjson
from numpy.typing import NDArray
from pydantic import ValidationError

from connectors.schemas.event_time import event_time
from connectors.schemas.feature_sets import FEATURE_SETS, FeatureSet
from connectors.schemas.labels import MODALITIES
from connectors.schemas.post import (
    DecodedPost,
    JsonObject,
    PostDocument,
    PostEnvelope,
    RawPost,
)
from connectors.schemas.rejection import Reason, Rejection
from connectors.schemas.tensors import TensorDtype, decode_tensor, encode_tensor

__all__ = [
    "TensorDtype",
    "decode_post",
    "decode_raw_post",
    "decode_raw_value",
    "decode_value",
    "encode_post",
    "encode_tensor",
]

SCHEMA_VERSION = 1
Post = TypeVar("Post")


def decode_post(
    key: bytes | None, value: bytes | None, *, now: float, max_bytes: int
) -> DecodedPost:
    """Read one record of the `posts` topic.

    Args:
        key: the record's key; must be the conversation's id in UTF-8.
        value: the record's value; None is a tombstone and never valid.
        now: the reader's clock, Unix seconds.
        max_bytes: a longer value is refused unread.

    Returns:
        The post with its tensors as float32 arrays.

    Raises:
        Rejection: with every reason but poison; nothing else is raised, whatever the bytes.
    """
    post = decode_value(value, now=now, max_bytes=max_bytes)
    _require_key(key, post.conversation_id)
    return post


def decode_raw_post(
    key: bytes | None, value: bytes | None, *, now: float, max_bytes: int
) -> RawPost:
    """Read one record of the `posts.raw` topic.

    Args:
        key: the record's key; must be the conversation's id in UTF-8.
        value: the record's value; None is a tombstone and never valid.
        now: the reader's clock, Unix seconds.
        max_bytes: a longer value is refused unread.

    Returns:
        The post, its event time in Unix seconds.

    Raises:
        Rejection: with every reason that is not about features, nor poison.
    """
    post = decode_raw_value(value, now=now, max_bytes=max_bytes)
    _require_key(key, post.conversation_id)
    return post


def decode_raw_value(value: bytes | None, *, now: float, max_bytes: int) -> RawPost:
    """Read the value of a record as `decode_raw_post` does, without judging its key.

    Raises:
        Rejection: as there, but for key_mismatch.
    """
    return _read(value, now, max_bytes, _judge_raw)


def decode_value(value: bytes | None, *, now: float, max_bytes: int) -> DecodedPost:
    """Read the value of a record as `decode_post` does, without judging its key.

    Raises:
        Rejection: with every reason but key_mismatch and poison.
    """
    return _read(value, now, max_bytes, _judge)


def encode_post(post: PostDocument | Mapping[str, object]) -> bytes:
    """Write a post as a value of the `posts` topic; says nothing about its validity.

    Args:
        post: the envelope. As a mapping it may hold arrays as features, written as float16, and
            a `datetime` as created_at, taken as UTC where it names no offset.

    Raises:
        TypeError: something in it has no JSON form.
        ValueError: an array that `encode_tensor` refuses.
    """
    if isinstance(post, PostDocument):
        own = post.model_dump(mode="json", exclude=None if post.absent else {"absent"})
        return orjson.dumps(own)
    document = dict(post)
    features = document.get("features")
    if isinstance(features, Mapping):
        document["features"] = {
            name: encode_tensor(tensor) if isinstance(tensor, np.ndarray) else tensor
            for name, tensor in features.items()
        }
    return orjson.dumps(document, option=orjson.OPT_NAIVE_UTC)


def first_fault(error: ValidationError) -> str:
    """The first thing that pydantic found wrong: the path of the field, and what is wrong there."""
    fault = error.errors(include_url=False, include_context=False, include_input=False)[0]
    path = ".".join(str(step) for step in fault["loc"]) or "the post"
    more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
    what = fault["msg"].removeprefix("Value error, ")
    return f"{path}: {what}{more}"[:300]


def _read(
    value: bytes | None, now: float, max_bytes: int, judge: Callable[[object, float], Post]
) -> Post:
    """What `judge` makes of the JSON document in a value."""
    if value is None:
        raise Rejection(Reason.INVALID_JSON, "the value is null (a tombstone), not a post")
    if len(value) > max_bytes:
        raise Rejection(Reason.TOO_LARGE, f"{len(value)} bytes; a post may have {max_bytes}")
    try:
        return judge(orjson.loads(value), now)
    except orjson.JSONDecodeError as error:
        _explain_unreadable(value, error, now, judge)


def _require_key(key: bytes | None, conversation_id: str) -> None:
    expected = conversation_id.encode()
    if key != expected:
        found = "missing" if key is None else repr(key[:64])
        raise Rejection(
            Reason.KEY_MISMATCH,
            f"key is {found}; it must be the conversation_id in UTF-8, {expected[:64]!r}",
        )


def _of_this_version(document: object) -> JsonObject:
    if not isinstance(document, dict):
        raise Rejection(Reason.INVALID_SCHEMA, "the post: must be a JSON object")
    version = document.get("schema_version")
    if type(version) is int and version != SCHEMA_VERSION:
        raise Rejection(
            Reason.UNSUPPORTED_VERSION,
            f"schema_version: {version} is unknown here; this reads {SCHEMA_VERSION}",
        )
    if isinstance(version, bool):
        raise Rejection(Reason.INVALID_SCHEMA, "schema_version: must be 1, not a boolean")
    return document


def _judge_raw(document: object, now: float) -> RawPost:
    try:
        post = RawPost.model_validate(_of_this_version(document))
    except ValidationError as error:
        raise Rejection(Reason.INVALID_SCHEMA, first_fault(error)) from None
    return post.model_copy(update={"created_at": event_time(post.created_at, now=now)})


def _judge(document: object, now: float) -> DecodedPost:
    envelope = _envelope(_of_this_version(document))
    feature_set = FEATURE_SETS.get(envelope.feature_set)
    if feature_set is None:
        raise Rejection(
            Reason.UNKNOWN_FEATURE_SET,
            f"feature_set: {envelope.feature_set!r} is not one of {', '.join(FEATURE_SETS)}",
        )
    return DecodedPost(
        post_id=envelope.post_id,
        conversation_id=envelope.conversation_id,
        parent_id=envelope.parent_id,
        platform=envelope.platform,
        lang=envelope.lang,
        created_at=event_time(envelope.created_at, now=now),
        tracks=tuple(dict.fromkeys(envelope.tracks)),
        text=envelope.text,
        feature_set=feature_set.name,
        features=_features(envelope.features, feature_set),
        author_id=envelope.author_id,
    )


def _envelope(document: JsonObject) -> PostEnvelope:
    try:
        envelope = PostEnvelope.model_validate(document)
    except ValidationError as error:
        raise Rejection(Reason.INVALID_SCHEMA, first_fault(error)) from None
    if all(envelope.features.get(modality) is None for modality in MODALITIES):
        raise Rejection(
            Reason.INVALID_SCHEMA, f"features: at least one of {', '.join(MODALITIES)} is needed"
        )
    return envelope


def _features(documents: JsonObject, feature_set: FeatureSet) -> Mapping[str, NDArray[np.float32]]:
    return {
        modality: decode_tensor(
            documents[modality],
            where=f"features.{modality}",
            width=feature_set.widths[modality],
            max_steps=feature_set.max_steps[modality],
        )
        for modality in MODALITIES
        if documents.get(modality) is not None
    }


def _explain_unreadable(
    value: bytes,
    error: orjson.JSONDecodeError,
    now: float,
    judge: Callable[[object, float], object],
) -> NoReturn:
    """Say why a value is no JSON, and where a number is not finite, whose number it is.

    Python's own reader takes NaN, Infinity and 1e999. A tensor that holds them is a bad tensor
    and a `created_at` a bad timestamp; what else is wrong with such a post is told as usual.
    """
    not_json = Rejection(Reason.INVALID_JSON, f"not JSON: {error}"[:300])
    not_finite: list[str] = []

    def number(text: str) -> float:
        parsed = float(text)
        if not math.isfinite(parsed):
            not_finite.append(text)
        return parsed

    def whole_number(text: str) -> float:
        return int(text) if len(text) < 19 else number(text)

    try:
        document = json.loads(
            value.decode(), parse_constant=number, parse_float=number, parse_int=whole_number
        )
    except (ValueError, RecursionError):
        raise not_json from None
    if not_finite:
        judge(document, now)
    raise not_json

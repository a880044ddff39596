"""Lines of a JSONL file as posts to produce: read, shifted in time, given text features.

Not for sending them: `produce` does that.
"""

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import orjson
from numpy.typing import NDArray
from pydantic import ValidationError

from connectors.schemas.codec import encode_tensor, first_fault
from connectors.schemas.event_time import event_time
from connectors.schemas.feature_sets import DEFAULT
from connectors.schemas.post import JsonObject, RawPost
from connectors.schemas.rejection import Rejection


def numbered_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Lines with something in them, counted from 1 as an editor does."""
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if line.strip():
                yield number, line.strip()


def parsed(line: bytes) -> JsonObject:
    """The JSON object of a line.

    Raises:
        ValueError: it is none.
    """
    document = orjson.loads(line)
    if not isinstance(document, dict):
        raise ValueError("is no JSON object")  # noqa: TRY004 - a fault of the line like the others
    return document


def is_raw(post: JsonObject) -> bool:
    """Whether it still lacks features: the form of `posts.raw`."""
    return "features" not in post


def text_of(post: JsonObject) -> str:
    """The text of a raw post, which is all that its features are made of.

    Raises:
        ValueError: the post is invalid or has no text.
    """
    try:
        raw = RawPost.model_validate(post)
    except ValidationError as error:
        raise ValueError(first_fault(error)) from error
    if not (raw.text and raw.text.strip()):
        raise ValueError("text: is needed where a post comes without features")
    return raw.text


def with_text_features(post: JsonObject, vectors: NDArray[np.float16]) -> JsonObject:
    """A raw post as an envelope of `posts`; its media stay behind, nothing of them is read.

    Args:
        post: a valid raw post.
        vectors: its text, float16 [tokens, 384].
    """
    features = {"text": encode_tensor(vectors), "audio": None, "visual": None}
    fields = {name: value for name, value in post.items() if name != "media"}
    return {"schema_version": 1} | fields | {"feature_set": DEFAULT.name, "features": features}


def newest_event_time(lines: Iterator[tuple[int, bytes]]) -> float | None:
    """The latest `created_at` of the lines that have a valid one, Unix seconds."""
    newest = None
    for _, line in lines:
        try:
            seconds = _event_seconds(parsed(line))
        except ValueError:
            continue
        newest = seconds if newest is None else max(newest, seconds)
    return newest


def shifted(post: JsonObject, by_s: float) -> JsonObject:
    """The post with its event time moved.

    Raises:
        ValueError: it has no valid `created_at`.
    """
    return post | {"created_at": _event_seconds(post) + by_s}


def _event_seconds(post: JsonObject) -> float:
    created_at = post.get("created_at")
    if isinstance(created_at, bool) or not isinstance(created_at, int | float | str):
        raise ValueError("created_at: must be Unix seconds or an ISO 8601 string")  # noqa: TRY004
    try:
        return event_time(created_at, now=math.inf)
    except Rejection as rejection:
        raise ValueError(str(rejection)) from rejection

"""Breaks a valid post on purpose, in the way that each reason of rejection names.

Poison is not among them: that is the model's failure, which no bytes can force.
"""

import time
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

import orjson

from connectors.schemas.rejection import Reason

Document = dict[str, Any]


def broken_record(document: Document, fault: Reason, max_bytes: int) -> tuple[bytes | None, bytes]:
    """Key and value of a record that must be rejected for the reason.

    Args:
        document: a valid post, its tensors as documents.
        fault: any reason but poison.
        max_bytes: the largest post that is accepted.
    """
    key = document["conversation_id"].encode()
    if fault is Reason.INVALID_JSON:
        return key, orjson.dumps(document)[:-20]
    if fault is Reason.KEY_MISMATCH:
        return b"somebody-else", orjson.dumps(document)
    if fault is Reason.TOO_LARGE:
        return key, orjson.dumps({**document, "text": "x" * max_bytes})
    return key, orjson.dumps(CHANGES[fault](document))


def _without_platform(document: Document) -> Document:
    return {name: value for name, value in document.items() if name != "platform"}


def _wrong_shape(document: Document) -> Document:
    text = document["features"]["text"]
    steps, width = text["shape"]
    return {**document, "features": {"text": {**text, "shape": [steps, width - 1]}}}


def _far_ahead(document: Document) -> Document:
    return {**document, "created_at": time.time() + 3 * 86400}


CHANGES: Final[Mapping[Reason, Callable[[Document], Document]]] = MappingProxyType(
    {
        Reason.INVALID_SCHEMA: _without_platform,
        Reason.UNSUPPORTED_VERSION: lambda document: {**document, "schema_version": 99},
        Reason.BAD_TENSOR: _wrong_shape,
        Reason.UNKNOWN_FEATURE_SET: lambda document: {**document, "feature_set": "other@7"},
        Reason.BAD_TIMESTAMP: _far_ahead,
    }
)

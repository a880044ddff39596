"""Whether a decoder did right by a record: a post that holds up, or a reason that can be sent.

Not for which reason it must be: the tests of the codec say that.
"""

import numpy as np
import orjson

from connectors.kafka.dead_letters import dead_letter_headers
from connectors.schemas.codec import decode_post
from connectors.schemas.event_time import MAX_AHEAD_S
from connectors.schemas.feature_sets import FEATURE_SETS
from connectors.schemas.post import DecodedPost
from connectors.schemas.rejection import Reason, Rejection
from connectors.trends.layout import TrendLayout

VALID = "valid"
LONGEST_DETAIL = 600  # characters; what a person reads in a line or two


def judge(key: bytes | None, value: bytes | None, *, now: float, max_bytes: int) -> str:
    """Decode a record and hold what comes out to what the worker builds on.

    Returns:
        `valid`, or the reason of its rejection.

    Raises:
        AssertionError: the post or the rejection is not as it must be. Whatever else it raises,
            the decoder raised, and must not have.
    """
    try:
        post = decode_post(key, value, now=now, max_bytes=max_bytes)
    except Rejection as rejection:
        _hold_rejection(rejection)
        return rejection.reason.value
    assert value is not None
    assert len(value) <= max_bytes
    _hold_post(post, key, now)
    return VALID


def _hold_rejection(rejection: Rejection) -> None:
    assert rejection.reason is not Reason.POISON
    assert 0 < len(rejection.detail) <= LONGEST_DETAIL, len(rejection.detail)
    headers = dead_letter_headers(
        rejection.reason,
        rejection.detail,
        source_topic="posts",
        source_topic_id="id",
        source_partition=0,
        source_offset=0,
        failed_at=0.0,
    )
    assert all(len(header) <= 4 * LONGEST_DETAIL for _, header in headers)


def _hold_post(post: DecodedPost, key: bytes | None, now: float) -> None:
    texts = (post.post_id, post.conversation_id, post.parent_id, post.platform, post.lang)
    orjson.dumps((*texts, post.text, post.tracks))  # as `predictions` writes them
    assert post.conversation_id.encode() == key
    assert 0 <= post.created_at <= now + MAX_AHEAD_S
    for track in post.tracks:
        TrendLayout().fence(track).encode()
    allowed = FEATURE_SETS[post.feature_set]
    assert post.features
    for name, values in post.features.items():
        assert values.dtype == np.float32
        assert values.flags.writeable
        steps, width = values.shape
        assert width == allowed.widths[name]
        assert 1 <= steps <= allowed.max_steps[name]
        assert np.isfinite(values).all()

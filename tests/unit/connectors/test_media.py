"""What a raw post may say of its recordings, pictures and films."""

import base64
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.schemas.media import DATA_MAX_BYTES, Media
from connectors.schemas.post import MEDIA_MAX, PostDocument, PostEnvelope, RawPost

PICTURE = {"kind": "image", "url": "https://example.org/a.png"}
RAW: dict[str, Any] = {
    "post_id": "p1",
    "conversation_id": "c1",
    "platform": "bluesky",
    "created_at": 1_764_000_000,
}


def test_media_are_an_address_or_bytes() -> None:
    assert Media.model_validate(PICTURE).held_bytes() is None
    held = {"kind": "audio", "data": base64.b64encode(b"abc").decode(), "content_type": "audio/ogg"}
    assert Media.model_validate(held).held_bytes() == b"abc"


@pytest.mark.parametrize(
    ("media", "fault"),
    [
        ({"kind": "image"}, "exactly one of url and data"),
        (PICTURE | {"data": "YWJj"}, "exactly one of url and data"),
        (PICTURE | {"kind": "gif"}, "'audio', 'image' or 'video'"),
        (PICTURE | {"url": "file:///etc/passwd"}, "http or https address"),
        (PICTURE | {"url": "https:///a.png"}, "http or https address"),
        (PICTURE | {"url": "http://[::1/a.png"}, "Invalid IPv6"),
        (PICTURE | {"url": "https://example.org/" + "a" * 2048}, "at most 2048"),
        ({"kind": "image", "data": "&"}, "is not base64"),
        ({"kind": "image", "data": ""}, "is empty"),
        ({"kind": "image", "data": "A" * (DATA_MAX_BYTES * 4 // 3 + 9)}, "at most 55924"),
    ],
)
def test_media_that_nobody_could_read_are_refused(media: dict[str, str], fault: str) -> None:
    with pytest.raises(ValidationError, match=fault):
        Media.model_validate(media)


def test_a_raw_post_has_a_bounded_number_of_media() -> None:
    assert len(RawPost.model_validate(RAW | {"media": [PICTURE] * MEDIA_MAX}).media) == MEDIA_MAX
    with pytest.raises(ValidationError, match="at most 4"):
        RawPost.model_validate(RAW | {"media": [PICTURE] * (MEDIA_MAX + 1)})


def test_media_never_reach_the_topic_posts() -> None:
    assert "media" not in PostDocument.model_fields
    assert "media" not in PostEnvelope.model_fields

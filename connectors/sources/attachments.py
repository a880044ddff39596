"""What a platform says of a post's media as `Media`. Not for fetching them: workers' features do.

A medium that cannot be named is left out: the post's words stand without it.
"""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Final

from pydantic import ValidationError

from connectors.schemas.media import Media, MediaKind
from connectors.schemas.post import MEDIA_MAX

KINDS: Final[tuple[MediaKind, ...]] = ("audio", "image", "video")


def attachments(found: Iterator[tuple[str, Any, Any]]) -> list[Media]:
    """The first media that can be named, as many as a post may have.

    Args:
        found: kind or content type, URL and content type of each, as the platform gives them;
            ends where it stumbles over another form than is documented.
    """
    media: list[Media] = []
    with suppress(AttributeError, LookupError, TypeError):
        for each in found:
            made = _medium(*each)
            if made is not None:
                media.append(made)
            if len(media) == MEDIA_MAX:
                break
    return media


def _medium(kind: str, url: Any, content_type: Any) -> Media | None:
    sort = str(kind).partition("/")[0].lower()
    if sort not in KINDS:
        return None
    try:
        return Media.model_validate({"kind": sort, "url": url, "content_type": content_type})
    except ValidationError:
        return None

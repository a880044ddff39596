"""A post as the window of its conversation is kept: a sign for its sentiment, then its record.

The next post so knows what it follows. The record is an engine's, and opaque here. Not for windows:
`stream_app.core.windows` holds them, `connectors.conversations` stores them.
"""

from collections.abc import Mapping
from typing import Final

from connectors.schemas.labels import Sentiment

_SIGNS: Final[Mapping[Sentiment, bytes]] = {"negative": b"-", "neutral": b"0", "positive": b"+"}
_SENTIMENTS: Final = {sign: sentiment for sentiment, sign in _SIGNS.items()}


def kept_post(record: bytes, sentiment: Sentiment) -> bytes:
    """A post as the store keeps it."""
    return _SIGNS[sentiment] + record


def record_of(kept: bytes) -> bytes:
    """The record of a post as the store keeps it."""
    return kept[1:]


def sentiment_of(kept: bytes) -> Sentiment | None:
    """The sentiment that it was given; None where none is known."""
    return _SENTIMENTS.get(kept[:1])

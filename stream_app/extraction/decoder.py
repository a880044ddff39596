"""Reads records of `posts.raw`. Not for what becomes of a post: that is `core.extraction`."""

from connectors.schemas.codec import decode_raw_post
from connectors.schemas.post import RawPost
from connectors.schemas.rejection import Rejection
from stream_app.batch import Item
from stream_app.core.outcome import Rejected
from stream_app.core.record import Record


class RawDecoder:
    """Turns records into raw posts.

    Args:
        max_bytes: a larger value is rejected.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes

    def decode(self, record: Record, now: float) -> Item[RawPost]:
        """The post of a record, or its rejection; `now` is Unix seconds."""
        try:
            post = decode_raw_post(record.key, record.value, now=now, max_bytes=self._max_bytes)
        except Rejection as rejection:
            return Item(record, Rejected(rejection.reason, rejection.detail, now))
        return Item(record, post)

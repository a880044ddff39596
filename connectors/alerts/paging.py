"""Which alerts are on a page, and where the next one begins. Pure; `store` fetches them.

Alerts are raised on steps, many at one moment: a place between two of them is a moment and an id.
"""

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import takewhile
from typing import NamedTuple, Self


class AlertPlace(NamedTuple):
    """Where an alert stands among all; the newest are the largest.

    Attributes:
        raised_at: Unix seconds.
        alert_id: tells apart those of one moment.
        track: whose it is.
    """

    raised_at: int
    alert_id: str
    track: str


@dataclass(frozen=True, slots=True)
class AlertCursor:
    """The place of the last alert of a page; the next page begins after it."""

    raised_at: int
    alert_id: str

    @property
    def encoded(self) -> str:
        """Opaque, for a URL."""
        return base64.urlsafe_b64encode(f"{self.raised_at}:{self.alert_id}".encode()).decode()

    @classmethod
    def decode(cls, encoded: str) -> Self:
        """The cursor that `encoded` was.

        Raises:
            ValueError: it is none.
        """
        try:
            plain = base64.b64decode(encoded, b"-_", validate=True).decode()
            raised_at, _, alert_id = plain.partition(":")
            return cls(int(raised_at), alert_id)
        except (binascii.Error, ValueError) as error:
            raise ValueError(
                f"{encoded!r} is no cursor: take it from the page before, or leave it out"
            ) from error


def alert_page(
    places: Iterable[AlertPlace],
    limit: int,
    *,
    before: float | None = None,
    cursor: AlertCursor | None = None,
) -> tuple[list[AlertPlace], AlertCursor | None]:
    """A page, the newest first.

    Without a cursor a page has all alerts of its last moment, more than `limit` where need be, so
    that `before` that moment is the next page.

    Args:
        places: of all alerts, in any order.
        limit: most of them, over 0.
        before: only those raised before that event time, Unix seconds.
        cursor: only those after the page that it ended.

    Returns:
        The page, and the cursor of the next; None where there is none.
    """
    found = sorted(places, reverse=True)
    if before is not None:
        found = [place for place in found if place.raised_at < before]
    if cursor is not None:
        last = (cursor.raised_at, cursor.alert_id)
        found = [place for place in found if place[:2] < last]
    page, rest = found[:limit], found[limit:]
    if cursor is None and page:
        page += takewhile(lambda place: place.raised_at == page[-1].raised_at, rest)
    if len(page) == len(found):
        return page, None
    return page, AlertCursor(*page[-1][:2])

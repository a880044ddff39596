"""When a post was made: reads `created_at` and judges whether it can be true.

Not for bucket arithmetic: that is `connectors.trends`.
"""

import math
from datetime import UTC, datetime
from typing import Final

from connectors.schemas.rejection import Reason, Rejection

MAX_AHEAD_S: Final = 86_400.0


def event_time(created_at: float | str, *, now: float) -> float:
    """Read `created_at` of an envelope.

    A string without an offset is taken as UTC, a date without a time as its midnight: the same
    post then counts in the same bucket wherever it is decoded.

    Args:
        created_at: Unix seconds, or an ISO 8601 string.
        now: the reader's clock, Unix seconds.

    Returns:
        Unix seconds, 0 <= returned <= now + a day.

    Raises:
        Rejection: bad_timestamp; no ISO 8601, before 1970, not finite, or over a day ahead.
    """
    seconds = _iso_seconds(created_at) if isinstance(created_at, str) else float(created_at)
    if not math.isfinite(seconds):
        raise Rejection(Reason.BAD_TIMESTAMP, f"created_at: {seconds} is no point in time")
    if seconds < 0:
        raise Rejection(Reason.BAD_TIMESTAMP, f"created_at: {created_at!r:.64} is before 1970")
    if seconds > now + MAX_AHEAD_S:
        hint = "; is it milliseconds?" if seconds / 1000 <= now + MAX_AHEAD_S else ""
        raise Rejection(
            Reason.BAD_TIMESTAMP,
            f"created_at: {created_at!r:.64} is over a day ahead of the clock ({now:.0f}){hint}",
        )
    return seconds


def _iso_seconds(text: str) -> float:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Rejection(
            Reason.BAD_TIMESTAMP,
            f"created_at: {text!r:.64} is not ISO 8601, such as 2025-11-24T16:00:00.25Z",
        ) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.timestamp()

"""How long an HTTP answer asks its client to wait. Not for the waiting itself."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

LONGEST_S: Final = 86_400.0  # what asks for more is taken for a mistake


def asked_wait_s(headers: Mapping[str, str], now: float) -> float:
    """Seconds until the server wants to be asked again; 0 where it says nothing.

    Reads `Retry-After` (RFC 9110, 10.2.3: seconds or a date), and `X-RateLimit-Remaining` with
    `X-RateLimit-Reset`, as a date (Mastodon) or in seconds (Reddit).

    Args:
        headers: of the answer; names in any case where the mapping takes any.
        now: Unix seconds.
    """
    waits = [_moment_s(headers.get("retry-after", ""), now)]
    remaining = _number(headers.get("x-ratelimit-remaining", ""))
    if remaining is not None and remaining < 1:
        waits.append(_moment_s(headers.get("x-ratelimit-reset", ""), now))
    return min(max(waits), LONGEST_S)


def _moment_s(value: str, now: float) -> float:
    """A span in seconds or a date as seconds from now, 0 where it is neither or past."""
    seconds = _number(value)
    if seconds is None:
        moment = _date(value)
        seconds = 0.0 if moment is None else moment.timestamp() - now
    return max(0.0, seconds)


def _number(value: str) -> float | None:
    try:
        return float(value)
    except ValueError:
        return None


def _date(value: str) -> datetime | None:
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            moment = read(value)
        except ValueError:
            continue
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return None

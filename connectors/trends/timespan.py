"""Durations and moments as people write them, and the resolution that suits a span. Pure."""

import re
from datetime import UTC, datetime
from math import isfinite

from connectors.trends.layout import RESOLUTIONS, Resolution

UNIT_S = {"s": 1, "m": 60, "h": 60 * 60, "d": 24 * 60 * 60, "w": 7 * 24 * 60 * 60}
FEWEST_BUCKETS = 24


def parse_duration(text: str) -> int:
    """Seconds of a duration such as `90s`, `15m`, `1h`, `7d` or `2w`.

    Raises:
        ValueError: it is none, or zero.
    """
    match = re.fullmatch(r"(\d{1,9})([smhdw])", text.strip())
    seconds = int(match[1]) * UNIT_S[match[2]] if match else 0
    if seconds == 0:
        raise ValueError(f"not a duration: {text!r}; write a number and s, m, h, d or w, as in 1h")
    return seconds


def parse_moment(text: str) -> float:
    """Unix seconds of a moment given in Unix seconds or in ISO 8601, UTC where no zone stands.

    Raises:
        ValueError: it is neither.
    """
    remedy = "write Unix seconds or ISO 8601, as in 2026-01-31T12:00:00Z"
    try:
        seconds = float(text)
    except ValueError:
        try:
            moment = datetime.fromisoformat(text.strip())
        except ValueError:
            raise ValueError(f"not a moment: {text!r}; {remedy}") from None
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    if not isfinite(seconds):
        raise ValueError(f"not a moment: {text!r}; {remedy}")
    return seconds


def suited_resolution(span_s: float) -> Resolution:
    """The coarsest resolution that cuts a span into at least 24 buckets, else the finest.

    Args:
        span_s: length of the span, seconds.
    """
    for resolution in reversed(RESOLUTIONS):
        if span_s >= FEWEST_BUCKETS * resolution.seconds:
            return resolution
    return RESOLUTIONS[0]

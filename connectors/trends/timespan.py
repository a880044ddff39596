"""Durations and moments as people write them, and the resolution that suits a span. Pure."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from math import inf, isfinite
from operator import attrgetter

from connectors.trends.layout import RESOLUTIONS, Bucket, bucket_start

UNIT_S = {"s": 1, "m": 60, "h": 60 * 60, "d": 24 * 60 * 60, "w": 7 * 24 * 60 * 60}
FEWEST_BUCKETS = 12
DEFAULT_WINDOW = "1h"


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


def kept_resolution(
    start: float,
    end: float,
    now: float,
    expires_at: Callable[[Bucket], int],
    earliest: float = inf,
) -> str:
    """The resolution by which something that not every bucket keeps is read over a range.

    Args:
        start: of the range, Unix seconds.
        end: of the range, exclusive.
        now: Unix seconds.
        expires_at: when a bucket loses it, Unix seconds; 0: it never has it.
        earliest: what is read beside the range begins here, where that is before its start.

    Returns:
        The coarsest that cuts the range into 12 buckets, or the finest that has it, or a coarser
        one where that has forgotten the start.
    """
    kept = [width for width in RESOLUTIONS if expires_at(Bucket(width.name, 0))]
    coarse = [width for width in kept if end - start >= FEWEST_BUCKETS * width.seconds]
    suited = kept.index(coarse[-1]) if coarse else 0
    for width in kept[suited:]:
        if expires_at(Bucket(width.name, bucket_start(min(start, earliest), width))) > now:
            return width.name
    return kept[-1].name


@dataclass(frozen=True, slots=True)
class TimeRange:
    """A range of event time and how finely to cut it.

    Attributes:
        start: Unix seconds.
        end: Unix seconds, exclusive.
        resolution: name of the resolution.
    """

    start: float
    end: float
    resolution: str

    def reaching(self, earliest: float | None, now: float) -> "TimeRange":
        """The same, cut so that what is read beside it is kept as well.

        Args:
            earliest: where that begins, Unix seconds; None: as long before the range.
            now: Unix seconds.
        """
        if earliest is None:
            earliest = 2.0 * self.start - self.end
        width = kept_resolution(self.start, self.end, now, attrgetter("expires_at"), earliest)
        return TimeRange(self.start, self.end, width)


def parse_range(
    window: str | None, start: str | None, end: str | None, resolution: str | None, *, now: float
) -> TimeRange:
    """The range that a user asks for, either as the last while or by its ends.

    Args:
        window: the last while; `1h` where neither it nor `start` is given.
        start: start of the range.
        end: end of the range, exclusive; now when None.
        resolution: name of a resolution; when None one that suits the range, and that still holds
            its start.
        now: Unix seconds.

    Raises:
        ValueError: both ways are mixed, an end stands without a start, or a part is malformed.
    """
    if window is not None and (start is not None or end is not None):
        raise ValueError("a window ends now: give either a window, or a start and an end")
    if start is None and end is not None:
        raise ValueError("an end alone makes no range: give a start as well")
    if start is None:
        first, last = now - parse_duration(window or DEFAULT_WINDOW), now
    else:
        first, last = parse_moment(start), now if end is None else parse_moment(end)
    width = resolution or kept_resolution(first, last, now, attrgetter("expires_at"))
    return TimeRange(first, last, width)

"""When each comment is said to have been written: on a new axis that ends now. Pure.

The file knows only when a video was posted, years ago, and trends of then have expired. So the
comments of a video are spread after it, and all of it is moved and scaled onto a given span.
"""

from collections import Counter
from collections.abc import Sequence

from stream_app.replay.comments import Comment

SPREAD_S = 24 * 60 * 60


def original_span(comments: Sequence[Comment]) -> tuple[int, int]:
    """From the first video to the end of the day after the last one, Unix seconds of the file.

    Args:
        comments: at least one; videos without a time do not matter unless all are.
    """
    known = [comment.video_at for comment in comments if comment.video_at]
    return (min(known), max(known) + SPREAD_S) if known else (0, SPREAD_S)


def event_times(comments: Sequence[Comment], end: float, span_s: float) -> list[float]:
    """Event times in the span.

    Args:
        comments: at least one. Comments of one video keep their order and come evenly in the day
            after it; a video without a time is put with the earliest of the others.
        end: end of the span, Unix seconds.
        span_s: its length, seconds.

    Returns:
        For each comment its event time, Unix seconds, above `end - span_s` and below `end`. The
        distances between them are those of the file, all scaled by one factor.
    """
    first, last = original_span(comments)
    sizes = Counter(comment.conversation_id for comment in comments)
    seen: Counter[str] = Counter()
    scale = span_s / (last - first)
    times = []
    for comment in comments:
        seen[comment.conversation_id] += 1
        place = seen[comment.conversation_id] / (sizes[comment.conversation_id] + 1)
        original = (comment.video_at or first) + place * SPREAD_S
        times.append(end - span_s + (original - first) * scale)
    return times

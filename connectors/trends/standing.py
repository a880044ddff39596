"""How a track stands in a window beside the window before: volume, net sentiment, change. Pure.

Not for finding it: that is `standings`.
"""

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

from connectors.trends.layout import Bucket, resolution
from connectors.trends.questions import buckets_between
from connectors.trends.timespan import TimeRange


@dataclass(frozen=True, slots=True)
class Span:
    """The buckets of a window, and those that it is compared by.

    A bucket that is still filling has no like before it: set beside a full one, a steady track
    would seem to fall. So changes leave it out.

    Attributes:
        before: start of the window before, Unix seconds.
        start: of the window.
        compared_until: end of its last whole bucket.
        end: of its last bucket.
        before_kept: whether Redis still has the window before, all of it.
    """

    before: int
    start: int
    compared_until: int
    end: int
    before_kept: bool = True


def span_of(asked: TimeRange, now: float) -> Span:
    """The buckets that a trend of the same range has, and as many whole ones before.

    Args:
        asked: what of it lies ahead of now holds no posts yet.
        now: Unix seconds.

    Raises:
        ValueError: the range is empty or over 2,500 buckets.
    """
    wanted = buckets_between(asked.start, asked.end, asked.resolution)
    width = resolution(asked.resolution).seconds
    start, end = wanted[0].start, wanted[-1].start + width
    compared_until = end if end <= asked.end else end - width
    before = 2 * start - compared_until
    buckets_between(before, end, asked.resolution)
    kept = Bucket(asked.resolution, before).expires_at > now
    return Span(before, start, compared_until, end, kept)


class Point(BaseModel):
    """One bucket of the small line beside a track's name."""

    model_config = ConfigDict(frozen=True)

    start: int = Field(description="Unix seconds")
    posts: int
    net: float | None = Field(description="share of positive less share of negative posts")


class Standing(BaseModel):
    """A track over a window."""

    model_config = ConfigDict(frozen=True)

    track: str
    posts: int = Field(description="estimated where `sampled`")
    sampled: bool = Field(description="whether some conversations of the window were shed")
    scored_posts: int = Field(description="posts of the window that the model saw")
    posts_compared: int = Field(description="those of whole buckets: without one that is filling")
    posts_before: int = Field(
        description="posts of as many whole buckets before the window; 0 where some are not kept"
    )
    posts_change: float | None = Field(
        description="posts_compared / posts_before - 1; null where there were none"
    )
    sentiment: dict[str, int]
    net: float | None = Field(
        description="share of positive less share of negative posts, -1 to 1; null without posts"
    )
    net_low: float = Field(description="lower end of the 95 % interval of net")
    net_high: float = Field(description="upper end of the 95 % interval of net")
    net_before: float | None = Field(description="of posts_before")
    net_change: float | None = Field(
        description="net of posts_compared - net_before; null where one is missing"
    )
    net_change_low: float | None = Field(
        description="lower end of the 95 % interval of net_change; posts of one thread count as few"
    )
    net_change_high: float | None
    net_change_sure: bool = Field(description="whether that interval leaves out 0")
    share_of_voice: float | None = Field(
        description="posts / posts of all tracks; a post of two tracks counts in both"
    )
    points: list[Point] = Field(description="buckets of the window that hold posts, ascending")

"""How a track stands in a window beside the window before: volume, net sentiment, change. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

from connectors.schemas.labels import SENTIMENTS
from connectors.trends.layout import POSTS, SENTIMENT, SHED, SHED_SQUARES, Bucket, resolution
from connectors.trends.net_sentiment import Opinion, net_change, net_interval, net_of
from connectors.trends.questions import buckets_between
from connectors.trends.series import effective_posts, known_count
from connectors.trends.timespan import TimeRange

Counted = Sequence[tuple[int, Mapping[str, int]]]  # start of a bucket and its fields, ascending


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


def standings(counted: Mapping[str, Counted], span: Span, sort: str = "posts") -> list[Standing]:
    """All tracks of a window, the most of `sort` first.

    Args:
        counted: track -> its buckets from `span.before` to `span.end`.
        span: the window.
        sort: `posts`, `net`, `change` (size of the change of net, whichever way) or `track`.
    """
    of_all = sum(_sum(_within(own, span.start, span.end), POSTS) for own in counted.values())
    found = [_standing(track, own, span, of_all) for track, own in counted.items()]
    found.sort(key=lambda standing: standing.track)
    if sort == "posts":
        found.sort(key=lambda standing: -standing.posts)
    elif sort == "net":
        found.sort(
            key=lambda standing: -2.0 if standing.net is None else standing.net, reverse=True
        )
    elif sort == "change":
        found.sort(key=lambda standing: -abs(standing.net_change or 0.0))
    return found


def _standing(track: str, counted: Counted, span: Span, of_all: int) -> Standing:
    now = _within(counted, span.start, span.end)
    whole = _within(counted, span.start, span.compared_until)
    before = _within(counted, span.before, span.start) if span.before_kept else []
    posts, compared, posts_before = (_sum(part, POSTS) for part in (now, whole, before))
    moved = net_change(
        _opinions(whole), _opinions(before), (_sampled_spread(whole), _sampled_spread(before))
    )
    sentiment = _sentiment(now)
    effective = _effective(now)
    negative, positive = (
        known_count(sentiment[own], posts, effective) for own in ("negative", "positive")
    )
    low, high = net_interval(negative, positive, effective)
    shed = _sum(now, SHED)
    return Standing(
        track=track,
        posts=posts,
        sampled=shed > 0,
        scored_posts=posts - shed,
        posts_compared=compared,
        posts_before=posts_before,
        posts_change=compared / posts_before - 1.0 if posts_before else None,
        sentiment=sentiment,
        net=net_of(sentiment["negative"], sentiment["positive"], posts),
        net_low=low,
        net_high=high,
        net_before=_net_of(before),
        net_change=moved and moved.change,
        net_change_low=moved and moved.low,
        net_change_high=moved and moved.high,
        net_change_sure=moved is not None and not moved.low <= 0.0 <= moved.high,
        share_of_voice=posts / of_all if of_all else None,
        points=[_point(start, fields) for start, fields in now],
    )


def _effective(counted: Counted) -> float:
    return effective_posts({POSTS: _sum(counted, POSTS), SHED_SQUARES: _sum(counted, SHED_SQUARES)})


def _sampled_spread(counted: Counted) -> float:
    """Posts by those of equal weight that tell as much; 1 where none was shed."""
    posts = _sum(counted, POSTS)
    return posts / _effective(counted) if posts else 1.0


def _within(counted: Counted, start: int, end: int) -> Counted:
    return [each for each in counted if start <= each[0] < end]


def _sentiment(counted: Counted) -> dict[str, int]:
    return {label: _sum(counted, SENTIMENT + label) for label in SENTIMENTS}


def _net_of(counted: Counted) -> float | None:
    sentiment = _sentiment(counted)
    return net_of(sentiment["negative"], sentiment["positive"], _sum(counted, POSTS))


def _opinions(counted: Counted) -> list[Opinion]:
    return [_opinion(fields) for _, fields in counted]


def _opinion(fields: Mapping[str, int]) -> Opinion:
    return (
        fields.get(SENTIMENT + "negative", 0),
        fields.get(SENTIMENT + "positive", 0),
        fields[POSTS],
    )


def _point(start: int, fields: Mapping[str, int]) -> Point:
    negative, positive, posts = _opinion(fields)
    return Point(start=start, posts=posts, net=net_of(negative, positive, posts))


def _sum(counted: Counted, name: str) -> int:
    return sum(fields.get(name, 0) for _, fields in counted)

"""How a track stands in a window beside the window before: volume, net sentiment, change. Pure."""

from collections.abc import Mapping, Sequence
from math import sqrt

from pydantic import BaseModel, ConfigDict, Field

from connectors.schemas.labels import SENTIMENTS
from connectors.trends.layout import POSTS, SENTIMENT
from connectors.trends.wilson import wilson_interval

Counted = Sequence[tuple[int, Mapping[str, int]]]  # start of a bucket and its fields, ascending


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
    posts: int
    posts_before: int = Field(description="posts of the window before")
    posts_change: float | None = Field(
        description="posts / posts_before - 1; null where there were none"
    )
    sentiment: dict[str, int]
    net: float | None = Field(
        description="share of positive less share of negative posts, -1 to 1; null without posts"
    )
    net_low: float = Field(description="lower end of the 95 % interval of net")
    net_high: float = Field(description="upper end of the 95 % interval of net")
    net_before: float | None
    net_change: float | None = Field(description="net - net_before; null where one is missing")
    share_of_voice: float | None = Field(
        description="posts / posts of all tracks; a post of two tracks counts in both"
    )
    points: list[Point] = Field(description="buckets of the window that hold posts, ascending")


def standings(
    now: Mapping[str, Counted], before: Mapping[str, Counted], sort: str = "posts"
) -> list[Standing]:
    """All tracks of a window, the most of `sort` first.

    Args:
        now: track -> its buckets in the window.
        before: track -> its buckets in the window before.
        sort: `posts`, `net`, `change` (size of the change of net, whichever way) or `track`.
    """
    of_all = sum(_sum(counted, POSTS) for counted in now.values())
    found = [_standing(track, now[track], before[track], of_all) for track in now]
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


def net_interval(negative: int, positive: int, posts: int) -> tuple[float, float]:
    """95 % interval of the share of positive less the share of negative posts.

    Args:
        negative: posts with that label.
        positive: posts with that label.
        posts: all posts; 0 gives (-1.0, 1.0), since nothing is known.

    Returns:
        Lower and upper end, within [-1, 1].

    Source: two Wilson intervals joined with the correlation that two shares of one whole have,
    Newcombe 1998, Statistics in Medicine 17(22), method 10, and Tang et al. 2010 for multinomials.
    """
    if posts == 0:
        return -1.0, 1.0
    up, down = positive / posts, negative / posts
    up_low, up_high = wilson_interval(positive, posts)
    down_low, down_high = wilson_interval(negative, posts)
    spread = (1.0 - up) * (1.0 - down)
    together = -sqrt(up * down / spread) if spread > 0.0 else 0.0
    low = _joined(up - up_low, down_high - down, together)
    high = _joined(up_high - up, down - down_low, together)
    return max(-1.0, up - down - low), min(1.0, up - down + high)


def _joined(first: float, second: float, together: float) -> float:
    return sqrt(max(0.0, first * first + second * second - 2.0 * together * first * second))


def _standing(track: str, now: Counted, before: Counted, of_all: int) -> Standing:
    posts, posts_before = _sum(now, POSTS), _sum(before, POSTS)
    sentiment = {label: _sum(now, SENTIMENT + label) for label in SENTIMENTS}
    net = _net(sentiment, posts)
    net_before = _net(
        {label: _sum(before, SENTIMENT + label) for label in SENTIMENTS}, posts_before
    )
    low, high = net_interval(sentiment["negative"], sentiment["positive"], posts)
    return Standing(
        track=track,
        posts=posts,
        posts_before=posts_before,
        posts_change=posts / posts_before - 1.0 if posts_before else None,
        sentiment=sentiment,
        net=net,
        net_low=low,
        net_high=high,
        net_before=net_before,
        net_change=net - net_before if net is not None and net_before is not None else None,
        share_of_voice=posts / of_all if of_all else None,
        points=[_point(start, fields) for start, fields in now],
    )


def _point(start: int, fields: Mapping[str, int]) -> Point:
    posts = fields[POSTS]
    held = {label: fields.get(SENTIMENT + label, 0) for label in SENTIMENTS}
    return Point(start=start, posts=posts, net=_net(held, posts))


def _net(sentiment: Mapping[str, int], posts: int) -> float | None:
    return (sentiment["positive"] - sentiment["negative"]) / posts if posts else None


def _sum(counted: Counted, name: str) -> int:
    return sum(fields.get(name, 0) for _, fields in counted)

"""How many tracks stand beside each other, from their buckets as arrays. Pure."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final, Literal

from connectors.schemas.labels import SENTIMENTS
from connectors.trends.layout import POSTS, SENTIMENT, SHED_SQUARES
from connectors.trends.net_sentiment import NetChange, Opinion, net_change, net_interval, net_of
from connectors.trends.opinion_pages import FIELDS, Counted, Integers
from connectors.trends.series import effective_posts, known_count
from connectors.trends.standing import Span, Standing

Order = Literal["posts", "net", "change", "track"]
MOST_CHANGES: Final = 10_000  # a few hundred bytes each
_NEGATIVE, _POSITIVE, _POSTS = (
    FIELDS.index(name) for name in (SENTIMENT + "negative", SENTIMENT + "positive", POSTS)
)


@dataclass(frozen=True, slots=True)
class Volume:
    """What a track holds over a window, without how it stands beside the window before.

    Attributes:
        track: its name.
        posts: estimated where some were shed.
        scored_posts: those that the model saw.
        sentiment: posts by label.
        effective: posts of equal weight that tell as much as those that were scored.
    """

    track: str
    posts: int
    scored_posts: int
    sentiment: Mapping[str, int]
    effective: float

    @property
    def net(self) -> float | None:
        """Share of positive less share of negative posts; None without posts."""
        return net_of(self.sentiment["negative"], self.sentiment["positive"], self.posts)


class NetChanges:
    """Changes of net sentiment, found once as long as the buckets that they are of stay the same.

    Whole buckets alone are compared: while posts come in, most windows have the same for a while.
    """

    def __init__(self) -> None:
        self._found: OrderedDict[bytes, NetChange | None] = OrderedDict()

    def of(self, whole: Integers, before: Integers) -> NetChange | None:
        """How far net sentiment moved.

        Args:
            whole: counts of the window's whole buckets, [buckets, 6].
            before: the same of the window before.
        """
        key = blake2b(
            len(whole).to_bytes(4) + whole.tobytes() + before.tobytes(), digest_size=16
        ).digest()
        if key not in self._found:
            spreads = _sampled_spread(whole), _sampled_spread(before)
            self._found[key] = net_change(_opinions(whole), _opinions(before), spreads)
        self._found.move_to_end(key)
        if len(self._found) > MOST_CHANGES:
            self._found.popitem(last=False)
        return self._found[key]


class Standings:
    """How tracks stand beside each other over a window; what costs is found where it is asked for.

    Args:
        span: the window.
        counted: track -> its buckets from `span.before` to `span.end`; those of the window before
            may be missing where it is not kept.
        changes: shared by the readings of one deployment.
    """

    def __init__(self, span: Span, counted: Mapping[str, Counted], changes: NetChanges) -> None:
        self.span = span
        self._counted = counted
        self._changes = changes
        self._moved: dict[str, NetChange | None] = {}
        self.volumes: Mapping[str, Volume] = {
            track: _volume(track, own.counts[self._cut(own)[0] :]) for track, own in counted.items()
        }
        self._of_all = sum(own.posts for own in self.volumes.values())

    def ranked(self, order: Order) -> list[str]:
        """The tracks, the most of `order` first, by name where they have the same of it."""
        return sorted(self.volumes, key=lambda track: (self._rank(track, order), track))

    def change(self, track: str) -> NetChange | None:
        """How far a track's net sentiment moved, by whole buckets; None where one has no posts."""
        if track not in self._moved:
            own = self._counted[track]
            start, whole = self._cut(own)
            before = own.counts[: start if self.span.before_kept else 0]
            self._moved[track] = self._changes.of(own.counts[start:whole], before)
        return self._moved[track]

    def standing(self, track: str) -> Standing:
        """How a track stands."""
        own, volume, moved = self._counted[track], self.volumes[track], self.change(track)
        start, whole = self._cut(own)
        before = _volume(track, own.counts[: start if self.span.before_kept else 0])
        compared = int(own.counts[start:whole, _POSTS].sum())
        negative, positive = (
            known_count(volume.sentiment[each], volume.posts, volume.effective)
            for each in ("negative", "positive")
        )
        low, high = net_interval(negative, positive, volume.effective)
        return Standing.model_validate(
            {
                "track": track,
                "posts": volume.posts,
                "sampled": volume.scored_posts < volume.posts,
                "scored_posts": volume.scored_posts,
                "posts_compared": compared,
                "posts_before": before.posts,
                "posts_change": compared / before.posts - 1.0 if before.posts else None,
                "sentiment": volume.sentiment,
                "net": volume.net,
                "net_low": low,
                "net_high": high,
                "net_before": before.net,
                "net_change": moved and moved.change,
                "net_change_low": moved and moved.low,
                "net_change_high": moved and moved.high,
                "net_change_sure": moved is not None and not moved.low <= 0.0 <= moved.high,
                "share_of_voice": volume.posts / self._of_all if self._of_all else None,
                "points": _points(own, start),
            }
        )

    def _cut(self, own: Counted) -> tuple[int, int]:
        """Where the window begins among a track's buckets, and where its whole buckets end."""
        start, whole = own.starts.searchsorted((self.span.start, self.span.compared_until))
        return int(start), int(whole)

    def _rank(self, track: str, order: Order) -> float:
        volume = self.volumes[track]
        if order == "posts":
            return -volume.posts
        if order == "net":
            return 2.0 if volume.net is None else -volume.net
        moved = self.change(track) if order == "change" else None
        return -abs(moved.change) if moved else 0.0


def _volume(track: str, counts: Integers) -> Volume:
    posts, negative, neutral, positive, shed, squares = counts.sum(0).tolist()
    return Volume(
        track=track,
        posts=posts,
        scored_posts=posts - shed,
        sentiment=dict(zip(SENTIMENTS, (negative, neutral, positive), strict=True)),
        effective=effective_posts({POSTS: posts, SHED_SQUARES: squares}),
    )


def _sampled_spread(counts: Integers) -> float:
    """Posts by those of equal weight that tell as much; 1 where none was shed."""
    volume = _volume("", counts)
    return volume.posts / volume.effective if volume.posts else 1.0


def _opinions(counts: Integers) -> list[Opinion]:
    negative, positive, posts = (counts[:, at].tolist() for at in (_NEGATIVE, _POSITIVE, _POSTS))
    return list(zip(negative, positive, posts, strict=True))


def _points(own: Counted, first: int) -> list[dict[str, float | None]]:
    """Buckets from one on; models are made of them all at once, which is faster."""
    starts = own.starts[first:].tolist()
    return [
        {"start": start, "posts": posts, "net": net_of(negative, positive, posts)}
        for start, (negative, positive, posts) in zip(
            starts, _opinions(own.counts[first:]), strict=True
        )
    ]

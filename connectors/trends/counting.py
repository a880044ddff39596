"""What one post adds to the counts of a bucket, and the sums of many. Pure.

The one place that says what is counted: the sink, a rebuild and the recount all sum here. Every
figure is a whole number, probabilities as millionths, so that sums are exact in any order. A post
that stands for others counts as many times, and says so (`SHED`). Not for where the sums stand in
Redis: that is `layout`.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import accumulate, chain, product
from operator import add
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from connectors.schemas.labels import EMOTIONS, MODALITIES, SENTIMENTS
from connectors.schemas.prediction import Prediction
from connectors.trends.counted import CountedPost
from connectors.trends.layout import (
    AFTER,
    EMOTION,
    EMOTION_SUM,
    MODALITY_SUM,
    MODEL,
    POSTS,
    RESOLUTIONS,
    SENTIMENT,
    SENTIMENT_SUM,
    SHED,
    SHED_SQUARES,
    TURN,
    Bucket,
    bucket_start,
)

MILLION: Final = 1_000_000  # probabilities are predicted to six places
TURNS: Final = {("positive", "negative"): "negative", ("negative", "positive"): "positive"}

MEASURES: Final = (
    POSTS,
    *(SENTIMENT + label for label in SENTIMENTS),
    *(EMOTION + label for label in EMOTIONS),
    *(SENTIMENT_SUM + label for label in SENTIMENTS),
    *(EMOTION_SUM + label for label in EMOTIONS),
    *(MODALITY_SUM + modality for modality in MODALITIES),
    *(AFTER + label for label in SENTIMENTS),
    *(TURN + label for label in TURNS.values()),
    SHED,  # posts that those which were scored stand for besides themselves
    SHED_SQUARES,  # with the posts it gives the sum of squares of what each stands for
)
_PLACES: Final = {measure: place for place, measure in enumerate(MEASURES)}
_ALWAYS: Final = _PLACES[SHED]  # measures that a value in Redis has, whether or not any is shed
_SUMS: Final = slice(_PLACES[SENTIMENT_SUM + SENTIMENTS[0]], _PLACES[AFTER + SENTIMENTS[0]])


def _raised(sentiment: str, emotion: str, previous: str | None) -> tuple[int, ...]:
    """Places of the measures that a post raises by one."""
    measures = [POSTS, SENTIMENT + sentiment, EMOTION + emotion]
    if previous is not None:
        measures.append(AFTER + previous)
        if turn := TURNS.get((previous, sentiment)):
            measures.append(TURN + turn)
    return tuple(_PLACES[measure] for measure in measures)


_RAISED: Final[Mapping[tuple[str, str, str | None], tuple[int, ...]]] = {
    labels: _raised(*labels) for labels in product(SENTIMENTS, EMOTIONS, (*SENTIMENTS, None))
}
PLATFORM: Final = "platform"
LANGUAGE: Final = "language"
MOST_VALUES: Final = {PLATFORM: 12, LANGUAGE: 24}  # of a dimension told apart in a track
OTHER: Final = "other"
UNKNOWN_LANGUAGE: Final = "und"  # ISO 639-2, undetermined

Split = tuple[str, str]  # a dimension and a value of it
Figures = NDArray[np.int64]


class Observation(NamedTuple):
    """What is counted of one post."""

    created_at: float
    raised: tuple[int, ...]  # places in `MEASURES` of what goes up by one
    probabilities: Sequence[float]  # of sentiments, of emotions, then shares of modalities
    model_version: str
    platform: str
    language: str
    conversation: str
    author: str | None
    stands_for: int = 1  # posts, itself included


def observe(post: Prediction | CountedPost) -> Observation:
    """What is counted of a prediction, or of the part of one that is read to count it again.

    Raises:
        KeyError: it has a label that there is not.
    """
    modalities = post.modalities
    return Observation(
        post.created_at,
        _RAISED[post.sentiment.label, post.emotion.label, post.previous_sentiment],
        [
            *post.sentiment.probs,
            *post.emotion.probs,
            modalities.text,
            modalities.audio,
            modalities.visual,
        ],
        post.model_version,
        post.platform,
        language_of(post.lang),
        element(post.conversation_id),
        post.author_hash,
        post.stands_for,
    )


def language_of(lang: str | None) -> str:
    """The primary language of a BCP 47 tag: `pt` of `pt-BR`; `und` where there is none."""
    return (lang or "").partition("-")[0].lower() or UNKNOWN_LANGUAGE


def element(conversation_id: str) -> str:
    """A conversation as it is told apart in distinct counts: 16 hexadecimal digits."""
    return blake2b(conversation_id.encode(), digest_size=8).hexdigest()


def kept_figures(figures: list[int]) -> list[int]:
    """Figures in the order of `MEASURES` as Redis keeps them: without shedding where none was.

    So workers of before shedding and of now may write to the same value as long as nobody sheds.
    """
    return figures if any(figures[_ALWAYS:]) else figures[:_ALWAYS]


def split_field(dimension: str, value: str, measure: str) -> str:
    """A measure within a platform or language, by one name."""
    return f"{dimension}:{value} {measure}"


def named_split(name: str) -> tuple[Split, str] | None:
    """The platform or language and the measure of a `split_field`; None of another name."""
    dimension, _, rest = name.partition(":")
    if dimension not in MOST_VALUES:
        return None
    value, _, measure = rest.rpartition(" ")
    return (dimension, value), measure


def distinct_expires_at(bucket: Bucket, name: str) -> int:
    """Unix second at which a distinct count goes: of all posts, or by platform or language."""
    within = named_split(name) is not None
    return bucket.distinct_splits_expire_at if within else bucket.distinct_expire_at


@dataclass(frozen=True, slots=True)
class Voices:
    """Distinct elements: conversations as `element`, and hashed authors."""

    conversations: set[str] = field(default_factory=set)
    authors: set[str] = field(default_factory=set)

    def hear(self, post: "Observation") -> None:
        """Put those of a post in."""
        self.conversations.add(post.conversation)
        if post.author is not None:
            self.authors.add(post.author)


@dataclass(slots=True)
class Sums:
    """Sums over posts.

    Attributes:
        counts: measure -> sum, and `model:<version>` -> posts; none is 0.
        splits: platform or language -> sums in the order of `MEASURES`.
        voices: of the posts.
        voices_within: of those of a platform or language.
    """

    counts: dict[str, int] = field(default_factory=dict)
    splits: dict[Split, list[int]] = field(default_factory=dict)
    voices: Voices = field(default_factory=Voices)
    voices_within: dict[Split, Voices] = field(default_factory=dict)

    def add(self, other: "Sums", *, with_splits: bool) -> None:
        """Add other sums, those by platform and language where they are wanted.

        Distinct elements are left to who keeps them: sets of them grow without bound.
        """
        for name, count in other.counts.items():
            self.counts[name] = self.counts.get(name, 0) + count
        if with_splits:
            for split, figures in other.splits.items():
                own = self.splits.get(split)
                self.splits[split] = list(map(add, own, figures)) if own else figures

    def fields(self, values: Mapping[str, Collection[str]]) -> Counter[str]:
        """All sums by one name each, without distinct counts.

        Args:
            values: dimension -> those told apart; others are `other`.
        """
        named = Counter(self.counts)
        for (dimension, value), figures in self.splits.items():
            known = value if value in values.get(dimension, ()) else OTHER
            for measure, figure in zip(MEASURES, figures, strict=True):
                if figure:
                    named[split_field(dimension, known, measure)] += figure
        return named


class Tally:
    """Posts measured once and summed for any choice of them.

    Args:
        posts: at least one.
    """

    def __init__(self, posts: Sequence[Observation]) -> None:
        self._posts = posts
        self._figures = _measured(posts)  # [N, measures]
        finest = RESOLUTIONS[0]  # whose buckets lie whole in those of all others
        self._starts = [bucket_start(post.created_at, finest) for post in posts]

    def by_bucket(self, rows: Sequence[int]) -> list[tuple[list[Bucket], Sums]]:
        """Sums of some of the posts in the buckets of every resolution.

        Args:
            rows: their places, at least one.

        Returns:
            Buckets that hold the same posts stand together, as those of all resolutions do for a
            batch of one moment; every bucket once.
        """
        cells: dict[int, list[int]] = {}
        for row in rows:
            cells.setdefault(self._starts[row], []).append(row)
        alike: dict[tuple[int, ...], list[Bucket]] = {}
        for width in RESOLUTIONS:
            within: dict[int, list[int]] = {}
            for start in cells:
                within.setdefault(bucket_start(start, width), []).append(start)
            for start, starts in within.items():
                alike.setdefault(tuple(starts), []).append(Bucket(width.name, start))
        members = [[row for start in starts for row in cells[start]] for starts in alike]
        return list(zip(alike.values(), self._sums(members), strict=True))

    def _sums(self, members: Sequence[Sequence[int]]) -> list[Sums]:
        """Sums of several choices of posts."""
        parts = [self._told_apart(rows) for rows in members]
        chosen = [
            places
            for rows, (_, splits) in zip(members, parts, strict=True)
            for places in (rows, *splits.values())
        ]
        begins = [0, *accumulate(map(len, chosen))][:-1]
        places = np.fromiter(chain.from_iterable(chosen), np.intp)
        totals = iter(np.add.reduceat(self._figures[places], begins, axis=0).tolist())
        for own, splits in parts:
            total = next(totals)
            own.counts.update(pair for pair in zip(MEASURES, total, strict=True) if pair[1])
            own.splits = {split: next(totals) for split in splits}
        return [own for own, _ in parts]

    def _told_apart(self, rows: Sequence[int]) -> tuple[Sums, dict[Split, list[int]]]:
        """Counts by model and distinct elements, and the rows of each platform and language."""
        sums = Sums()
        splits: dict[Split, list[int]] = {}
        for row in rows:
            post = self._posts[row]
            model = MODEL + post.model_version
            sums.counts[model] = sums.counts.get(model, 0) + post.stands_for
            sums.voices.hear(post)
            for split in ((PLATFORM, post.platform), (LANGUAGE, post.language)):
                splits.setdefault(split, []).append(row)
                sums.voices_within.setdefault(split, Voices()).hear(post)
        return sums, splits


def summed(posts: Iterable[Prediction]) -> dict[Bucket, Sums]:
    """Sums of posts in the buckets of every resolution; the track is the caller's to choose."""
    observed = [observe(post) for post in posts]
    if not observed:
        return {}
    grouped = Tally(observed).by_bucket(range(len(observed)))
    return {bucket: sums for buckets, sums in grouped for bucket in buckets}


def _measured(posts: Sequence[Observation]) -> Figures:
    """What each post adds to each measure, [N, measures]."""
    figures = np.zeros((len(posts), len(MEASURES)), np.int64)
    shares = np.array([post.probabilities for post in posts])  # [N, 13]
    figures[:, _SUMS] = np.rint(shares * MILLION)
    rows = np.repeat(np.arange(len(posts)), [len(post.raised) for post in posts])
    figures[rows, list(chain.from_iterable(post.raised for post in posts))] = 1
    if any(post.stands_for > 1 for post in posts):
        stand_for = np.array([post.stands_for for post in posts], np.int64)
        figures *= stand_for[:, None]
        figures[:, _PLACES[SHED]] = stand_for - 1
        figures[:, _PLACES[SHED_SQUARES]] = stand_for * (stand_for - 1)
    return figures

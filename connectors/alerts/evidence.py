"""What carried a shift: platforms, modalities, words and example posts. Pure.

Not for fetching these: who has the counts by platform and the posts gives them as a `Span`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, get_args

from connectors.alerts.words import Spoken, Wording, telling_words
from connectors.schemas.alert import (
    Evidence,
    ExamplePost,
    Modality,
    ModalityPart,
    PlatformPart,
    WordsCounted,
)
from connectors.trends.layout import MINUTE_S

MOST_POSTS: Final = 5
MOST_PLATFORMS: Final = 8
ROUNDING: Final = 1e-9  # a whole change below it is none


@dataclass(frozen=True, slots=True)
class Span:
    """What is known of a track over a while.

    Attributes:
        seconds: length of the while.
        posts: platform -> posts.
        hits: platform -> posts with the label that moved; empty for volume.
        modalities: modality -> mean share of the scores; empty where it is not known.
        examples: posts, the most telling first.
        texts: of those that are kept with one; only words of several are told of them.
        wording: words of all posts; None where they were not read.
    """

    seconds: float
    posts: Mapping[str, int] = field(default_factory=dict)
    hits: Mapping[str, int] = field(default_factory=dict)
    modalities: Mapping[str, float] = field(default_factory=dict)
    examples: Sequence[ExamplePost] = ()
    texts: Sequence[Spoken] = ()
    wording: Wording | None = None


def usual_span(since: int, seconds: int, first_post: int | None) -> tuple[int, int]:
    """The time before a shift that it is set beside; not from before the track's first post.

    Platforms are counted by minute: the one in which the shift began is no longer usual.

    Args:
        since: when the shift began, Unix seconds.
        seconds: how long the time should be.
        first_post: of the track, Unix seconds; None where it is not known.

    Returns:
        Start and end, Unix seconds; a minute without posts where the track began after it.
    """
    until = since - since % MINUTE_S
    start = until - seconds
    if first_post is not None and first_post < until:
        return max(start, first_post), until
    return (start if first_post is None else until - MINUTE_S), until


def known_from(span: Span, start: float, end: float) -> Span:
    """A span that ends at `end`, no longer than from `start` on: a part of its first minute."""
    return replace(span, seconds=min(span.seconds, end - start))


def explain(now: Span, before: Span, *, volume: bool, up: bool = True) -> Evidence:
    """Set a shift beside the time before it began.

    Args:
        now: since the shift began.
        before: the time before the shift.
        volume: whether posts moved, rather than the share of a label.
        up: whether it grew.
    """
    said, usual, many = _wordings(now, before)
    return Evidence(
        platforms=_platforms(now, before, volume=volume),
        modalities=_modalities(now.modalities, before.modalities),
        words=telling_words(said, usual, many=many, up=up),
        words_counted=_counted(said, usual, many=many),
        posts=list(now.examples[:MOST_POSTS]),
    )


def _wordings(now: Span, before: Span) -> tuple[Wording, Wording, bool]:
    """Words of all posts where those of both times were read, else of the examples."""
    if now.wording is not None and before.wording is not None:
        return now.wording, before.wording, True
    return Wording.of(now.texts), Wording.of(before.texts), False


def _counted(now: Wording, before: Wording, *, many: bool) -> WordsCounted | None:
    if not now.posts and not before.posts:
        return None
    return WordsCounted(
        source="posts" if many else "examples", posts=now.posts, usual_posts=before.posts
    )


def _platforms(now: Span, before: Span, *, volume: bool) -> list[PlatformPart]:
    """Parts of the change; a share moves within platforms, and as posts move between them."""
    names = sorted({*now.posts, *before.posts})
    scale = now.seconds / before.seconds
    usual = {name: before.posts.get(name, 0) * scale for name in names}
    moved = (
        {name: now.posts.get(name, 0) - usual[name] for name in names}
        if volume
        else _moved_shares(now, before, names)
    )
    whole = sum(moved.values())
    parts = [
        PlatformPart(
            platform=name,
            posts=now.posts.get(name, 0),
            usual_posts=usual[name],
            share=None if volume else _share(now, name),
            usual_share=None if volume else _share(before, name),
            carried=(moved[name] / whole or 0.0) if abs(whole) > ROUNDING else 0.0,  # never -0.0
        )
        for name in names
    ]
    return sorted(parts, key=lambda part: (-part.carried, part.platform))[:MOST_PLATFORMS]


def _moved_shares(now: Span, before: Span, names: Sequence[str]) -> dict[str, float]:
    """Parts of the change of the overall share, by platform.

    With w a platform's part of the posts, r its share of the label, and R the mean of the overall
    shares now and before, a platform moved it by

        (r_now - r_before) (w_now + w_before) / 2            its own share changed
        + (w_now - w_before) ((r_now + r_before) / 2 - R)    it grew, with a share unlike the rest

    The parts sum to the whole change; R takes nothing from the sum, since the w sum to 1 both
    times. Where a platform has posts at one time alone its share is taken to be the same at both.
    Without any posts at one time there is no change to divide: all parts are 0.

    Source: Kitagawa 1955, JASA 50(272), with the mix measured from R.
    """
    posts_now, posts_before = sum(now.posts.values()), sum(before.posts.values())
    if not posts_now or not posts_before:
        return dict.fromkeys(names, 0.0)
    overall = (sum(now.hits.values()) / posts_now + sum(before.hits.values()) / posts_before) / 2
    moved = {}
    for name in names:
        weight = now.posts.get(name, 0) / posts_now
        usual_weight = before.posts.get(name, 0) / posts_before
        own, usual_own = _share(now, name), _share(before, name)
        share, usual = _either(own, usual_own), _either(usual_own, own)
        within = (share - usual) * (weight + usual_weight) / 2
        moved[name] = within + (weight - usual_weight) * ((share + usual) / 2 - overall)
    return moved


def _either(share: float | None, other: float | None) -> float:
    return next((each for each in (share, other) if each is not None), 0.0)


def _share(span: Span, platform: str) -> float | None:
    posts = span.posts.get(platform, 0)
    return span.hits.get(platform, 0) / posts if posts else None


def _modalities(now: Mapping[str, float], before: Mapping[str, float]) -> list[ModalityPart]:
    names: tuple[Modality, ...] = get_args(Modality)
    parts = [
        ModalityPart(modality=name, share=now[name], usual_share=before.get(name))
        for name in names
        if name in now
    ]
    return sorted(parts, key=lambda part: (part.usual_share or 0.0) - part.share)

"""What carried a shift: platforms, modalities, words and example posts. Pure.

Not for fetching these: who has the counts by platform and the posts gives them as a `Span`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, get_args

from connectors.alerts.words import telling_words
from connectors.schemas.alert import Evidence, ExamplePost, Modality, ModalityPart, PlatformPart

MOST_POSTS: Final = 5
MOST_PLATFORMS: Final = 8


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
    """

    seconds: float
    posts: Mapping[str, int] = field(default_factory=dict)
    hits: Mapping[str, int] = field(default_factory=dict)
    modalities: Mapping[str, float] = field(default_factory=dict)
    examples: Sequence[ExamplePost] = ()
    texts: Sequence[str] = ()


def explain(now: Span, before: Span, *, volume: bool) -> Evidence:
    """Set a shift beside the time before it began.

    Args:
        now: since the shift began.
        before: the time before the shift.
        volume: whether posts moved, rather than the share of a label.
    """
    return Evidence(
        platforms=_platforms(now, before, volume=volume),
        modalities=_modalities(now.modalities, before.modalities),
        words=telling_words(now.texts, before.texts),
        posts=list(now.examples[:MOST_POSTS]),
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
            carried=(moved[name] / whole or 0.0) if whole else 0.0,  # never -0.0
        )
        for name in names
    ]
    return sorted(parts, key=lambda part: (-part.carried, part.platform))[:MOST_PLATFORMS]


def _moved_shares(now: Span, before: Span, names: Sequence[str]) -> dict[str, float]:
    """Change of hits by platform against what its posts would have had at the usual share."""
    posts = sum(before.posts.values())
    overall = sum(before.hits.values()) / posts if posts else 0.0
    return {name: now.hits.get(name, 0) - overall * now.posts.get(name, 0) for name in names}


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

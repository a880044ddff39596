"""What becomes of a raw post: an envelope with features, a rejection, or nothing.

Not for fetching media or for Kafka: whoever calls it hands in what came of a post's media.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from connectors.extraction.errors import BY_DESIGN, AbsentReason
from connectors.extraction.outcome import MediaOutcome
from connectors.schemas.codec import encode_post, encode_tensor
from connectors.schemas.feature_sets import DEFAULT
from connectors.schemas.labels import MODALITIES
from connectors.schemas.media import Media
from connectors.schemas.post import JsonObject, RawPost
from connectors.schemas.rejection import Reason
from stream_app.core.halving import PoisonPost, each_or_poison
from stream_app.core.outcome import Rejected

PROBE_TEXT = "a"


class TextEncoder(Protocol):
    """Makes the text features of `default@1`."""

    def encode(self, texts: Sequence[str]) -> Sequence[NDArray[np.float16]]:
        """Token vectors [tokens, 384] of each text."""
        ...


class LanguageDetector(Protocol):
    """Tells languages."""

    def language(self, text: str) -> str | None:
        """Code of a text's language; None where it cannot be told."""
        ...


class TrackRules(Protocol):
    """Says which tracks a post is in by its words."""

    def with_tracks(self, post: JsonObject) -> JsonObject:
        """The post with its own tracks, then those whose rules hold."""
        ...


@dataclass(frozen=True, slots=True)
class PreparedPost:
    """A post in at least one track, before its features are made.

    Attributes:
        envelope: as it will be written, without features.
        readable: whether its text holds something to read.
        media: what features of audio and video are made of.
    """

    envelope: JsonObject
    readable: bool
    media: Sequence[Media]


@dataclass(frozen=True, slots=True)
class InNoTrack:
    """Nobody asked for the post: it goes nowhere."""


@dataclass(frozen=True, slots=True)
class Extracted:
    """The post goes to `posts`.

    Attributes:
        key, value: as they are written.
        absent: modality -> why it has no features although the post had media for it.
    """

    key: bytes
    value: bytes
    absent: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class MediaOff:
    """All of the post is media that are not read, by the settings: it goes nowhere."""


Completed = Extracted | MediaOff | Rejected
ExtractionOutcome = Completed | InNoTrack


class Preparation:
    """Decides what can be told of a post before its features are made.

    Args:
        languages: asked where a post does not name its own.
        rules: say which tracks a post is in beside its own; None: no others.
        readable_text: a text as the encoder reads it.
    """

    def __init__(
        self,
        languages: LanguageDetector,
        rules: TrackRules | None,
        readable_text: Callable[[str], str],
    ) -> None:
        self._languages = languages
        self._rules = rules
        self._readable_text = readable_text

    def prepare(self, post: RawPost) -> PreparedPost | InNoTrack:
        """A post on its way, or that it is in no track."""
        readable = self._readable_text(post.text or "").strip()
        envelope = post.model_dump(mode="json", exclude={"media"})
        if post.lang is None and readable:
            envelope["lang"] = self._languages.language(readable)
        if self._rules is not None:
            envelope = self._rules.with_tracks(envelope)
        if not envelope["tracks"]:
            return InNoTrack()
        return PreparedPost(envelope, bool(readable), post.media)


class Completion:
    """Makes text features and envelopes of prepared posts.

    Args:
        encoder: makes the text features.
        max_bytes: a larger envelope is rejected, as a scoring worker would.
        clock: Unix seconds.
    """

    def __init__(self, encoder: TextEncoder, max_bytes: int, clock: Callable[[], float]) -> None:
        self._encoder = encoder
        self._max_bytes = max_bytes
        self._clock = clock

    def complete(self, posts: Sequence[tuple[PreparedPost, MediaOutcome]]) -> list[Completed]:
        """What becomes of posts, in their order.

        Args:
            posts: each with what came of its media.

        Raises:
            ModelBroken: the encoder fails on every text.
        """
        texts = [post.envelope["text"] for post, _ in posts if post.readable]
        encoded = iter(each_or_poison(texts, self._encoder.encode, self._probe))
        return [
            self._completed(post, outcome, next(encoded) if post.readable else None)
            for post, outcome in posts
        ]

    def _probe(self) -> None:
        self._encoder.encode([PROBE_TEXT])

    def _completed(
        self,
        post: PreparedPost,
        outcome: MediaOutcome,
        vectors: NDArray[np.float16] | PoisonPost | None,
    ) -> Completed:
        if isinstance(vectors, PoisonPost):
            return self._rejected(Reason.POISON, vectors.detail)
        features: dict[str, NDArray[np.float16] | NDArray[np.float32]] = {**outcome.features}
        if vectors is not None:
            features["text"] = vectors
        if not features and _is_off(outcome.absent):
            return MediaOff()
        if not features:
            return self._rejected(Reason.NO_FEATURES, _nothing_left(outcome))
        value = _encoded(post.envelope, features, outcome.absent)
        if len(value) > self._max_bytes:
            detail = f"{len(value)} bytes with its features; a post may have {self._max_bytes}"
            return self._rejected(Reason.TOO_LARGE, detail)
        return Extracted(post.envelope["conversation_id"].encode(), value, outcome.absent)

    def _rejected(self, reason: Reason, detail: str) -> Rejected:
        return Rejected(reason, detail, self._clock())


def _encoded(
    envelope: JsonObject,
    features: Mapping[str, NDArray[np.float16] | NDArray[np.float32]],
    absent: Mapping[str, str],
) -> bytes:
    document: JsonObject = envelope | {
        "feature_set": DEFAULT.name,
        "features": {
            modality: encode_tensor(features[modality]) if modality in features else None
            for modality in MODALITIES
        },
    }
    if absent:
        document["absent"] = dict(absent)
    return encode_post(document)


def _is_off(absent: Mapping[str, str]) -> bool:
    return AbsentReason.FETCHING_OFF in absent.values() and BY_DESIGN.issuperset(absent.values())


def _nothing_left(outcome: MediaOutcome) -> str:
    failed = [f"{modality}: {why}" for modality, why in outcome.absent.items()]
    return "; ".join(["text: nothing to read", *(failed or ["no media"])])

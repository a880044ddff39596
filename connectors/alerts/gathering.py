"""Gathers what carried a shift, from who knows: counts and examples, and words of all posts.

Not for what follows from it: that is `evidence`.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Final, Protocol

from connectors.alerts.evidence import Span, explain, known_from, usual_span
from connectors.alerts.lifecycle import Raised
from connectors.alerts.policy import AlertPolicy
from connectors.alerts.words import Wording
from connectors.kafka.parts import While
from connectors.schemas.alert import Evidence

SPAN_BEFORE: Final = 4  # times as long as the shift is what it is set beside
WORDS_WITHIN_S: Final = 15.0  # of all alerts of a look: the others have words of examples


class SpanReader(Protocol):
    """What knows more of a track than its counts."""

    async def span(
        self,
        track: str,
        start: float,
        end: float,
        label: str | None,
        *,
        texts_of_all: bool = False,
    ) -> Span:
        """What is known of a track between two moments, of posts and those with a label."""


class WordReader(Protocol):
    """What counts words of all posts: `PostWords`."""

    async def count(
        self, track: str, label: str | None, spans: Sequence[While], within_s: float
    ) -> list[Wording] | None:
        """Words of a track's posts by while; None where they are not to be had."""


class Gathering:
    """Gathers evidence for the alerts of one look after the other.

    Args:
        policy: of the watch.
        spans: knows what carried a shift; None where nothing does.
        words: counts words of all posts; None where nothing does.
    """

    def __init__(
        self, policy: AlertPolicy, spans: SpanReader | None, words: WordReader | None
    ) -> None:
        self._policy = policy
        self._spans = spans
        self._words = words
        self._words_until = 0.0

    def begin(self) -> None:
        """A look begins, with time of its own for words."""
        self._words_until = time.monotonic() + WORDS_WITHIN_S

    async def evidence(self, raised: Raised, since: int, first_post: int | None) -> Evidence:
        """What carried a shift.

        Args:
            raised: the alert that begins.
            since: when the shift began, Unix seconds.
            first_post: of the track, Unix seconds; None where it is not known.

        Raises:
            redis.exceptions.RedisError: Redis did not answer.
        """
        label = raised.shift.label
        if self._spans is None:
            return explain(Span(1.0), Span(1.0), volume=label is None)
        shortest_s = self._policy.windows[-1] * self._policy.step_s
        usual_s = max(shortest_s, SPAN_BEFORE * (raised.at - since))
        usual = While(*usual_span(since, usual_s, first_post))
        now = await self._spans.span(raised.track, since, raised.at, label)
        before = await self._spans.span(raised.track, *usual, label, texts_of_all=True)
        if usual.start == first_post:
            before = known_from(before, *usual)
        if self._words is not None:
            left_s = self._words_until - time.monotonic()
            # counts by platform leave out the minute in which it began; posts know their moments
            whiles = [While(since, raised.at), While(usual.start, since)]
            if counted := await self._words.count(raised.track, label, whiles, left_s):
                now, before = replace(now, wording=counted[0]), replace(before, wording=counted[1])
        up = raised.shift.direction == "up"
        # beside the event loop: of long posts there are a hundred thousand words
        return await asyncio.to_thread(explain, now, before, volume=label is None, up=up)

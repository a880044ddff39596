"""Explanations of example posts for many readers at bounded cost.

Each is made when it is first asked for, one at a time, and kept; readers of the same wait for the
same. What was forgotten, or whose text has gone, is not told from memory: every question looks at
what Redis holds.
"""

import asyncio
from typing import Final

import redis.asyncio

from connectors.conversations.store import PartitionStore
from connectors.exemplars.exemplar import Exemplar
from connectors.exemplars.explanation import (
    ExplanationQuestion,
    ExplanationUnavailableError,
    PostExplainer,
    PostExplanation,
    Task,
)
from connectors.exemplars.kept_explanations import ExplanationKey, KeptExplanations
from connectors.exemplars.window_place import window_of
from connectors.trends.layout import TrendLayout
from connectors.trends.series import text

MOST_WAITING: Final = 4


class NoSuchExampleError(Exception):
    """The track has no such example post."""


class TooManyQuestionsError(Exception):
    """As many explanations are being made or waited for as may be."""


class ExemplarExplanations:
    """Explains example posts.

    Args:
        client: answers bytes; stays the caller's to close.
        layout: names of the keys.
        explainer: makes explanations.
    """

    def __init__(
        self, client: redis.asyncio.Redis, layout: TrendLayout, explainer: PostExplainer
    ) -> None:
        self._client = client
        self._layout = layout
        self._windows = PartitionStore(client, namespace=layout.namespace)
        self._explainer = explainer
        self._one_at_a_time = asyncio.Lock()
        self._kept = KeptExplanations()
        self._under_way: dict[ExplanationKey, asyncio.Task[PostExplanation]] = {}

    async def explain(self, track: str, post_id: str, task: Task) -> PostExplanation:
        """Why an example post of a track was scored as it was.

        Raises:
            NoSuchExampleError: the track has no such example.
            ExplanationUnavailableError: its window is not kept, or it cannot be explained.
            ExplanationDelayedError: it cannot be explained now.
            TooManyQuestionsError: others wait already.
            redis.exceptions.RedisError: Redis did not answer.
        """
        exemplar, words = await self._look(track, post_id)
        place = exemplar.window
        if place is None:
            raise ExplanationUnavailableError(
                "where its window stands is not known: the post was scored before a restart, or "
                "by an older worker"
            )
        key = ExplanationKey(post_id, place.mark, task, words)
        if (known := self._kept.get(key)) is not None:
            return known
        if key not in self._under_way:
            if len(self._under_way) >= MOST_WAITING:
                raise TooManyQuestionsError(
                    f"{MOST_WAITING} posts are being explained or wait for it: ask again soon"
                )
            self._under_way[key] = asyncio.create_task(self._make(key, exemplar))
        made = await asyncio.shield(self._under_way[key])
        if (await self._look(track, post_id))[1] != words:
            raise NoSuchExampleError(f"the text of example post {post_id!r} was just removed")
        return made

    async def _look(self, track: str, post_id: str) -> tuple[Exemplar, str | None]:
        """An example and its text as Redis has them now; explanations of other texts go.

        Raises:
            NoSuchExampleError: the track has no such example; nothing of it stays in memory.
        """
        found = await self._client.hget(self._layout.exemplars(track), post_id)
        if found is None:
            self._kept.drop(post_id)
            raise NoSuchExampleError(f"track {track!r} has no example post {post_id!r}")
        kept = await self._client.get(self._layout.exemplar_text(track, post_id))
        words = None if kept is None else text(kept)
        self._kept.drop(post_id, words)
        return Exemplar.model_validate_json(found), words

    async def close(self) -> None:
        """Make no more of them."""
        making = list(self._under_way.values())
        for each in making:
            each.cancel()
        await asyncio.gather(*making, return_exceptions=True)
        self._kept.clear()
        await self._explainer.close()

    async def _make(self, key: ExplanationKey, exemplar: Exemplar) -> PostExplanation:
        task = key.task
        try:
            async with self._one_at_a_time:
                label = exemplar.emotion.label if task == "emotion" else exemplar.sentiment.label
                window = await self._window(exemplar)
                question = ExplanationQuestion(window, key.text, task, label)
                made = await self._explainer.explain(question)
        finally:
            del self._under_way[key]
        self._kept.put(key, made)
        return made

    async def _window(self, exemplar: Exemplar) -> list[bytes]:
        place, conversation = exemplar.window, exemplar.conversation_id
        if place is None or exemplar.window_posts is None:
            raise ExplanationUnavailableError("where its window stands is not known")
        wanted = (place.source, conversation)
        kept = await self._windows.windows([wanted])
        window = window_of(kept[wanted], place.mark, exemplar.window_posts)
        if not window:
            raise ExplanationUnavailableError(
                "the posts before it are not kept any more: its conversation went on, or was idle "
                "for long"
            )
        return list(window)

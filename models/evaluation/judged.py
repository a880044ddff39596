"""What a system said of labelled posts, a row a post: all that every measure starts from."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from connectors.schemas.labels import EMOTIONS, MODALITIES, SENTIMENTS
from models.systems.base import System
from models.training.batches import make_batch, with_only
from models.training.corpus import Conversation

Task = Literal["sentiment", "emotion"]

CLASSES: Final[dict[Task, tuple[str, ...]]] = {"sentiment": SENTIMENTS, "emotion": EMOTIONS}
_POSTS_A_BATCH: Final = 1024


@dataclass(frozen=True, slots=True)
class Judged:
    """Labels beside logits; rows in the order of the conversations, posts in theirs.

    Attributes:
        sentiment: [M], true class, NO_LABEL where there is none.
        emotion: [M], likewise.
        sentiment_logits: [M, 3].
        emotion_logits: [M, 7].
        position: [M], posts of the conversation before this one.
        presence: [M, 3], which modalities the data have of the post, whatever was used.
        group: of each post, "" for none.
        author: of each post, "" where the data do not tell.
    """

    sentiment: NDArray[np.int64]
    emotion: NDArray[np.int64]
    sentiment_logits: NDArray[np.float32]
    emotion_logits: NDArray[np.float32]
    position: NDArray[np.int64]
    presence: NDArray[np.bool_]
    group: tuple[str, ...]
    author: tuple[str, ...]

    def labels(self, task: Task) -> NDArray[np.int64]:
        """True classes of a task, [M]."""
        return self.sentiment if task == "sentiment" else self.emotion

    def logits(self, task: Task) -> NDArray[np.float32]:
        """Logits of a task, [M, C]."""
        return self.sentiment_logits if task == "sentiment" else self.emotion_logits

    @property
    def conversation(self) -> NDArray[np.int64]:
        """Number of the conversation that a row belongs to, [M], from 0."""
        numbers: NDArray[np.int64] = np.cumsum(self.position == 0) - 1
        return numbers


def judge(
    system: System,
    conversations: Sequence[Conversation],
    modalities: Sequence[str] = MODALITIES,
) -> Judged:
    """Let a system score whole conversations.

    Args:
        system: put into evaluation mode; one that is not causal sees later posts too.
        conversations: at least one, with text features.
        modalities: those that it may use; a post that has none of them keeps its own.

    Returns:
        All posts, those without labels too.
    """
    system.eval()
    places = np.cumsum([0, *map(len, conversations)])
    sentiment = np.empty((places[-1], len(SENTIMENTS)), np.float32)
    emotion = np.empty((places[-1], len(EMOTIONS)), np.float32)
    for rows in _batches(conversations):
        batch = with_only(make_batch([conversations[row] for row in rows]), modalities)
        with torch.inference_mode():
            logits = system(batch)
        for scores, own in ((logits.sentiment, sentiment), (logits.emotion, emotion)):
            found = scores.float().cpu().numpy()  # [B, N, C]
            for place, row in enumerate(rows):
                own[places[row] : places[row + 1]] = found[place, : len(conversations[row])]
    posts = [post for own in conversations for post in own]
    return Judged(
        sentiment=np.array([post.sentiment for post in posts]),
        emotion=np.array([post.emotion for post in posts]),
        sentiment_logits=sentiment,
        emotion_logits=emotion,
        position=np.concatenate([np.arange(len(own)) for own in conversations]),
        presence=np.array([[post.has(name) for name in MODALITIES] for post in posts]),
        group=tuple(post.group for post in posts),
        author=tuple(post.author for post in posts),
    )


def joined(parts: Sequence[Judged]) -> Judged:
    """Posts judged apart as if judged together; at least one part."""
    return Judged(
        sentiment=np.concatenate([own.sentiment for own in parts]),
        emotion=np.concatenate([own.emotion for own in parts]),
        sentiment_logits=np.concatenate([own.sentiment_logits for own in parts]),
        emotion_logits=np.concatenate([own.emotion_logits for own in parts]),
        position=np.concatenate([own.position for own in parts]),
        presence=np.concatenate([own.presence for own in parts]),
        group=tuple(name for own in parts for name in own.group),
        author=tuple(name for own in parts for name in own.author),
    )


def _batches(conversations: Sequence[Conversation]) -> Iterator[list[int]]:
    """Conversations of like length, so that little is padded; at least one a batch."""
    rows: list[int] = []
    for row in sorted(range(len(conversations)), key=lambda row: len(conversations[row])):
        if rows and (len(rows) + 1) * len(conversations[row]) > _POSTS_A_BATCH:
            yield rows
            rows = []
        rows.append(row)
    if rows:
        yield rows

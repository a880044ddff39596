"""Many conversations of which a few are watched: their windows, next posts and expected scores.

Not for where they lie or who scores them: that is `growth`.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import orjson

from benchmarks.posts import WirePost
from connectors.schemas.prediction import Prediction
from connectors.schemas.scoring import WindowRequest
from models.engine import Engine
from stream_app.settings import Settings

WATCHED: Final = 64  # conversations that get a post before and after each crash
TRACK: Final = "growth"


class Crowd:
    """Conversations, what each holds, and the next posts of those that are watched.

    Args:
        settings: of the run.
        engine: what scores the posts.
        posts: that the conversations are made of.
        conversations: how many, at least `WATCHED`.
        posts_each: posts of each before the first crash.
    """

    def __init__(
        self,
        settings: Settings,
        engine: Engine,
        posts: Sequence[WirePost],
        conversations: int,
        posts_each: int,
    ) -> None:
        self.settings = settings
        self.conversations = conversations
        self._engine = engine
        self._posts = posts
        self._records = engine.encode([each.post.features for each in posts])
        self._posts_each = posts_each
        self._turns = 0
        step = conversations // WATCHED
        self._watched = [number * step for number in range(WATCHED)]

    def window(self, conversation: int) -> list[bytes]:
        """Records of a conversation before the first crash."""
        drawn = np.random.default_rng(conversation).integers(
            len(self._records), size=self._posts_each
        )
        return [self._records[index] for index in drawn]

    def next_posts(self) -> list[tuple[bytes, bytes]]:
        """Keys and values of one more post of each watched conversation."""
        turn = self._turns
        self._turns += 1
        return [self._on_the_wire(number, turn) for number in self._watched]

    def furthest(self, predictions: Mapping[str, Prediction]) -> float:
        """Largest difference of a probability from a pass over the whole conversation.

        Args:
            predictions: by post id, of all posts so far.

        Raises:
            KeyError: one is missing.
        """
        new = range(self._posts_each, self._posts_each + self._turns)
        differences = []
        for number in self._watched:
            own = [self._records[self._chosen(number, turn)] for turn in range(self._turns)]
            request = WindowRequest([*self.window(number), *own], tuple(new))
            for turn, score in enumerate(self._engine.score([request])[0]):
                found = predictions[_post_id(number, turn)]
                said = (*found.sentiment.probs, *found.emotion.probs)
                expected = (*score.sentiment, *score.emotion)
                differences += [abs(a - b) for a, b in zip(said, expected, strict=True)]
        return max(differences)

    def _chosen(self, conversation: int, turn: int) -> int:
        return (conversation + 7 * turn) % len(self._posts)

    def _on_the_wire(self, conversation: int, turn: int) -> tuple[bytes, bytes]:
        name = conversation_id(conversation)
        envelope = orjson.loads(self._posts[self._chosen(conversation, turn)].value)
        envelope |= {
            "conversation_id": name,
            "post_id": _post_id(conversation, turn),
            "parent_id": None,
            "tracks": [TRACK],
        }
        return name.encode(), orjson.dumps(envelope)


def conversation_id(number: int) -> str:
    """Name of a conversation."""
    return f"conversation-{number:08}"


def _post_id(conversation: int, turn: int) -> str:
    return f"{conversation}-{turn}"

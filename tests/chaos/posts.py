"""The known set of posts: what each one is, whether it is valid, and where in Kafka it came to lie.

Made from a seed. Not for sending them: that is `feed`.
"""

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any, Final

import numpy as np
import orjson
from numpy.typing import NDArray

from connectors.schemas.feature_sets import DEFAULT
from connectors.schemas.rejection import OF_FEATURES_GIVEN, Reason
from connectors.schemas.tensors import encode_tensor
from stream_app.demo.breaking import broken_record
from stream_app.variables import MEBIBYTE
from tests.chaos.telltale import GLARING

TRACKS: Final = ("acme", "globex", "initech", "umbrella")
CONVERSATIONS: Final = 24
PATTERNS: Final = 40  # more than a window holds: a window tells whether a post is missing or twice
INVALID_SHARE: Final = 0.05
TWICE_SHARE: Final = 0.04
LATE_SHARE: Final = 0.15
LATEST_S: Final = 2 * 3600
BREAKS: Final = tuple(
    reason for reason in Reason if reason in OF_FEATURES_GIVEN - {Reason.TOO_LARGE}
)


@dataclass(frozen=True, slots=True)
class Post:
    """One record as it is sent.

    Attributes:
        number: in the order of sending.
        pattern: which of `features` it has; the conversation's posts take them in turn.
        reason: why it must be rejected; None: it is valid.
        tracks: it counts in; those of an invalid one are empty.
    """

    number: int
    key: bytes
    value: bytes
    conversation: str
    pattern: int
    created_at: float
    tracks: tuple[str, ...]
    reason: Reason | None


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a record lies; a topic that was made again has another id."""

    topic_id: str
    partition: int
    offset: int


class Ledger:
    """Every post that was sent, by the place that the broker gave it.

    Attributes:
        placed: what lies where.
        came_ms: when it came to lie there by the broker's clock, Unix milliseconds.
        unplaced: the broker did not say whether it took them.
        deleted: gone from Kafka before anybody could have read them.
    """

    def __init__(self) -> None:
        self.placed: dict[Place, Post] = {}
        self.came_ms: dict[Place, int] = {}
        self.unplaced: list[Post] = []
        self.deleted: set[Place] = set()

    def due(self) -> dict[Place, Post]:
        """What the pipeline has to account for."""
        return {place: post for place, post in self.placed.items() if place not in self.deleted}


def features(pattern: int) -> dict[str, NDArray[np.float32]]:
    """The tensors of a valid post."""
    return {"text": np.full((1, DEFAULT.widths["text"]), pattern, np.float32)}


class PostMaker:
    """Makes posts from a seed: some late, some twice, some invalid in each way there is.

    Args:
        random: where the choices come from.
    """

    def __init__(self, random: Random) -> None:
        self._random = random
        self._texts = [encode_tensor(features(n)["text"]) for n in range(PATTERNS)]
        self._valid: Counter[str] = Counter()
        self._number = 0

    def posts(self) -> Iterator[Post]:
        """Posts without end."""
        while True:
            post = self._next()
            yield post
            if post.reason is None and self._random.random() < TWICE_SHARE:
                yield self._again(post)

    def _next(self) -> Post:
        random = self._random
        conversation = f"c{random.randrange(CONVERSATIONS)}"
        late_s = random.uniform(0, LATEST_S) if random.random() < LATE_SHARE else random.random()
        created_at = time.time() - late_s
        tracks = tuple(random.sample(TRACKS, random.choice((1, 1, 2, 3))))
        pattern = self._valid[conversation] % PATTERNS
        document = self._document(conversation, created_at, tracks, pattern)
        if random.random() < INVALID_SHARE:
            return self._broken(document, conversation, created_at, random.choice(BREAKS))
        self._valid[conversation] += 1
        return Post(
            number=self._take_number(),
            key=conversation.encode(),
            value=orjson.dumps(document),
            conversation=conversation,
            pattern=pattern,
            created_at=created_at,
            tracks=tracks,
            reason=None,
        )

    def _again(self, post: Post) -> Post:
        """The same record once more: two posts, although the second has the first one's id."""
        self._valid[post.conversation] += 1
        return Post(
            number=self._take_number(),
            key=post.key,
            value=post.value,
            conversation=post.conversation,
            pattern=post.pattern,
            created_at=post.created_at,
            tracks=post.tracks,
            reason=None,
        )

    def _broken(
        self, document: dict[str, Any], conversation: str, created_at: float, reason: Reason
    ) -> Post:
        key, value = (
            (conversation.encode(), orjson.dumps({**document, "features": _GLARING}))
            if reason is Reason.POISON
            else broken_record(document, reason, MEBIBYTE)
        )
        return Post(
            number=self._take_number(),
            key=key or b"",
            value=value,
            conversation=conversation,
            pattern=-1,
            created_at=created_at,
            tracks=(),
            reason=reason,
        )

    def _document(
        self, conversation: str, created_at: float, tracks: tuple[str, ...], pattern: int
    ) -> dict[str, Any]:
        return {
            "schema_version": 1,
            "post_id": f"p{self._number}",
            "conversation_id": conversation,
            "platform": "test",
            "lang": "en",
            "created_at": created_at,
            "tracks": list(tracks),
            "feature_set": "default@1",
            "features": {"text": self._texts[pattern], "audio": None, "visual": None},
        }

    def _take_number(self) -> int:
        self._number += 1
        return self._number - 1


_GLARING: Final = {"visual": encode_tensor(GLARING["visual"])}

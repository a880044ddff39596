"""Who posts what, and when opinion swings: pure, and the same for the same seed.

Not for sending (`player`), nor for the features of texts (`features`).
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from connectors.schemas.labels import SENTIMENTS
from connectors.schemas.rejection import OF_FEATURES_GIVEN, Reason
from stream_app.demo.phrases import (
    EMOTIONS_OF,
    PHRASES,
    SWINGING,
    SWUNG_MOODS,
    TOPICS,
    TROUBLES,
    Topic,
    compose,
)

Choice = TypeVar("Choice")

PLATFORMS: Final = ("bluesky", "mastodon", "reddit", "tiktok", "youtube")
WITH_VIDEO: Final = ("tiktok", "youtube")
BROKEN_SHARE: Final = 0.02
# poison is left out: no bytes can force it
BREAKABLE: Final = tuple(
    reason for reason in Reason if reason in OF_FEATURES_GIVEN - {Reason.POISON}
)
NEW_CONVERSATION_SHARE: Final = 0.15
OPEN_CONVERSATIONS: Final = 60
REMEMBERED_POSTS: Final = 5
TROUBLED_SHARE: Final = 0.7  # of negative posts while opinion is turned over
# duration, intensity mean and deviation, pitch mean, deviation and range, articulation, harmonicity
AUDIO_MEAN: Final = np.array([3.2, 63.0, 8.1, 242.0, 65.0, 282.0, 3.8, 6.5])
AUDIO_SPREAD: Final = np.array([1.5, 4.6, 2.7, 60.0, 30.0, 100.0, 1.1, 3.3])
AUDIO_WIDTH: Final = 8
VISUAL_WIDTH: Final = 35


@dataclass(frozen=True, slots=True)
class ScenarioPost:
    """A post that somebody writes, without its time and text features.

    Attributes:
        sentiment: what its writer meant.
        audio: float32 [steps, 8], or None.
        visual: float32 [steps, 35], or None.
        fault: how it must be broken before it is sent; None for a valid post.
    """

    post_id: str
    conversation_id: str
    parent_id: str | None
    platform: str
    track: str
    sentiment: str
    text: str
    audio: NDArray[np.float32] | None
    visual: NDArray[np.float32] | None
    fault: Reason | None


@dataclass(slots=True)
class _Conversation:
    name: str
    platform: str
    topic: Topic
    posts: deque[str]


class Scenario:
    """An endless stream of posts in conversations.

    Args:
        seed: the same seed gives the same posts for the same times.
        swing_after_s: opinion on one track turns over at this second, and back at twice it.
        run: part of every id, so that several runs do not share conversations.
    """

    def __init__(self, seed: int, swing_after_s: float, run: str) -> None:
        self._random = np.random.default_rng(seed)
        self._swing_after_s = swing_after_s
        self._run = run
        self._open: deque[_Conversation] = deque(maxlen=OPEN_CONVERSATIONS)
        self._conversations = 0
        self._posts = 0

    def has_swung(self, elapsed_s: float) -> bool:
        """Whether opinion on the swinging track is turned over at that second."""
        return int(elapsed_s // self._swing_after_s) % 2 == 1

    def next_post(self, elapsed_s: float) -> ScenarioPost:
        """What is posted next.

        Args:
            elapsed_s: seconds since the scenario began.
        """
        conversation = self._conversation()
        parent_id = self._pick(conversation.posts) if conversation.posts else None
        self._posts += 1
        post_id = f"{self._run}-p{self._posts}"
        fault = self._pick(BREAKABLE) if self._random.random() < BROKEN_SHARE else None
        if fault is None:
            conversation.posts.append(post_id)
        sentiment = self._sentiment(conversation.topic, elapsed_s)
        emotion = self._pick(EMOTIONS_OF[sentiment])
        phrase = int(self._random.integers(len(PHRASES[emotion])))
        audio, visual = self._recording(conversation.platform, sentiment)
        return ScenarioPost(
            post_id=post_id,
            conversation_id=conversation.name,
            parent_id=parent_id,
            platform=conversation.platform,
            track=conversation.topic.track,
            sentiment=sentiment,
            text=compose(emotion, phrase, self._thing(conversation.topic, sentiment, elapsed_s)),
            audio=audio,
            visual=visual,
            fault=fault,
        )

    def _conversation(self) -> _Conversation:
        if self._open and self._random.random() >= NEW_CONVERSATION_SHARE:
            return self._pick(self._open)
        self._conversations += 1
        opened = _Conversation(
            name=f"{self._run}-c{self._conversations}",
            platform=self._pick(PLATFORMS),
            topic=self._pick(TOPICS),
            posts=deque(maxlen=REMEMBERED_POSTS),
        )
        self._open.append(opened)
        return opened

    def _is_swung(self, topic: Topic, elapsed_s: float) -> bool:
        return topic.track == SWINGING and self.has_swung(elapsed_s)

    def _sentiment(self, topic: Topic, elapsed_s: float) -> str:
        moods = SWUNG_MOODS if self._is_swung(topic, elapsed_s) else topic.moods
        return SENTIMENTS[self._random.choice(3, p=moods)]

    def _thing(self, topic: Topic, sentiment: str, elapsed_s: float) -> str:
        """What a post is about: that opinion turned over has a reason."""
        complains = sentiment == "negative" and self._is_swung(topic, elapsed_s)
        troubled = complains and self._random.random() < TROUBLED_SHARE
        return self._pick(TROUBLES if troubled else topic.things)

    def _recording(
        self, platform: str, sentiment: str
    ) -> tuple[NDArray[np.float32] | None, NDArray[np.float32] | None]:
        """Voice and face of a post that has a video; most texts have none."""
        if self._random.random() >= (0.8 if platform in WITH_VIDEO else 0.1):
            return None, None
        steps = int(self._random.integers(1, 9))
        lively = {"negative": 0.6, "neutral": -0.5, "positive": 0.4}[sentiment]
        noise = self._random.standard_normal((steps, AUDIO_WIDTH))
        audio = AUDIO_MEAN + AUDIO_SPREAD * (0.6 * noise + lively)
        visual = self._random.standard_normal((steps, VISUAL_WIDTH)) * 0.5
        return audio.astype(np.float32), visual.astype(np.float32)

    def _pick(self, choices: Sequence[Choice]) -> Choice:
        return choices[int(self._random.integers(len(choices)))]

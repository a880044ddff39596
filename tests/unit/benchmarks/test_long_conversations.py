"""The windows that engines are measured by."""

from collections.abc import Sequence

import numpy as np

from benchmarks.long_conversations import LongConversations
from connectors.schemas.scoring import Features, Score, WindowRequest

STAMP = b"of-this-"


class CountingEngine:
    """Keeps how many posts it was asked to read for each score."""

    version = "counting-1"
    feature_set = "default@1"
    stamp = STAMP
    device = "cpu"

    def __init__(self) -> None:
        self.lengths: list[int] = []

    def warm_up(self) -> None:
        """Nothing to do."""

    def encode(self, posts: Sequence[Features]) -> list[bytes]:
        """A record a post."""
        return [STAMP + b"record" for _ in posts]

    def score(self, windows: Sequence[WindowRequest]) -> list[list[Score]]:
        """No score."""
        self.lengths += [max(each.targets) + 1 for each in windows]
        return []


def test_a_post_is_scored_at_the_end_of_a_window_as_long_as_those_of_long_conversations() -> None:
    engine = CountingEngine()
    conversations = LongConversations(engine, [{"text": np.zeros((1, 2), np.float32)}], 32, 50)
    for batch in (1, 16, 50):
        conversations.measure(batch, 200)
    assert min(engine.lengths) == 9  # a quarter stays where a window is full, and the post itself
    assert max(engine.lengths) == 32
    assert 17 < sum(engine.lengths) / len(engine.lengths) < 24

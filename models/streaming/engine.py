"""The engine that moves kept states of conversations on: one step a post.

Scores are those of a pass over the whole window, whatever is kept, whatever else is in a batch. Not
for how a step is computed: that is a `Steps`, on cores (`compiled_steps`) or as tensors on a CPU or
a GPU (`tensor_steps`).
"""

from collections.abc import Hashable, Sequence
from contextlib import ExitStack

from connectors.schemas.scoring import Features, Score, WindowRequest
from models.card import CheckpointCard
from models.errors import ModelError
from models.records import STAMP_BYTES
from models.scores import as_score, blank_post, check_posts
from models.streaming.states import StateCounts, StateStore
from models.streaming.steps import Steps, Turn


class StreamEngine:
    """Scores posts by what is kept of their conversations; rebuilds what is not kept.

    Not for two threads at once: steps have threads or streams of their own.

    Args:
        card: the checkpoint's card.
        steps: of the checkpoint's network.

    Attributes:
        version: model version with 8 hex digits of all that a post's probabilities depend on.
        feature_set: `name@version` of the tensors that `encode` takes.
        stamp: 8 bytes before every record; another model's differ.
        device: where it runs, `cpu` or `cuda`.
        state_bytes: memory of a conversation's kept state.
    """

    def __init__(self, card: CheckpointCard, steps: Steps) -> None:
        self.version = card.version
        self.feature_set = card.feature_set
        self.stamp = card.records_identity[:STAMP_BYTES]
        self.device = steps.device
        self.state_bytes = steps.state_bytes
        self._widths = card.config.widths
        self._steps = steps
        self._states = StateStore(steps.slots)

    @property
    def counts(self) -> StateCounts:
        """What became of requests for states."""
        return self._states.counts

    @property
    def states(self) -> int:
        """Conversations whose states are kept now."""
        return len(self._states)

    def warm_up(self) -> None:
        """Score posts of zeros, so that all is compiled or captured; nothing of it is kept."""
        records = self.encode([blank_post(self._widths)]) * self._steps.window
        for windows, posts in self._steps.warm_ups:
            for targets in {(posts - 1,), tuple(range(posts))}:
                self.score([WindowRequest(records[:posts], targets)] * windows)
        self._states.counts = StateCounts()

    def encode(self, posts: Sequence[Features]) -> list[bytes]:
        """See `models.engine.Engine.encode`."""
        check_posts(posts, self._widths)
        return self._steps.encode(posts)

    def score(self, windows: Sequence[WindowRequest]) -> list[list[Score]]:
        """Scores of the targets of each window, from the posts up to each target.

        Args:
            windows: any number, of at most as many posts as the engine was made for; those of one
                conversation in its order.

        Returns:
            For each window, a score for each of its targets, in their order.

        Raises:
            ModelError: a window is longer, a record of another model, a target outside its
                window, or a result not finite. What was kept of the conversations is forgotten.
        """
        scores: list[list[Score]] = [[] for _ in windows]
        for wave in self._waves(windows):
            names = [name for _, name in wave]
            with ExitStack() as undo:
                undo.callback(self._states.drop, names)  # they may be half moved on
                self._score_wave([(index, name, windows[index]) for index, name in wave], scores)
                undo.pop_all()
            self._states.drop([name for name in names if isinstance(name, _Nameless)])
        return scores

    def _waves(self, windows: Sequence[WindowRequest]) -> list[list[tuple[int, Hashable]]]:
        """Requests by index and name, each conversation once in a wave, bounded in new posts."""
        waves: list[list[tuple[int, Hashable]]] = []
        posts: list[int] = []
        at: dict[Hashable, int] = {}
        for index, request in enumerate(windows):
            self._check(request)
            if not request.targets:
                continue
            named = request.conversation is not None
            name = request.conversation if named else _Nameless()
            wave = at.get(name, -1) + 1
            held = 0 if wave else self._states.held(name, request.records, min(request.targets))
            count = max(request.targets) + 1 - held
            while wave < len(waves) and (
                posts[wave] + count > self._steps.posts_at_once
                or len(waves[wave]) == self._steps.slots
            ):
                wave += 1
            if wave == len(waves):
                waves.append([])
                posts.append(0)
            waves[wave].append((index, name))
            posts[wave] += count
            at[name] = wave
        return waves

    def _check(self, request: WindowRequest) -> None:
        count = len(request.records)
        for target in request.targets:
            if not 0 <= target < count:
                raise ModelError(f"target {target} of a window of {count} posts")
        if count > self._steps.window:
            raise ModelError(
                f"a window of {count} posts; the engine was made for {self._steps.window}"
            )

    def _score_wave(
        self,
        requests: Sequence[tuple[int, Hashable, WindowRequest]],
        scores: list[list[Score]],
    ) -> None:
        held = {name for _, name, _ in requests}
        turns = []
        for index, name, request in requests:
            records = request.records[: max(request.targets) + 1]
            slot, known = self._states.take(name, records, min(request.targets), held)
            turns.append((Turn(records, slot, known, sorted(set(request.targets))), index, name))
        turns.sort(key=lambda each: -each[0].new)
        rows = iter(self._steps.advance([turn for turn, _, _ in turns]))
        asked = {index: request.targets for index, _, request in requests}
        for turn, index, name in turns:
            self._states.put(name, turn.records)
            found = {target: as_score(next(rows)) for target in turn.targets}
            scores[index] = [found[target] for target in asked[index]]


class _Nameless:
    """Stands for a conversation that a request does not name."""

"""The engine that moves kept states of conversations on: one step a post, on a CPU.

Scores are those of a pass over the whole window, whatever is kept, whatever else is in a batch.
"""

from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from connectors.schemas.labels import MODALITIES
from connectors.schemas.scoring import Features, Score, WindowRequest
from models.card import CheckpointCard
from models.errors import ModelError
from models.records import STAMP_BYTES, encode_posts, unpack_records
from models.scores import as_score, check_posts, checked_scores
from models.streaming.arithmetic import ArithmeticName, Rows
from models.streaming.causal import CausalNetwork, Turns
from models.streaming.post_vectors import PostVectors
from models.streaming.shares import StreamShares
from models.streaming.states import StateCounts, StateStore
from models.streaming.weights import numbers
from models.tmsam import Tmsam

_ROWS_A_PASS: Final = 1024
_LEAST_A_THREAD: Final = 8  # posts; fewer are done sooner by one thread
_LEAST_STATES: Final = 256  # as many conversations has a wave at most
_MIB: Final = 2**20

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class _Turn:
    """A request with what is known of its conversation.

    Attributes:
        index: of the request.
        name: of the conversation, made up where the request has none.
        records: of the window up to the last target.
        slot: where its state is.
        known: posts that the state holds.
        targets: positions to score.
    """

    index: int
    name: Hashable
    records: Sequence[bytes]
    slot: int
    known: int
    targets: tuple[int, ...]


class StreamEngine:
    """Scores posts by what is kept of their conversations; rebuilds what is not kept.

    Not for two threads at once: it has threads of its own.

    Args:
        network: causal, with residual attention; in evaluation mode.
        card: the checkpoint's card.
        window: most posts in a window.
        states_mib: memory for kept states, MiB; as many as a batch needs have room anyway.
        threads: that share a batch.
        arithmetic: of the products.

    Attributes:
        version: model version with 8 hex digits of all that a post's probabilities depend on.
        feature_set: `name@version` of the tensors that `encode` takes.
        stamp: 8 bytes before every record; another model's differ.
        state_bytes: memory of a conversation's kept state.

    Raises:
        ModelError: the network is of another form.
    """

    def __init__(
        self,
        network: Tmsam,
        card: CheckpointCard,
        *,
        window: int,
        states_mib: int,
        threads: int = 1,
        arithmetic: ArithmeticName = "int8",
    ) -> None:
        self.version = card.version
        self.feature_set = card.feature_set
        self.stamp = card.records_identity[:STAMP_BYTES]
        self._config = card.config
        self._calibration = card.calibration
        self._window = window
        self._vectors = PostVectors(network, arithmetic)
        self._causal = CausalNetwork(network, arithmetic, window)
        self._shares = StreamShares(network, arithmetic)
        self._missing = numbers(network.missing)  # [3, post]
        recurrent = 4 * len(MODALITIES) * self._config.context_width
        self.state_bytes = 2 * self._causal.numbers + recurrent
        self._states = StateStore(
            max(_LEAST_STATES, states_mib * _MIB // self.state_bytes),
            self._causal.numbers,
            (len(MODALITIES), self._config.context_width),
        )
        self._threads = threads
        self._pool = ThreadPoolExecutor(self._threads, "engine") if self._threads > 1 else None

    @property
    def counts(self) -> StateCounts:
        """What became of requests for states."""
        return self._states.counts

    @property
    def states(self) -> int:
        """Conversations whose states are kept now."""
        return len(self._states)

    def warm_up(self) -> None:
        """Score posts of zeros once, so that everything is compiled; nothing of it is kept."""
        widths = dict(zip(MODALITIES, self._config.widths, strict=True))
        posts = [{name: np.zeros((2, width), np.float32) for name, width in widths.items()}]
        self.score([WindowRequest(self.encode(posts * 2), (0, 1))])
        self._states.counts = StateCounts()

    def encode(self, posts: Sequence[Features]) -> list[bytes]:
        """See `models.engine.Engine.encode`."""
        check_posts(posts, self._config.widths)
        parts = _divided(posts, [1] * len(posts), self._threads)
        return [record for part in self._map(self._encode, parts) for record in part]

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
        """Requests by index and name, each conversation once in a wave, bounded in rows."""
        waves: list[list[tuple[int, Hashable]]] = []
        rows: list[int] = []
        at: dict[Hashable, int] = {}
        for index, request in enumerate(windows):
            self._check(request)
            if not request.targets:
                continue
            named = request.conversation is not None
            name = request.conversation if named else _Nameless()
            count = max(request.targets) + 1
            wave = at.get(name, -1) + 1
            while wave < len(waves) and (
                rows[wave] + count > _ROWS_A_PASS or len(waves[wave]) == _LEAST_STATES
            ):
                wave += 1
            if wave == len(waves):
                waves.append([])
                rows.append(0)
            waves[wave].append((index, name))
            rows[wave] += count
            at[name] = wave
        return waves

    def _check(self, request: WindowRequest) -> None:
        count = len(request.records)
        for target in request.targets:
            if not 0 <= target < count:
                raise ModelError(f"target {target} of a window of {count} posts")
        if count > self._window:
            raise ModelError(f"a window of {count} posts; the engine was made for {self._window}")

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
            turns.append(_Turn(index, name, records, slot, known, request.targets))
        turns.sort(key=lambda turn: turn.known - len(turn.records))  # most new posts first
        sizes = [len(turn.records) - turn.known for turn in turns]
        parts = _divided(turns, sizes, self._threads)
        for part, (rows, recurrent) in zip(parts, self._map(self._advance, parts), strict=True):
            self._states.states.recurrent[[turn.slot for turn in part]] = recurrent
            own = iter(rows)
            for turn in part:
                self._states.put(turn.name, turn.records)
                found = {target: as_score(next(own)) for target in sorted(set(turn.targets))}
                scores[turn.index] = [found[target] for target in turn.targets]

    def _advance(self, turns: Sequence[_Turn]) -> tuple[NDArray[np.float64], Rows]:
        """Scores of all targets, [T, 13], and recurrent states of the conversations."""
        known = np.array([turn.known for turn in turns])
        counts = np.array([len(turn.records) for turn in turns]) - known
        starts = np.cumsum(counts) - counts
        new = [record for turn in turns for record in turn.records[turn.known :]]
        vectors, presence = unpack_records(self.stamp, new, self._config.post_width)
        vectors = np.where(presence[..., None], vectors, self._missing)  # [R, 3, post]
        targets = np.array(
            [
                start + target - turn.known
                for turn, start in zip(turns, starts.tolist(), strict=True)
                for target in sorted(set(turn.targets))
            ]
        )
        rows, recurrent = self._causal.advance(
            Turns(
                slots=np.array([turn.slot for turn in turns]),
                known=known,
                counts=counts,
                vectors=np.ascontiguousarray(vectors.transpose(1, 0, 2)),
                targets=targets,
            ),
            self._states.states,
        )
        sentiment, emotion = rows.logits
        shares = self._shares(rows, presence[targets])
        return checked_scores(sentiment, emotion, shares, self._calibration), recurrent

    def _encode(self, posts: Sequence[Features]) -> list[bytes]:
        return encode_posts(self.stamp, posts, self._config.post_width, self._vectors)

    def _map(
        self, work: Callable[[Sequence[Item]], Result], parts: Sequence[Sequence[Item]]
    ) -> list[Result]:
        if self._pool is None or len(parts) == 1:
            return [work(part) for part in parts]
        running = [self._pool.submit(work, part) for part in parts]
        wait(running)  # a part that fails must not free states that another still writes
        return [each.result() for each in running]


class _Nameless:
    """Stands for a conversation that a request does not name."""


def _divided(items: Sequence[Item], sizes: Sequence[int], threads: int) -> list[Sequence[Item]]:
    """Items in their order in parts of like size, at most one a thread."""
    done = np.cumsum(sizes)
    parts = max(1, min(threads, int(done[-1]) // _LEAST_A_THREAD)) if len(done) else 0
    stops = [
        int(np.searchsorted(done, done[-1] * part / parts)) + 1 for part in range(1, parts + 1)
    ]
    divided = [items[start:stop] for start, stop in pairwise([0, *stops])]
    return [part for part in divided if part]

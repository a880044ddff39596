"""Steps on a CPU: products in an arithmetic that it is fast at, compiled loops between them."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from itertools import pairwise
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from connectors.schemas.labels import MODALITIES
from connectors.schemas.scoring import Features
from models.card import CheckpointCard
from models.records import STAMP_BYTES, encode_posts, unpack_records
from models.scores import checked_scores
from models.streaming.arithmetic import ArithmeticName
from models.streaming.causal import CausalNetwork, KeptStates, Turns
from models.streaming.post_vectors import PostVectors
from models.streaming.shares import StreamShares
from models.streaming.states import room
from models.streaming.steps import Turn
from models.streaming.weights import Rows, numbers
from models.tmsam import Tmsam

_POSTS_AT_ONCE: Final = 1024
_ENCODED_AT_ONCE: Final = 64  # posts at most: what is between two products is then near a core
_LEAST_A_PART: Final = 8  # posts; fewer are done sooner with others

Item = TypeVar("Item")
Result = TypeVar("Result")


class CompiledSteps:
    """See `steps.Steps`.

    Args:
        network: causal, with residual attention; in evaluation mode.
        card: the checkpoint's card.
        window: most posts in a window.
        states_mib: memory for kept states, MiB; all of it is taken at once.
        threads: that share a batch.
        arithmetic: of the products.

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
        self.device = "cpu"
        self.window = window
        self.posts_at_once = _POSTS_AT_ONCE
        self.warm_ups: Sequence[tuple[int, int]] = [(1, min(2, window))]
        self._stamp = card.records_identity[:STAMP_BYTES]
        self._post_width = card.config.post_width
        self._calibration = card.calibration
        self._vectors = PostVectors(network, arithmetic)
        self._causal = CausalNetwork(network, arithmetic, window)
        self._shares = StreamShares(network, arithmetic)
        self._missing = numbers(network.missing)  # [3, post]
        numbers_a_state = self._causal.numbers
        recurrent = (len(MODALITIES), card.config.context_width)
        self.state_bytes = 2 * numbers_a_state + 4 * recurrent[0] * recurrent[1]
        self.slots = room(states_mib, self.state_bytes)
        # written once, so that no post waits for memory that the system has yet to give
        self._states = KeptStates(
            np.full((self.slots, numbers_a_state), 0, np.uint16),
            np.full((self.slots, *recurrent), 0, np.float32),
        )
        self._threads = threads
        self._pool = ThreadPoolExecutor(threads, "engine") if threads > 1 else None

    def encode(self, posts: Sequence[Features]) -> list[bytes]:
        """See `steps.Steps.encode`."""
        rounds = -(-len(posts) // (self._threads * _ENCODED_AT_ONCE))
        parts = _divided(posts, [1] * len(posts), self._threads * rounds)
        return [record for part in self._map(self._encode, parts) for record in part]

    def advance(self, turns: Sequence[Turn]) -> NDArray[np.float64]:
        """See `steps.Steps.advance`."""
        parts = _divided(turns, [turn.new for turn in turns], self._threads)
        done = self._map(self._advance, parts)
        for part, (_, recurrent) in zip(parts, done, strict=True):
            self._states.recurrent[[turn.slot for turn in part]] = recurrent
        return np.concatenate([scores for scores, _ in done])

    def _advance(self, turns: Sequence[Turn]) -> tuple[NDArray[np.float64], Rows]:
        """Scores of all targets, [T, 13], and recurrent states of the conversations."""
        known = np.array([turn.known for turn in turns])
        counts = np.array([turn.new for turn in turns])
        starts = np.cumsum(counts) - counts
        new = [record for turn in turns for record in turn.records[turn.known :]]
        vectors, presence = unpack_records(self._stamp, new, self._post_width)
        filled = [
            np.where(presence[:, at, None], vectors[:, at], missing)
            for at, missing in enumerate(self._missing)
        ]  # three of [R, post]
        targets = np.array(
            [
                start + target - turn.known
                for turn, start in zip(turns, starts.tolist(), strict=True)
                for target in turn.targets
            ]
        )
        rows, recurrent = self._causal.advance(
            Turns(
                slots=np.array([turn.slot for turn in turns]),
                known=known,
                counts=counts,
                vectors=filled,
                targets=targets,
            ),
            self._states,
        )
        sentiment, emotion = rows.logits
        shares = self._shares(rows, presence[targets])
        return checked_scores(sentiment, emotion, shares, self._calibration), recurrent

    def _encode(self, posts: Sequence[Features]) -> list[bytes]:
        return encode_posts(self._stamp, posts, self._post_width, self._vectors)

    def _map(
        self, work: Callable[[Sequence[Item]], Result], parts: Sequence[Sequence[Item]]
    ) -> list[Result]:
        if self._pool is None or len(parts) == 1:
            return [work(part) for part in parts]
        running = [self._pool.submit(work, part) for part in parts]
        wait(running)  # a part that fails must not free states that another still writes
        return [each.result() for each in running]


def _divided(items: Sequence[Item], sizes: Sequence[int], most: int) -> list[Sequence[Item]]:
    """Items in their order in parts of like size, at most so many."""
    done = np.cumsum(sizes)
    parts = max(1, min(most, int(done[-1]) // _LEAST_A_PART)) if len(done) else 0
    stops = [
        int(np.searchsorted(done, done[-1] * part / parts)) + 1 for part in range(1, parts + 1)
    ]
    divided = [items[start:stop] for start, stop in pairwise([0, *stops])]
    return [part for part in divided if part]

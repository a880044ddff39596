"""Steps as torch tensors: padded passes over new posts, on a CPU as it stands or on a GPU."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from typing import Final, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from connectors.schemas.labels import EMOTIONS, MODALITIES, SENTIMENTS
from connectors.schemas.scoring import Features
from models.card import CheckpointCard
from models.padded_vectors import PaddedVectors
from models.records import STAMP_BYTES, encode_posts, unpack_records
from models.scores import checked_scores
from models.streaming.arranged import arrange
from models.streaming.shapes import Pass, Shapes
from models.streaming.steps import Turn
from models.streaming.tensor_network import StepInputs, TensorNetwork
from models.streaming.weights import LANES
from models.tmsam import Tmsam

_POSTS_AT_ONCE: Final = 2**15
_LOGITS: Final = len(SENTIMENTS) + len(EMOTIONS)

Step = Callable[[StepInputs], Tensor]


class Place(Protocol):
    """Where tensors are computed.

    Attributes:
        device: of the tensors.
        dtype: of products, keys and values.
        graphs: whether each shape costs, so that few are better.
    """

    device: torch.device
    dtype: torch.dtype
    graphs: bool

    def upload(self, tensor: Tensor) -> Tensor:
        """Bring a tensor of the host there, for what is computed from now on."""

    def begin(self, step: Step, inputs: StepInputs) -> Callable[[], Tensor]:
        """Begin a step with inputs of the host.

        Returns:
            Waits until it is done, and gives its result on the host.
        """

    def computing(self) -> AbstractContextManager[object]:
        """Where all else that is computed on the device must be called."""


class Host:
    """The CPU, one operation after the other.

    Args:
        dtype: of products, keys and values.
        graphs: fill up to few shapes, as a GPU needs it.
    """

    def __init__(self, dtype: torch.dtype = torch.float32, *, graphs: bool = False) -> None:
        self.device = torch.device("cpu")
        self.dtype = dtype
        self.graphs = graphs

    def upload(self, tensor: Tensor) -> Tensor:
        """It is there."""
        return tensor

    def begin(self, step: Step, inputs: StepInputs) -> Callable[[], Tensor]:
        """It is done at once."""
        done = step(inputs)
        return lambda: done

    def computing(self) -> AbstractContextManager[object]:
        """Anywhere."""
        return nullcontext()


class TensorSteps:
    """See `steps.Steps`.

    Args:
        network: causal, with residual attention; in evaluation mode. It is moved to the place.
        card: the checkpoint's card.
        place: where it runs.
        window: most posts in a window.
        states_mib: memory of the place for kept states, MiB; all of it is taken at once.

    Raises:
        ModelError: the network is of another form.
    """

    def __init__(
        self, network: Tmsam, card: CheckpointCard, place: Place, *, window: int, states_mib: int
    ) -> None:
        self.device = place.device.type
        self.window = window
        self.posts_at_once = _POSTS_AT_ONCE
        self._stamp = card.records_identity[:STAMP_BYTES]
        self._post_width = card.config.post_width
        self._calibration = card.calibration
        self._place = place
        self._shapes = Shapes(window, few=place.graphs)
        self.warm_ups: Sequence[tuple[int, int]] = (
            self._shapes.whole if place.graphs else [(1, min(2, window))]
        )
        arranged = arrange(network, LANES)
        with place.computing(), torch.inference_mode():
            network = network.to(place.device).eval()
            self._vectors = PaddedVectors(network, place.upload, place.dtype)
            self._network = TensorNetwork(
                network, arranged, posts=window, states_mib=states_mib, dtype=place.dtype
            )
        self.slots = self._network.slots
        self.state_bytes = self._network.state_bytes

    def encode(self, posts: Sequence[Features]) -> list[bytes]:
        """See `steps.Steps.encode`."""
        with self._place.computing():
            return encode_posts(self._stamp, posts, self._post_width, self._vectors)

    def advance(self, turns: Sequence[Turn]) -> NDArray[np.float64]:
        """See `steps.Steps.advance`."""
        passes = self._shapes.passes(
            [turn.new for turn in turns], [len(turn.targets) for turn in turns]
        )
        with torch.inference_mode(), ExitStack() as undo:
            undo.callback(self._clear, turns)
            # all are begun before one is waited for: the next one's posts are unpacked and copied
            # while the last one is computed
            begun = [
                (own, self._place.begin(self._network.step, self._inputs(turns, own)))
                for own in passes
            ]
            rows = np.concatenate([_scored(turns, own, done().numpy()) for own, done in begun])
            scores = checked_scores(
                rows[:, : len(SENTIMENTS)],
                rows[:, len(SENTIMENTS) : _LOGITS],
                rows[:, _LOGITS:].astype(np.float64),
                self._calibration,
            )
            undo.pop_all()
        return scores

    def _inputs(self, turns: Sequence[Turn], own: Pass) -> StepInputs:
        """The new posts of a pass, padded to its shape."""
        shape = own.shape
        size = (shape.conversations, shape.posts, len(MODALITIES))
        vectors = np.zeros((*size, self._post_width), np.float16)
        presence = np.zeros(size, np.bool_)
        places = np.zeros((shape.conversations, 3), np.int64)
        targets = np.zeros((shape.conversations, shape.targets), np.int64)
        taken = turns[own.start : own.stop]
        for row, turn in enumerate(taken):
            places[row] = turn.slot, turn.known, turn.new
            targets[row, : len(turn.targets)] = np.array(turn.targets) - turn.known
        real = np.arange(shape.posts) < places[:, 2:]  # [B, N]
        records = [record for turn in taken for record in turn.records[turn.known :]]
        vectors[real], presence[real] = unpack_records(self._stamp, records, self._post_width)
        return StepInputs(*map(torch.from_numpy, (vectors, presence, places, targets)))

    def _clear(self, turns: Sequence[Turn]) -> None:
        with self._place.computing(), torch.inference_mode():
            slots = torch.tensor([turn.slot for turn in turns], device=self._place.device)
            self._network.clear(slots)


def _scored(turns: Sequence[Turn], own: Pass, found: NDArray[np.float32]) -> NDArray[np.float32]:
    """Of what a pass found, [B, M, 13], the rows of its turns' targets, [T, 13]."""
    counts = [len(turn.targets) for turn in turns[own.start : own.stop]]
    asked = np.arange(found.shape[1]) < np.array(counts)[:, None]  # [turns, M]
    picked: NDArray[np.float32] = found[: len(counts)][asked]
    return picked

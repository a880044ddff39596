"""The engine for a checkpoint and a device. Not an engine itself."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal, Protocol

from connectors.schemas.scoring import Features, Score, WindowRequest
from models.card import CheckpointCard, shipped_checkpoint
from models.checkpoint import load_checkpoint
from models.device import DeviceName, choose_device, use_threads
from models.errors import ModelError
from models.streaming.engine import StreamEngine
from models.window_engine import WindowEngine

EngineName = Literal["auto", "stream", "window"]
DEFAULT_WINDOW: Final = 32
DEFAULT_STATES_MIB: Final = 1024

_log = logging.getLogger(__name__)


class Engine(Protocol):
    """Scores posts in the window of their conversation.

    Attributes:
        version: model version with 8 hex digits of all that a post's probabilities depend on.
        feature_set: `name@version` of the tensors that `encode` takes.
        stamp: 8 bytes before every record; another model's differ.
        device: where it runs, `cpu` or `cuda`.
    """

    version: str
    feature_set: str
    stamp: bytes
    device: str

    def encode(self, posts: Sequence[Features]) -> list[bytes]:
        """One record a post, which depends on that post alone; to be kept and given to `score`.

        Args:
            posts: modality -> float32 [steps, width], present ones only, at least one a post.

        Returns:
            For each post, in the same order: stamp, presence and vectors in float16.

        Raises:
            ModelError: a post has no modality, an unknown one, another width, or a value that is
                not finite; or the encoder's own result is not finite.
        """

    def score(self, windows: Sequence[WindowRequest]) -> list[list[Score]]:
        """For each request the scores of its targets."""


def load_engine(
    checkpoint: Path | None = None,
    device: DeviceName = "auto",
    threads: int | None = None,
    *,
    name: EngineName = "auto",
    window: int = DEFAULT_WINDOW,
    states_mib: int = DEFAULT_STATES_MIB,
) -> Engine:
    """An engine from a checkpoint folder.

    Args:
        checkpoint: the folder; None: the one inside this package.
        device: `auto` takes a GPU where there is one.
        threads: CPU threads of this engine; None: 1 for `stream`, where more than one share out
            a batch too small for them (docs/performance.md), else one a physical core.
        name: `stream` keeps states of conversations and scores a post by one step, on a CPU;
            `window` scores its whole window again; `auto` takes `stream` where it can.
        window: most posts in a window that is to be scored.
        states_mib: memory for the states that `stream` keeps, MiB.

    Returns:
        The engine, ready to score.

    Raises:
        CheckpointError: the folder is no valid checkpoint.
        ModelError: the device is not there, or the engine cannot score this network on it.
    """
    network, card = load_checkpoint(shipped_checkpoint() if checkpoint is None else checkpoint)
    place = choose_device(device)
    if name == "window" or (name == "auto" and not (_can_stream(card) and place.type == "cpu")):
        use_threads(threads)
        return WindowEngine(network, card, place)
    if place.type != "cpu" and device != "auto":
        raise ModelError("the engine stream runs on a CPU; use VOXPOP_DEVICE=cpu or auto")
    # numba takes a second to import, and who scores whole windows needs none of it
    from models.streaming.compiled_steps import CompiledSteps  # noqa: PLC0415

    steps = CompiledSteps(network, card, window=window, states_mib=states_mib, threads=threads or 1)
    engine = StreamEngine(card, steps)
    engine.warm_up()
    return engine


def _can_stream(card: CheckpointCard) -> bool:
    if card.config.causal and card.config.residual:
        return True
    _log.info("the network is not causal: whole windows are scored again for every post")
    return False

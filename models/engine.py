"""The engine for a checkpoint and a device. Not an engine itself."""

import contextlib
import logging
from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path
from typing import Final, Literal, Protocol

import torch

from connectors.schemas.scoring import Features, Score, WindowRequest
from models.card import TASKS, CheckpointCard, shipped_checkpoint
from models.checkpoint import load_checkpoint
from models.device import DeviceName, use_threads, why_no_gpu
from models.errors import ModelError
from models.streaming.cuda import Cuda
from models.streaming.engine import StreamEngine
from models.streaming.tensor_steps import TensorSteps
from models.tmsam import Tmsam
from models.window_engine import WindowEngine

EngineName = Literal["auto", "stream", "window"]
DEFAULT_WINDOW: Final = 32
DEFAULT_STATES_MIB: Final = 1024
# torch says all that a GPU lacks by the first two, and by the third that it computes no numbers
_GPU_FAILURES: Final = (RuntimeError, AssertionError, ModelError)

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

    A GPU that is asked for and not there, or that is there and fails at the first posts, is not
    the end: the engine of the CPU takes its place, and one warning says why. Another warning tells
    of a task that the checkpoint was not trained for.

    Args:
        checkpoint: the folder; None: the one inside this package.
        device: `auto` takes a GPU where there is one.
        threads: CPU threads of this engine; None: 1 for `stream` on a CPU, where more than one
            share out a batch too small for them (docs/performance.md), else one a physical core.
        name: `stream` keeps states of conversations and scores a post by one step; `window`
            scores its whole window again; `auto` takes `stream` where the network is causal.
        window: most posts in a window that is to be scored.
        states_mib: memory for the states that `stream` keeps, MiB: the GPU's where it runs on one.

    Returns:
        The engine, ready to score.

    Raises:
        CheckpointError: the folder is no valid checkpoint.
        ModelError: the engine cannot score this network.
    """
    network, card = load_checkpoint(shipped_checkpoint() if checkpoint is None else checkpoint)
    for task in sorted(set(TASKS) - set(card.training.tasks)):
        _log.warning(
            "%s was not trained for %s: what it says of it means nothing", card.version, task
        )
    streams = name == "stream" or (name == "auto" and _can_stream(card))
    if device != "cpu" and _finds_gpu(asked=device == "cuda"):
        use_threads(threads)
        try:
            # a copy: a GPU that failed may not give the weights back
            return _on_gpu(deepcopy(network), card, streams, window, states_mib)
        except _GPU_FAILURES as error:
            _log.warning("inference on the CPU: CUDA failed: %s", error)
        _give_back_memory()
    if streams:
        return _stream_on_cpu(network, card, window, states_mib, threads or 1)
    use_threads(threads)
    return WindowEngine(network, card, torch.device("cpu"))


def _can_stream(card: CheckpointCard) -> bool:
    if card.config.causal and card.config.residual:
        return True
    _log.info("the network is not causal: whole windows are scored again for every post")
    return False


def _finds_gpu(*, asked: bool) -> bool:
    """Whether there is a GPU; the log says why not, louder where it was asked for."""
    reason = why_no_gpu()
    if reason is not None:
        _log.log(logging.WARNING if asked else logging.INFO, "inference on the CPU: %s", reason)
    return reason is None


def _give_back_memory() -> None:
    """Of a GPU that failed: others may work on it. What was there is no longer referred to."""
    with contextlib.suppress(*_GPU_FAILURES):
        torch.cuda.empty_cache()


def _on_gpu(
    network: Tmsam, card: CheckpointCard, streams: bool, window: int, states_mib: int
) -> Engine:
    """The engine on the GPU, which has scored a post there.

    Raises:
        RuntimeError: the GPU, its driver or its memory is not as it must be.
        ModelError: what it computes are no probabilities.
    """
    if not streams:
        scored = WindowEngine(network, card, torch.device("cuda"))
        scored.warm_up()
        return scored
    steps = TensorSteps(network, card, Cuda(), window=window, states_mib=states_mib)
    engine = StreamEngine(card, steps)
    engine.warm_up()
    return engine


def _stream_on_cpu(
    network: Tmsam, card: CheckpointCard, window: int, states_mib: int, threads: int
) -> Engine:
    # numba takes a second to import, and who computes otherwise needs none of it
    from models.streaming.compiled_steps import CompiledSteps  # noqa: PLC0415

    steps = CompiledSteps(network, card, window=window, states_mib=states_mib, threads=threads)
    engine = StreamEngine(card, steps)
    engine.warm_up()
    return engine

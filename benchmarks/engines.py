"""Engines for benchmarks, each made as it says: no settings but those of the worker's states.

Not for what is measured of them.
"""

from copy import deepcopy

from models.card import CheckpointCard
from models.engine import Engine
from models.streaming.arithmetic import ArithmeticName
from models.streaming.compiled_steps import CompiledSteps
from models.streaming.engine import StreamEngine
from models.streaming.tensor_steps import Place, TensorSteps
from models.tmsam import Tmsam
from stream_app.settings import Settings


def compiled_engine(
    network: Tmsam,
    card: CheckpointCard,
    settings: Settings,
    arithmetic: ArithmeticName,
    threads: int,
) -> Engine:
    """An engine for a CPU as workers have it, in an arithmetic and with some threads."""
    steps = CompiledSteps(
        network,
        card,
        window=settings.window,
        states_mib=settings.states_mib,
        threads=threads,
        arithmetic=arithmetic,
    )
    return StreamEngine(card, steps)


def tensor_engine(
    network: Tmsam, card: CheckpointCard, settings: Settings, place: Place, states_mib: int
) -> StreamEngine:
    """An engine of torch's tensors in a place.

    Args:
        network: is copied, since the place takes it.
        card: the checkpoint's card.
        settings: length of windows, and memory for states.
        place: where it computes.
        states_mib: memory for states at least, MiB.
    """
    steps = TensorSteps(
        deepcopy(network),
        card,
        place,
        window=settings.window,
        states_mib=max(settings.states_mib, states_mib),
    )
    return StreamEngine(card, steps)

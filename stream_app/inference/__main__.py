"""The process of the model: loads an engine, then answers one question after another.

The worker's process id is handed to it, the level that it logs from, and the descriptors of two
channels, one for records and one for scores. It ends when the worker closes them or dies, and by no
signal that reaches both.
"""

import ctypes
import logging
import os
import signal
import sys
from collections.abc import Sequence
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, Final, Protocol, runtime_checkable

import orjson

from connectors.collector import spare_what_lasts
from stream_app.inference.block import SharedBlock
from stream_app.inference.channel import Channel
from stream_app.inference.wire import (
    Introduction,
    Kept,
    asked_posts,
    asked_windows,
    refuse,
    tell_records,
    tell_scores,
)
from stream_app.logs import stderr_handler
from stream_app.settings import Settings

if TYPE_CHECKING:
    from models.engine import Engine


_PR_SET_PDEATHSIG: Final = 1  # of linux/prctl.h


class _StateCounts(Protocol):
    hits: int
    misses: int
    evictions: int


@runtime_checkable
class _HotStore(Protocol):
    """An engine that keeps states of conversations."""

    state_bytes: int

    @property
    def counts(self) -> _StateCounts:
        """What became of requests for states."""

    @property
    def states(self) -> int:
        """Conversations whose states are kept now."""


def main(channels: Sequence[Channel]) -> int:
    """Answer until nobody asks any more; returns the exit code.

    Args:
        channels: by which questions come, for records, then for scores; the first one also says
            which engine is wanted.

    Raises:
        EOFError: the worker is gone.
        OSError: the same.
    """
    from models.errors import CheckpointError, ModelError  # noqa: PLC0415 - with torch, below

    told = channels[0].connection
    settings = Settings(**orjson.loads(told.recv_bytes()))
    try:
        engine = settings.load_engine()
    except (CheckpointError, ModelError) as error:
        told.send_bytes(refuse(error))
        return 1
    spare_what_lasts()
    told.send_bytes(_introduction(engine).encode())
    while True:
        answer_next(engine, channels)


def answer_next(engine: "Engine", channels: Sequence[Channel]) -> None:
    """Answer one question, and of two that wait the later channel's.

    That is the one for scores: their batch is further on than the one that waits for records.

    Args:
        engine: that is asked.
        channels: for records, then for scores.

    Raises:
        EOFError: the worker is gone.
        OSError: the same.
    """
    ready = wait([channel.connection for channel in channels])
    channel = next(each for each in reversed(channels) if each.connection in ready)
    asked = channel.connection.recv_bytes()
    channel.connection.send_bytes(answer(engine, channel.block, asked))


def answer(engine: "Engine", block: SharedBlock, message: bytes) -> bytes:
    """What an engine says to a question, or why it cannot.

    Args:
        engine: that is asked.
        block: as whoever asked left it; what is answered stands there then.
        message: the question.
    """
    asked = orjson.loads(message)
    try:
        if "encode" in asked:
            records = engine.encode(asked_posts(block, asked["encode"]))
            return tell_records(block, records)
        scores = engine.score(asked_windows(block, asked["score"], asked["records"]))
        return tell_scores(scores, _kept(engine))
    except Exception as error:  # noqa: BLE001 - the edge of a process: who asked decides
        return refuse(error)


def _introduction(engine: "Engine") -> Introduction:
    return Introduction(
        version=engine.version,
        feature_set=engine.feature_set,
        stamp=engine.stamp,
        device=engine.device,
        kind=type(engine).__name__,
        state_bytes=engine.state_bytes if isinstance(engine, _HotStore) else None,
    )


def _kept(engine: "Engine") -> Kept:
    if not isinstance(engine, _HotStore):
        return Kept()
    counts = engine.counts
    return Kept(counts.hits, counts.misses, counts.evictions, engine.states)


def _die_with(worker: int) -> None:
    """Be killed when the worker is gone: a model that hangs or is being loaded does not look.

    By the kernel, since the worker may be killed itself; macOS has nothing like it.

    Args:
        worker: process id.

    Raises:
        EOFError: it is gone already.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != worker:
        raise EOFError


if __name__ == "__main__":
    for both_get in (signal.SIGINT, signal.SIGTERM):  # Ctrl-C, or a service that is stopped
        signal.signal(both_get, signal.SIG_IGN)
    parent, level, *handed = map(int, sys.argv[1:])
    logging.basicConfig(level=level, handlers=[stderr_handler()])
    try:
        _die_with(parent)
        ways = [Channel.handed(*each) for each in zip(handed[::2], handed[1::2], strict=True)]
        sys.exit(main(ways))
    except (EOFError, ConnectionError):
        sys.exit(0)  # the worker is gone

"""Why a worker ends itself, each with its exit code.

After an agent's exception Faust neither redelivers nor stops, so what a batch cannot settle ends
the process at once: no shutdown path, no late writes. The supervisor starts it again and nothing
is lost, since nothing unfinished was committed.
"""

import logging
import os
import sys
import threading
from enum import IntEnum
from typing import NoReturn

log = logging.getLogger(__name__)


class ExitCode(IntEnum):
    """Exit codes of a worker that cannot go on; from 70 up, so that they differ from Python's."""

    FAULT = 70  # an exception that nothing settled
    STALLED = 71  # the process or its event loop stood still for most of a session
    BATCH_TOO_OLD = 72  # a batch took most of a session: its partitions may be somebody else's
    COMMIT_FAILED = 73  # the broker neither took nor refused a commit
    HOLE = 74  # offsets stayed missing although the consumer was sent back to them
    PARTITION_LOST = 75  # a batch in flight belongs to partitions that were taken away
    FENCED = 76  # another worker fixed the results of these offsets first, or owns the partition
    MODEL_BROKEN = 77  # the model or encoder fails on a post that it must be able to take
    NOT_READY = 78  # a setting, a topic, the model or a server is not as it must be


class CannotGoOn(Exception):  # noqa: N818 - a state of the worker, met with an exit
    """The worker must end.

    Args:
        code: which of the reasons.
        why: what happened, where, and what to do; one line.
    """

    def __init__(self, code: ExitCode, why: str) -> None:
        super().__init__(why)
        self.code = code
        self.why = why


def leave(code: ExitCode, why: str) -> NoReturn:
    """End the process at once, saying why in the log and on stderr."""
    log.critical("worker ends, exit code %d (%s): %s", code, code.name, why)
    _end(code)


def end_within(seconds: float, code: int) -> None:
    """End a process that has nothing left to lose, should it still be there after so many seconds.

    From a thread: a server that does not answer may keep it for as long as a request may take.
    """
    timer = threading.Timer(seconds, _end_waiting, [seconds, code])
    timer.daemon = True
    timer.start()


def _end_waiting(waited_s: float, code: int) -> None:
    log.warning("connections are not closed after %.1f s; the worker ends without", waited_s)
    _end(code)


def _end(code: int) -> NoReturn:
    logging.shutdown()
    if sys.__stderr__ is not None:
        sys.__stderr__.flush()
    os._exit(code)

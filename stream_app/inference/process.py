"""The engine of a worker, in a process of its own: it shares no interpreter with the event loop.

Not for what the process does: `__main__`. Not for what is written between the two: `wire`.
"""

import logging
import os
import subprocess
import sys
from collections.abc import Sequence
from typing import Final, NoReturn

import orjson

from connectors.schemas.scoring import Features, Score, WindowRequest
from models.errors import ModelError
from stream_app.inference.channel import Channel
from stream_app.inference.wire import (
    Introduction,
    Kept,
    RefusedError,
    ask_encode,
    ask_score,
    told_records,
    told_scores,
)
from stream_app.settings import Settings

log = logging.getLogger(__name__)

COMMAND: Final = (sys.executable, "-P", "-m", "stream_app.inference")  # no module of the folder
ASKED_OF_SETTINGS: Final = {"model", "device", "threads", "engine", "window", "states_mib"}
END_S: Final = 2.0


class EngineProcess:
    """An engine as `models.engine.Engine`, whose work a process does.

    One thread may ask for records while another asks for scores: the process then is not without
    work for want of a question. Two that ask the same wait for each other. On Linux the process
    dies with the thread that makes this, so make it by one that lives as long. It logs to stderr,
    from the level on that this process logs from.

    Args:
        settings: say which engine.
        command: that starts the process; it is given our process id, the level that it logs from
            and the descriptors of two channels.

    Raises:
        ModelError: the engine cannot be loaded; says why.
        OSError: the process cannot be started.

    Attributes:
        version: model version with 8 hex digits of all that a post's probabilities depend on.
        feature_set: `name@version` of the tensors that `encode` takes.
        stamp: 8 bytes before every record; another model's differ.
        device: where it runs, `cpu` or `cuda`.
        kind: name of the engine's class.
        state_bytes: memory of a conversation's kept state; None: no states are kept.
        kept: what became of requests for states, by the last answer.
        pid: of the process.
    """

    def __init__(self, settings: Settings, command: Sequence[str] = COMMAND) -> None:
        self.kept = Kept()
        self._encoding, theirs = Channel.make()
        self._scoring, theirs_too = Channel.make()
        handed = theirs.descriptors + theirs_too.descriptors
        level = log.getEffectiveLevel()
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own command, no shell
                [*command, *map(str, (os.getpid(), level, *handed))],
                stdin=subprocess.DEVNULL,
                pass_fds=handed,
            )
        except OSError:
            self._encoding.close()
            self._scoring.close()
            raise
        finally:
            theirs.close()
            theirs_too.close()
        self.pid = self._process.pid
        wanted = settings.model_dump(mode="json", include=ASKED_OF_SETTINGS)
        try:
            told = Introduction.decode(self._asked(self._encoding, orjson.dumps(wanted)))
        except BaseException as error:
            self.close()
            if isinstance(error, RefusedError):
                raise ModelError(str(error)) from error
            raise
        self.version = told.version
        self.feature_set = told.feature_set
        self.stamp = told.stamp
        self.device = told.device
        self.kind = told.kind
        self.state_bytes = told.state_bytes

    def encode(self, posts: Sequence[Features]) -> list[bytes]:
        """See `models.engine.Engine.encode`.

        Raises:
            ModelError: as there, or the process is gone.
        """
        try:
            with self._encoding as block:
                answer = self._asked(self._encoding, ask_encode(block, posts))
                return told_records(block, answer)
        except RefusedError as error:
            _raise_as_there(error)

    def score(self, windows: Sequence[WindowRequest]) -> list[list[Score]]:
        """See `models.engine.Engine.score`.

        Raises:
            ModelError: as there, or the process is gone.
        """
        try:
            with self._scoring as block:
                answer = self._asked(self._scoring, ask_score(block, windows))
                scores, self.kept = told_scores(answer)
        except RefusedError as error:
            _raise_as_there(error)
        return scores

    def gone(self) -> str | None:
        """How the process ended by itself; None while it is there."""
        exit_code = self._process.poll()
        return None if exit_code is None else _of_one_gone(exit_code)

    def close(self) -> None:
        """End the process, if it has not ended, and wait until it has."""
        self._encoding.close()
        self._scoring.close()
        self._ended()

    def _ended(self) -> int:
        """Exit code of the process, which ends by itself when nobody asks any more."""
        try:
            return self._process.wait(END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()

    def _asked(self, channel: Channel, message: bytes) -> bytes:
        try:
            return channel.ask(message)
        except (EOFError, ConnectionError) as error:
            raise ModelError(_of_one_gone(self._ended())) from error


def _of_one_gone(exit_code: int) -> str:
    return (
        f"the process of the model is gone, exit code {exit_code}: what it printed says why, or "
        "the system's log where it was killed"
    )


def _raise_as_there(error: RefusedError) -> NoReturn:
    if error.kind == ModelError.__name__:
        raise ModelError(str(error)) from error
    raise ModelError(f"{error.kind}: {error}") from error

"""Explains posts in a process of its own, which starts when it is first asked and ends when idle.

A server that answers hundreds of readers must not wait for torch: neither for its import, nor for
the interpreter's lock, nor with its memory while nobody asks. Not for what the process does.
"""

import asyncio
import logging
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from connectors.exemplars.explanation import (
    ExplanationDelayedError,
    ExplanationQuestion,
    ExplanationUnavailableError,
    PostExplanation,
)
from stream_app.explaining.wire import decode_answer, encode_question, require_no_refusal

COMMAND: Final = (sys.executable, "-P", "-m", "stream_app.explaining")
LONGEST_LINE: Final = 4 * 1024 * 1024  # bytes
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Limits:
    """How long is waited, seconds.

    Attributes:
        load_s: for the model to load.
        explain_s: for one explanation.
        idle_s: for a next question, before the process is ended.
    """

    load_s: float = 90.0
    explain_s: float = 30.0
    idle_s: float = 300.0


class ExplainerProcess:
    """Explains one post after another; asked for several at once it would mix them up.

    Args:
        limits: past which the process is ended; the next question starts another.
        command: that starts it.
    """

    def __init__(self, limits: Limits = Limits(), command: Sequence[str] = COMMAND) -> None:
        self._limits = limits
        self._command = command
        self._process: Process | None = None
        self._ending: asyncio.Task[None] | None = None

    async def explain(self, question: ExplanationQuestion) -> PostExplanation:
        """Why the last post of a window got its label.

        Raises:
            ExplanationUnavailableError: the process says why not.
            ExplanationDelayedError: it took too long, died, answered nonsense, or its model cannot
                be loaded.
        """
        if self._ending is not None:
            self._ending.cancel()
        try:
            process = await self._started()
            line = await self._asked(process, encode_question(question), self._limits.explain_s)
            made = decode_answer(line)
        except ExplanationUnavailableError:
            self._ending = asyncio.create_task(self._end_when_idle())
            raise
        except BaseException:  # a late answer would be taken for the next one's
            await self._end()
            raise
        self._ending = asyncio.create_task(self._end_when_idle())
        return made

    async def close(self) -> None:
        """End the process, if there is one, and wait until it has ended."""
        if self._ending is not None:
            self._ending.cancel()
        await self._end()

    async def _started(self) -> Process:
        """The process, with its model loaded."""
        if self._process is None or self._process.returncode is not None:
            self._process = await asyncio.create_subprocess_exec(
                *self._command, stdin=PIPE, stdout=PIPE, limit=LONGEST_LINE
            )
            said = await self._asked(self._process, b"", self._limits.load_s)
            try:
                require_no_refusal(said)
            except ExplanationUnavailableError as error:
                _log.warning("no explanations: %s", error)
                raise ExplanationDelayedError(str(error)) from error
        return self._process

    async def _asked(self, process: Process, line: bytes, limit_s: float) -> bytes:
        """What the process answers to a line, or says by itself where the line is empty."""
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("the process was started without pipes")
        try:
            async with asyncio.timeout(limit_s):
                process.stdin.write(line)
                await process.stdin.drain()
                answer = await process.stdout.readline()
        except TimeoutError as error:
            _log.warning("no explanation within %g s: its process is ended", limit_s)
            raise ExplanationDelayedError(
                f"it was not found out within {limit_s:g} s: this machine is too busy"
            ) from error
        except ConnectionError as error:
            raise _died() from error
        except ValueError as error:
            raise ExplanationDelayedError(
                f"the process that explains answered over {LONGEST_LINE} bytes: it is started again"
            ) from error
        if not answer:
            raise _died()
        return answer

    async def _end_when_idle(self) -> None:
        await asyncio.sleep(self._limits.idle_s)
        await self._end()

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.returncode is None:
            process.kill()
        await process.wait()


def _died() -> ExplanationDelayedError:
    _log.warning("the process that explains posts ended by itself: what it printed says why")
    return ExplanationDelayedError("the process that explains died: the server's log says why")

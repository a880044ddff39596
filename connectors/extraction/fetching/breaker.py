"""Which hosts are left alone for a while, since they did not answer time after time.

A dead host would cost each batch that names it all the time that media have. Not for what an
answer says: a host that refuses answers, and costs nothing.
"""

import asyncio
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import aiohttp

from connectors.extraction.errors import AbsentReason, MediaError

FAILURES: Final = 3
"""In a row, until a host is left alone."""
FIRST_PAUSE_S: Final = 60.0
"""It doubles with each try that fails after it."""
LONGEST_PAUSE_S: Final = 900.0
BLAMED_AFTER_S: Final = 5.0
"""A request that was given up earlier says nothing of its host."""
MOST_HOSTS: Final = 10_000
"""Past it the host that failed first is forgotten: posts name hosts as they like."""


@dataclass(slots=True)
class _Failing:
    failures: int = 0
    pause_s: float = 0.0
    until_s: float = 0.0
    tried: bool = False


class Asked:
    """A request that is under way.

    Args:
        monotonic: seconds that never go back.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._waited_since_s = monotonic()

    def waited_s(self) -> float:
        """For how long its host has been waited for; nothing while something else is."""
        return self._monotonic() - self._waited_since_s

    @contextmanager
    def blameless(self) -> Iterator[None]:
        """Wait for something else than the host inside."""
        self._waited_since_s = math.inf
        yield
        self._waited_since_s = self._monotonic()


class HostBreaker:
    """Lets requests to hosts through, or refuses them.

    Args:
        monotonic: seconds that never go back.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._failing: dict[str, _Failing] = {}

    @contextmanager
    def asked(self, host: str) -> Iterator[Asked]:
        """Ask a host inside; what is raised there tells whether it answered.

        After a pause one request tries whether it does again.

        Raises:
            MediaError: host_fails, without asking.
        """
        trial = self._let_through(host)
        asked = Asked(self._monotonic)
        try:
            yield asked
        except MediaError:
            self._failing.pop(host, None)
            raise
        except (aiohttp.ClientError, OSError):
            self._failed(host)
            raise
        except asyncio.CancelledError:
            if asked.waited_s() >= BLAMED_AFTER_S:
                self._failed(host)
            raise
        else:
            self._failing.pop(host, None)
        finally:
            if trial is not None:
                trial.tried = False

    def _let_through(self, host: str) -> _Failing | None:
        """The host's failures where this request tries whether they are over."""
        found = self._failing.get(host)
        if found is None or not found.pause_s:
            return None
        if found.tried or self._monotonic() < found.until_s:
            raise MediaError(
                AbsentReason.HOST_FAILS,
                f"{host[:100]} did not answer {found.failures} times in a row",
            )
        found.tried = True
        return found

    def _failed(self, host: str) -> None:
        found = self._failing.setdefault(host, _Failing())
        found.failures += 1
        paused = self._monotonic() < found.until_s
        if found.failures >= FAILURES and not paused:
            found.pause_s = min(2 * found.pause_s or FIRST_PAUSE_S, LONGEST_PAUSE_S)
            found.until_s = self._monotonic() + found.pause_s
        if len(self._failing) > MOST_HOSTS:
            del self._failing[next(iter(self._failing))]

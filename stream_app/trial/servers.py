"""The servers of one run: existing ones where the environment names them, else own ones.

Not for servers that stay: `voxpop stack up` starts those.
"""

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

from pydantic import SecretStr

from deploy.local import LocalStack
from deploy.local.progress import Progress
from stream_app.settings import Settings
from stream_app.trial.ending import end_on_sigterm


class ServersNotNamedError(Exception):
    """The environment names one server of two."""


@contextlib.contextmanager
def trial_servers(folder: Path, name: str, progress: Progress) -> Iterator[Settings]:
    """Settings for one run, with a topic prefix that nobody else uses.

    Args:
        folder: for the data of own servers and of the workers; the caller's to remove.
        name: what the topic prefix begins with.
        progress: told while own servers start; they end with the context, by SIGTERM too.

    Raises:
        ServersNotNamedError: only one of VOXPOP_KAFKA and VOXPOP_REDIS is set.
        deploy.local.StackError: an own server does not start.
    """
    named = [each for each in ("VOXPOP_KAFKA", "VOXPOP_REDIS") if os.environ.get(each)]
    if len(named) == 1:
        raise ServersNotNamedError(
            f"only {named[0]} is set: set both VOXPOP_KAFKA and VOXPOP_REDIS, or neither"
        )
    own = {"topic_prefix": f"{name}-{uuid4().hex[:8]}-", "data_dir": folder}
    if named:
        yield Settings().model_copy(update=own)
        return
    end_on_sigterm()
    stack = LocalStack(folder / "stack")
    try:
        endpoints = stack.start(progress)
        named_here = {"kafka": endpoints.kafka, "redis": SecretStr(endpoints.redis)}
        yield Settings().model_copy(update={**own, **named_here})
    finally:
        with _uninterrupted():
            stack.stop()


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """While things are ended, which is bounded in time, no signal cuts in."""
    before = {
        number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

"""The failures of a run that a person can mend, each told in a line."""

import contextlib
from collections.abc import Iterator
from typing import Final

import redis.exceptions

from connectors.kafka.errors import KafkaConnectorError
from connectors.redis_problems import redis_problem
from connectors.trends.predictions import VerificationError
from deploy.local import StackError
from models.errors import CheckpointError, ModelError
from stream_app.cli.errors import CliError
from stream_app.trial.servers import ServersNotNamedError
from stream_app.trial.worker_process import WorkerFailedError

EXPECTED: Final = (
    CheckpointError,
    KafkaConnectorError,
    ModelError,
    ServersNotNamedError,
    StackError,
    VerificationError,
    WorkerFailedError,
    redis.exceptions.RedisError,
)


@contextlib.contextmanager
def told_in_a_line(*more: type[Exception]) -> Iterator[None]:
    """Turn the expected failures of the body, alone or in a group, into an error of the command.

    Args:
        more: what else is expected.

    Raises:
        CliError: one of them happened.
    """
    expected: tuple[type[Exception], ...] = (*EXPECTED, *more)
    caught: tuple[type[Exception], ...] = (*expected, ExceptionGroup)
    try:
        yield
    except caught as error:
        first = _first(error)
        if isinstance(first, redis.exceptions.RedisError):
            raise CliError(redis_problem(first)) from error
        if isinstance(first, expected):
            raise CliError(str(first)) from error
        raise


def _first(error: BaseException) -> BaseException:
    return _first(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error

"""What an operator is told of errors of Redis."""

import pytest
from redis import exceptions

from connectors.redis_problems import redis_problem

CERTIFICATE = "VOXPOP_REDIS_SSL_CERTFILE and VOXPOP_REDIS_SSL_KEYFILE"


def broken_off() -> exceptions.ConnectionError:
    """As redis-py says that the server ended a connection."""
    error = exceptions.ConnectionError("Error while reading")
    error.__cause__ = ConnectionResetError(104)
    return error


@pytest.mark.parametrize(("scheme", "told"), [("rediss", True), ("redis", False)])
def test_a_tls_connection_that_the_server_breaks_off_may_lack_a_certificate(
    scheme: str, told: bool
) -> None:
    said = redis_problem(broken_off(), f"{scheme}://redis.example:6379/1")
    assert (CERTIFICATE in said) == told
    assert "cannot be reached" in said


def test_of_a_server_that_is_not_there_no_certificate_is_asked_for() -> None:
    error = exceptions.ConnectionError("Error 111 connecting")
    assert CERTIFICATE not in redis_problem(error, "rediss://redis.example:6379/1")

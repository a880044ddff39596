"""What an error of Redis means to its operator: one line with the setting and the remedy.

Not for errors of posts or counts: those have their own words where they arise.
"""

from redis import exceptions

from connectors.tls import tls_problem, was_reset

START = "start one with `voxpop stack up`, or point VOXPOP_REDIS at yours"
# of a command; of one in a script, as Redis 7.0 says it; of a MULTI refused before its EXEC came
NOT_ALLOWED = (
    "no permissions",
    "No permissions",
    "executing the script can't",
    "EXEC without MULTI",
)
SCHEME = "rediss:// only where it speaks TLS"
TLS = "rediss://"
CERTIFICATE = (
    "where it asks for a client's certificate, name it in VOXPOP_REDIS_SSL_CERTFILE and "
    "VOXPOP_REDIS_SSL_KEYFILE"
)


def redis_problem(error: exceptions.RedisError, address: str = "") -> str:
    """Say what is wrong and what to do.

    Args:
        error: as redis-py raised it.
        address: where the server is, without user and password; empty where it is not known.
    """
    server = f"Redis at {address}" if address else "Redis"
    if isinstance(error, exceptions.AuthenticationError):
        return f"{server} refuses the user or the password: see VOXPOP_REDIS"
    if any(sign in str(error) for sign in NOT_ALLOWED):
        return (
            f"{server}: the user in VOXPOP_REDIS lacks a right ({error}); docs/security.md lists "
            "what each needs"
        )
    if why := tls_problem(error, "VOXPOP_REDIS"):
        return f"{server}: {why}"
    if isinstance(error, exceptions.TimeoutError):
        return f"{server} does not answer in time: {START}; {SCHEME}"
    if isinstance(error, exceptions.ConnectionError):
        asked = f"; {CERTIFICATE}" if address.startswith(TLS) and was_reset(error) else ""
        return f"{server} cannot be reached ({error}): {START}; {SCHEME}{asked}"
    return f"{server}: {error}"

"""What each user of Redis needs, and no more: rules for an ACL, and what a user lacks of them.

The one place that knows it; docs/security.md is written from here.
"""

from collections.abc import Mapping, Sequence
from typing import Final, Literal

import redis.asyncio

from connectors.redis_script import RedisScript, ScriptCall

Role = Literal["reader", "verifier", "worker"]

# asked by every client when it connects
CONNECTING: Final = ("client|setinfo", "select")
READING: Final = ("hgetall", "smembers")
# command -> what it may be called with, after its name and a key
COUNTING: Final[Mapping[str, Sequence[str]]] = {
    "expire": ("1",),
    "expireat": ("1",),
    "hget": ("f",),
    "hincrby": ("f", "1"),
    "hmget": ("f",),
    "hset": ("f", "v"),
    "lrange": ("0", "-1"),
    "ltrim": ("0", "-1"),
    "rpush": ("v",),
    "sadd": ("v",),
    "zadd": ("1", "v"),
    "zremrangebyscore": ("0", "1"),
}
SCRIPTING: Final = ("evalsha", "script|load", "time")

RIGHTS: Final[Mapping[Role, Sequence[str]]] = {
    "reader": (*CONNECTING, *READING),
    "verifier": (*CONNECTING, *READING, "exec", "multi", "time", "zrange"),
    "worker": (*CONNECTING, *COUNTING, *SCRIPTING, "info"),
}


def acl_rule(role: Role, namespace: str = "voxpop") -> str:
    """The rule of an ACL user: keys of one deployment, and the commands that its role calls.

    Args:
        role: what the user is for.
        namespace: first part of every key.
    """
    keys = "~" if role == "worker" else "%R~"  # others may only read
    commands = " ".join(f"+{command}" for command in sorted(RIGHTS[role]))
    return f"resetkeys resetchannels {keys}{namespace}:* -@all {commands}"


async def missing_for_worker(client: redis.asyncio.Redis, namespace: str) -> list[str]:
    """What the client's user may not do of what a worker does.

    Returns:
        Commands, by name; empty when nothing is missing.

    Raises:
        redis.exceptions.NoPermissionError: the user may not even run scripts.
        redis.exceptions.RedisError: Redis does not answer.
    """
    arguments: list[str | bytes | int] = []
    for command, following in COUNTING.items():
        words = [command.upper(), f"{namespace}:{{t}}:k", *following]
        arguments += [len(words), *words]
    for command in ("TIME", "INFO"):
        arguments += [1, command]
    (refused,) = await RedisScript(__package__, "rights.lua").run(
        client, [ScriptCall([], arguments)]
    )
    if not isinstance(refused, list):
        raise TypeError(f"rights.lua answered {refused!r}, not a list")
    return sorted(name.decode() for name in refused)

"""What each user of Redis needs, and no more: rules for an ACL, and what a user lacks of them.

The one place that knows it; docs/security.md is written from here. What scripts call is read from
the scripts. Not for Kafka: `connectors.kafka.rights`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final, Literal

import redis.asyncio

from connectors.redis_script import RedisScript, ScriptCall

Role = Literal["reader", "verifier", "rebuilder", "remover", "watcher", "worker"]


@dataclass(frozen=True, slots=True)
class _Work:
    """What a role does.

    Attributes:
        commands: it calls itself, with `|` before a subcommand.
        scripts: it runs, by package and file.
    """

    commands: Sequence[str]
    scripts: Sequence[tuple[str, str]] = ()


_SCRIPTING: Final = ("evalsha", "script|load")
_SELECT: Final = "select"  # for a database other than 0
WORK: Final[Mapping[Role, _Work]] = {
    "reader": _Work(
        (
            *(_SELECT, "get", "hget", "hgetall", "hmget", "lrange", "pfcount", "ping"),
            *("smembers", "zrevrange"),
        )
    ),
    "verifier": _Work((_SELECT, "exec", "get", "hgetall", "multi", "smembers", "time", "zrange")),
    "rebuilder": _Work(
        (
            *(_SELECT, *_SCRIPTING, "del", "exec", "get", "hgetall", "multi", "sadd", "smembers"),
            *("time", "zrange"),
        ),
        (
            ("connectors.trends", "merge_registers.lua"),
            ("connectors.trends", "raise_fences.lua"),
            ("connectors.trends", "repair.lua"),
            ("connectors.trends", "tell_apart.lua"),
        ),
    ),
    "remover": _Work(
        (
            *(_SELECT, "del", "expire", "hdel", "hgetall", "hmget", "smembers", "zadd", "zrem"),
            "zremrangebyscore",
        )
    ),
    "watcher": _Work(
        (
            *(_SELECT, *_SCRIPTING, "exec", "get", "hget", "hgetall", "hmget", "lindex", "lrem"),
            *("multi", "rpush", "smembers", "zadd", "zmscore", "zrange", "zremrangebyrank"),
        ),
        (
            ("connectors.alerts", "commit.lua"),
            ("connectors.alerts", "keep.lua"),
            ("connectors.alerts", "lease.lua"),
        ),
    ),
    "worker": _Work(
        (_SELECT, *_SCRIPTING, "hmget", "info", "lrange", "ping", "sadd", "zmscore"),
        (
            ("connectors.conversations", "fix.lua"),
            ("connectors.exemplars", "keep.lua"),
            ("connectors.trends", "apply.lua"),
        ),
    ),
}
WITHOUT_KEYS: Final = frozenset({"info", "ping", "time"})
# the question itself needs these; asked about an EVALSHA without arguments, Valkey 9.1 crashes
BY_ASKING: Final = frozenset({*_SCRIPTING, _SELECT})
WRITERS: Final[frozenset[Role]] = frozenset({"rebuilder", "remover", "watcher", "worker"})


@cache
def rights(role: Role) -> Sequence[str]:
    """The commands of a role, those in its scripts too, each once."""
    work = WORK[role]
    called = {name for script in work.scripts for name in _called(*script)}
    return sorted(called.union(work.commands))


def acl_rule(role: Role, namespace: str = "voxpop") -> str:
    """The rule of an ACL user: keys of one deployment, and the commands that its role calls.

    Args:
        role: what the user is for.
        namespace: first part of every key.
    """
    keys = f"~{namespace}:*" if role in WRITERS else f"%R~{namespace}:*"
    if role == "reader":  # `pfcount` keeps its estimate in the value, which counts as writing
        keys += f" ~{namespace}:*:conversations:* ~{namespace}:*:authors:*"
    commands = " ".join(f"+{command}" for command in rights(role))
    return f"resetkeys resetchannels {keys} -@all {commands}"


async def missing_for_worker(client: redis.asyncio.Redis, namespace: str) -> list[str]:
    """What the client's user may not do of what a worker does.

    Returns:
        Commands, by name; empty when nothing is missing.

    Raises:
        redis.exceptions.NoPermissionError: the user may not even run scripts.
        redis.exceptions.RedisError: Redis does not answer.
    """
    key = f"{namespace}:{{t}}:k"
    arguments: list[str | bytes | int] = []
    for command in rights("worker"):
        if command in BY_ASKING:
            continue
        words = [command.upper(), *([] if command in WITHOUT_KEYS else [key])]
        arguments += [len(words), *words]
    (refused,) = await RedisScript(__package__, "rights.lua").run(
        client, [ScriptCall([], arguments)]
    )
    if not isinstance(refused, list):
        raise TypeError(f"rights.lua answered {refused!r}, not a list")
    return sorted(name.decode() for name in refused)


def _called(package: str, name: str) -> set[str]:
    """The commands that a script calls."""
    text = files(package).joinpath(name).read_text(encoding="utf-8")
    return {command.lower() for command in re.findall(r"redis\.call\('([A-Z]+)'", text)}

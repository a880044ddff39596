"""A Lua script from a package file, run by its hash, many calls a round trip.

Not for what the scripts do: each stands beside the Python that calls it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha1
from importlib.resources import files

import redis.asyncio
from redis.exceptions import NoScriptError


@dataclass(frozen=True, slots=True)
class ScriptCall:
    """Keys and arguments of one call; its keys share one hash slot."""

    keys: Sequence[str | bytes]
    arguments: Sequence[str | bytes | int]


class RedisScript:
    """A script that may run again without another effect.

    Args:
        package: package that holds the file.
        name: name of the file.
    """

    def __init__(self, package: str, name: str) -> None:
        self._text = files(package).joinpath(name).read_text(encoding="utf-8")
        self._hash = sha1(self._text.encode(), usedforsecurity=False).hexdigest()

    async def run(self, client: redis.asyncio.Redis, calls: Sequence[ScriptCall]) -> list[object]:
        """Run the calls in order in one round trip; loads the script where it is missing.

        Returns:
            The answer to each call.

        Raises:
            redis.exceptions.RedisError: a call failed; others may have taken effect.
        """
        answers = await self._send(client, calls)
        missing = [at for at, answer in enumerate(answers) if isinstance(answer, NoScriptError)]
        if missing:
            await client.script_load(self._text)
            again = await self._send(client, [calls[at] for at in missing])
            for at, answer in zip(missing, again, strict=True):
                answers[at] = answer
        for answer in answers:
            if isinstance(answer, Exception):
                raise answer
        return answers

    async def _send(self, client: redis.asyncio.Redis, calls: Sequence[ScriptCall]) -> list[object]:
        async with client.pipeline(transaction=False) as pipeline:
            for call in calls:
                pipeline.evalsha(self._hash, len(call.keys), *call.keys, *call.arguments)
            return await pipeline.execute(raise_on_error=False)

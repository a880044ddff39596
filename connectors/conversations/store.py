"""State of a source partition in Redis: the last batch's intent and the conversations' windows.

One script call writes both, so that a window holds each post once, however often a batch is
tried. Not for what a record or an outcome means: both are bytes here.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import redis.asyncio

from connectors.conversations.source import SourcePartition
from connectors.redis_script import RedisScript, ScriptCall

DAY_S = 24 * 60 * 60
LARGEST_WINDOW = 4096


@dataclass(frozen=True, slots=True)
class Intent:
    """What a batch was decided to be, before any of it took effect elsewhere.

    Attributes:
        first: lowest offset of the batch.
        last: highest offset of the batch.
        outcomes: results of its posts, as the caller packed them.
    """

    first: int
    last: int
    outcomes: bytes


class PartitionStore:
    """Intents and windows, hash-tagged by source partition.

    Args:
        client: answers bytes; stays the caller's to close.
        namespace: first part of every key.
        window: posts kept of a conversation.
        idle_s: seconds without a post after which a conversation's window expires.

    Raises:
        ValueError: `window` is outside 1 to 4096, `idle_s` below 1, or the namespace holds a brace.
    """

    def __init__(
        self,
        client: redis.asyncio.Redis,
        *,
        namespace: str = "voxpop",
        window: int = 32,
        idle_s: int = 7 * DAY_S,
    ) -> None:
        if not 1 <= window <= LARGEST_WINDOW:
            raise ValueError(f"window is {window} posts: use 1 to {LARGEST_WINDOW}")
        if idle_s < 1:
            raise ValueError(f"idle_s is {idle_s}: keep windows for at least a second")
        if not set(namespace).isdisjoint("{}"):
            raise ValueError(f"namespace {namespace!r} holds a brace: it would move the hash tag")
        self._client = client
        self._namespace = namespace
        self._window = window
        self._idle_s = idle_s
        self._fix = RedisScript(__package__, "fix.lua")

    async def load_intent(self, partition: SourcePartition) -> Intent | None:
        """The intent fixed last in a partition, None before the first."""
        first, last, outcomes = await self._client.hmget(
            self.intent_key(partition), ["first", "last", "outcomes"]
        )
        if first is None or last is None or not isinstance(outcomes, bytes):
            return None
        return Intent(int(first), int(last), outcomes)

    async def fix(
        self,
        partition: SourcePartition,
        first: int,
        last: int,
        outcomes: bytes,
        appended: Mapping[str, Sequence[bytes]],
    ) -> bool:
        """Fix a batch's results and append its records to the windows, both or neither.

        Args:
            partition: where the batch came from.
            first: lowest offset of the batch.
            last: highest offset of the batch.
            outcomes: results of its posts, opaque.
            appended: conversation id -> records of its new posts, in conversation order.

        Returns:
            True: this call fixed it, or an identical call had done so before, whose answer was
            lost; the records were appended once. False: an offset from `first` on was fixed by
            another batch; nothing was written, so load that intent or stand down.

        Raises:
            ValueError: `last` is below `first` or `first` below 0.
            redis.exceptions.RedisError: Redis did not answer; calling again is safe.
        """
        if not 0 <= first <= last:
            raise ValueError(f"not a range of offsets: {first} to {last}")
        keys = [self.intent_key(partition)]
        arguments: list[str | bytes | int] = [first, last, outcomes, self._window, self._idle_s]
        for conversation_id, records in appended.items():
            if not records:
                continue
            keys.append(self._window_key(partition, conversation_id))
            arguments += [len(records), *records]
        (answer,) = await self._fix.run(self._client, [ScriptCall(keys, arguments)])
        return answer == 1

    async def windows(
        self, partition: SourcePartition, conversation_ids: Iterable[str]
    ) -> dict[str, list[bytes]]:
        """The records of conversations, oldest first, at most the window of when they were written.

        Args:
            partition: where their posts come from.
            conversation_ids: which; asked in one round trip.

        Returns:
            Conversation id -> records; empty where nothing is kept.
        """
        wanted = list(dict.fromkeys(conversation_ids))
        async with self._client.pipeline(transaction=False) as pipeline:
            for conversation_id in wanted:
                key = self._window_key(partition, conversation_id)
                pipeline.lrange(key, 0, -1)
            return dict(zip(wanted, await pipeline.execute(), strict=True))

    def intent_key(self, partition: SourcePartition) -> str:
        """Name of the hash that holds a partition's intent."""
        return f"{self._namespace}:{{{partition.field}}}:intent"

    def _window_key(self, partition: SourcePartition, conversation_id: str) -> str:
        return f"{self._namespace}:{{{partition.field}}}:window:{conversation_id}"

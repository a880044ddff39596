"""State of a source partition in Redis: the last batch's intent and the conversations' windows.

One script call writes both, so that a window holds each post once, however often a batch is
tried. Not for what a record or an outcome means: both are bytes here.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import redis.asyncio

from connectors.conversations.source import SourcePartition
from connectors.redis_answers import answers_of
from connectors.redis_script import RedisScript, ScriptCall

DAY_S = 24 * 60 * 60
LARGEST_WINDOW = 4096

Conversation = tuple[SourcePartition, str]  # where its posts come from, and its id


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


@dataclass(frozen=True, slots=True)
class BatchToFix:
    """What one source partition has in a batch, about to be fixed.

    Attributes:
        first: lowest offset.
        last: highest offset.
        outcomes: results of its posts, opaque.
        appended: conversation id -> records of its new posts, in conversation order.
        shed: keys of records that nobody looked into: the windows of those conversations are
            deleted, since they lack a post from now on.

    Raises:
        ValueError: `last` is below `first` or `first` below 0.
    """

    partition: SourcePartition
    first: int
    last: int
    outcomes: bytes
    appended: Mapping[str, Sequence[bytes]]
    shed: Collection[bytes] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.first <= self.last:
            raise ValueError(f"not a range of offsets: {self.first} to {self.last}")


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

    async def fix(self, batches: Sequence[BatchToFix]) -> list[bool]:
        """Fix results of batches and bring the windows up to date, both or neither of each.

        Args:
            batches: of different source partitions; asked in one round trip.

        Returns:
            Of each batch, True: this call fixed it, or an identical call had done so before, whose
            answer was lost; the records were appended once. False: an offset from `first` on was
            fixed by another batch; nothing of it was written, so load that intent or stand down.

        Raises:
            redis.exceptions.RedisError: Redis did not answer; calling again is safe.
        """
        answers = await self._fix.run(self._client, [self._call(batch) for batch in batches])
        return [answer == 1 for answer in answers]

    def _call(self, batch: BatchToFix) -> ScriptCall:
        keys: list[str | bytes] = [self.intent_key(batch.partition)]
        appended = {name: records for name, records in batch.appended.items() if records}
        arguments: list[str | bytes | int] = [batch.first, batch.last, batch.outcomes]
        arguments += [self._window, self._idle_s, len(appended)]
        for conversation_id, records in appended.items():
            keys.append(self._window_key(batch.partition, conversation_id))
            arguments += [len(records), *records]
        any_window = self._window_key(batch.partition, "").encode()
        keys += [any_window + key for key in batch.shed]
        return ScriptCall(keys, arguments)

    async def windows(self, wanted: Iterable[Conversation]) -> dict[Conversation, list[bytes]]:
        """The records of conversations, oldest first, at most the window of when they were written.

        Args:
            wanted: source partitions and ids; asked in one round trip.

        Returns:
            Conversation -> records; empty where nothing is kept.
        """
        each = list(dict.fromkeys(wanted))
        async with self._client.pipeline(transaction=False) as pipeline:
            for partition, conversation_id in each:
                pipeline.lrange(self._window_key(partition, conversation_id), 0, -1)
            return dict(zip(each, await answers_of(pipeline), strict=True))

    def intent_key(self, partition: SourcePartition) -> str:
        """Name of the hash that holds a partition's intent."""
        return f"{self._namespace}:{{{partition.field}}}:intent"

    def _window_key(self, partition: SourcePartition, conversation_id: str) -> str:
        return f"{self._namespace}:{{{partition.field}}}:window:{conversation_id}"

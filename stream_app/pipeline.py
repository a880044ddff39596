"""A batch from records to counts, in the order that makes the counts exact.

Results fixed -> predictions and dead letters delivered -> Redis applied -> done. Everything before
a partition's last fixed batch is done, so that batch alone has to be replayed after a crash, and
its results are read back rather than decided again.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Protocol

from connectors.conversations.source import SourcePartition
from connectors.schemas.post import DecodedPost
from connectors.schemas.prediction import Prediction, Source
from connectors.schemas.rejection import Reason
from stream_app.batch import Batch, Item
from stream_app.core.outcome import Outcome, Rejected, decode_outcomes, encode_outcomes
from stream_app.core.prediction import make_prediction
from stream_app.core.record import Record
from stream_app.core.scoring import ModelBroken, PoisonPost, PostToScore, ScoredPost, Scorer
from stream_app.core.windows import ConversationKey, Windows
from stream_app.exits import CannotGoOn, ExitCode
from stream_app.membership import Membership


class FixedBatch(Protocol):
    """The last batch of a partition whose results were fixed."""

    @property
    def first(self) -> int:
        """First offset."""

    @property
    def last(self) -> int:
        """Last offset."""

    @property
    def outcomes(self) -> bytes:
        """What `encode_outcomes` gave."""


class ConversationStore(Protocol):
    """Windows and the last fixed batch of each source partition."""

    async def fix(
        self,
        partition: SourcePartition,
        first: int,
        last: int,
        outcomes: bytes,
        appended: Mapping[str, Sequence[bytes]],
    ) -> bool:
        """Fix results and append to windows at once; False if these offsets were fixed before."""

    async def windows(
        self, partition: SourcePartition, conversation_ids: Sequence[str]
    ) -> dict[str, list[bytes]]:
        """Records of conversations, oldest first."""


class OutcomeOutputs(Protocol):
    """Topics for outcomes."""

    async def deliver(
        self, source: SourcePartition, outcomes: Mapping[int, Outcome], records: Sequence[Record]
    ) -> None:
        """Write outcomes and wait for the confirmation."""


class TrendCounts(Protocol):
    """Counts of the tracks."""

    async def apply(self, partition_field: str, posts: Sequence[Prediction]) -> object:
        """Count posts of one source partition, each once, in order of their offsets."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What a batch gave, for those who watch."""

    scored: int
    rejected: int
    replayed: int


class Pipeline:
    """Takes batches of owned partitions to their effects, one batch at a time.

    Args:
        scorer: scores posts; runs on the executor, never on the event loop.
        windows: the windows that the scorer uses.
        model_version: stamped on every prediction.
        clock: Unix seconds.
    """

    def __init__(
        self,
        *,
        scorer: Scorer,
        windows: Windows,
        model_version: str,
        store: ConversationStore,
        outputs: OutcomeOutputs,
        trends: TrendCounts,
        membership: Membership,
        executor: Executor,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._scorer = scorer
        self._windows = windows
        self._model_version = model_version
        self._store = store
        self._outputs = outputs
        self._trends = trends
        self._membership = membership
        self._executor = executor
        self._clock = clock
        self._began_s = 0.0
        self._sources: dict[int, SourcePartition] = {}
        self._fixed: dict[int, dict[int, Outcome]] = {}

    def assign(self, source: SourcePartition, fixed: FixedBatch | None) -> None:
        """Own a partition, with the results that are fixed already."""
        self._sources[source.partition] = source
        self._fixed[source.partition] = decode_outcomes(fixed.outcomes) if fixed else {}

    def revoke_all(self) -> None:
        """Own nothing."""
        self._sources.clear()
        self._fixed.clear()
        self._windows.clear()

    async def process(self, batch: Batch) -> Settled:
        """Take a batch to its effects.

        Raises:
            CannotGoOn: the worker must end; nothing is lost, the batch comes again.
        """
        self._began_s = self._membership.now_s()
        self._guard(batch)
        replayed: dict[int, dict[int, Outcome]] = {}
        fresh: list[Item] = []
        for item in batch.items:
            fixed = self._fixed[item.record.partition].pop(item.record.offset, None)
            if fixed is None:
                fresh.append(item)
            else:
                replayed.setdefault(item.record.partition, {})[item.record.offset] = fixed
        await self._settle(batch, replayed)
        decided = await self._decide(fresh, batch) if fresh else {}
        await self._settle(batch, decided)
        outcomes = [outcome for by_offset in decided.values() for outcome in by_offset.values()]
        rejected = sum(isinstance(outcome, Rejected) for outcome in outcomes)
        return Settled(len(outcomes) - rejected, rejected, len(batch.items) - len(outcomes))

    async def _decide(self, items: Sequence[Item], batch: Batch) -> dict[int, dict[int, Outcome]]:
        """Score what can be scored and fix all results, with the windows, in the store."""
        posts = [
            (item.record, item.content) for item in items if isinstance(item.content, DecodedPost)
        ]
        keys = [_key(record, post) for record, post in posts]
        await self._load_windows(keys)
        to_score = [
            PostToScore(key, post.features) for key, (_, post) in zip(keys, posts, strict=True)
        ]
        try:
            results = await asyncio.get_running_loop().run_in_executor(
                self._executor, self._scorer.score, to_score
            )
        except ModelBroken as broken:
            raise CannotGoOn(ExitCode.MODEL_BROKEN, str(broken)) from broken
        by_position = dict(zip((record.position for record, _ in posts), results, strict=True))
        decided: dict[int, dict[int, Outcome]] = {}
        appended: dict[int, dict[str, list[bytes]]] = {}
        for item in items:
            record = item.record
            result = by_position.get(record.position)
            decided.setdefault(record.partition, {})[record.offset] = self._outcome(item, result)
            if isinstance(result, ScoredPost) and isinstance(item.content, DecodedPost):
                conversations = appended.setdefault(record.partition, {})
                conversations.setdefault(item.content.conversation_id, []).append(result.record)
        self._guard(batch)
        for partition, outcomes in decided.items():
            await self._fix(partition, outcomes, appended.get(partition, {}))
        self._windows.shrink()
        return decided

    async def _fix(
        self,
        partition: int,
        outcomes: Mapping[int, Outcome],
        appended: Mapping[str, Sequence[bytes]],
    ) -> None:
        first, last = min(outcomes), max(outcomes)
        blob = encode_outcomes(outcomes)
        if not await self._store.fix(self._sources[partition], first, last, blob, appended):
            raise CannotGoOn(
                ExitCode.FENCED,
                f"results of partition {partition}, offsets {first}-{last}, were fixed by "
                "another worker",
            )

    async def _settle(self, batch: Batch, decided: Mapping[int, Mapping[int, Outcome]]) -> None:
        """Deliver and count outcomes; each step may be repeated after a crash."""
        if not decided:
            return
        self._guard(batch)
        await asyncio.gather(
            *(
                self._outputs.deliver(
                    self._sources[partition],
                    outcomes,
                    [
                        item.record
                        for item in batch.items
                        if item.record.partition == partition and item.record.offset in outcomes
                    ],
                )
                for partition, outcomes in decided.items()
            )
        )
        self._guard(batch)
        await asyncio.gather(
            *(
                self._trends.apply(
                    self._sources[partition].field,
                    [outcome for outcome in outcomes.values() if isinstance(outcome, Prediction)],
                )
                for partition, outcomes in decided.items()
            )
        )
        self._guard(batch)

    async def _load_windows(self, keys: Iterable[ConversationKey]) -> None:
        by_partition: dict[int, list[ConversationKey]] = {}
        for key in self._windows.missing(keys):
            by_partition.setdefault(key.partition, []).append(key)
        for partition, missing in by_partition.items():
            stored = await self._store.windows(
                self._sources[partition], [key.conversation_id for key in missing]
            )
            for key in missing:
                self._windows.load(key, stored.get(key.conversation_id, []))

    def _outcome(self, item: Item, result: ScoredPost | PoisonPost | None) -> Outcome:
        if isinstance(item.content, Rejected):
            return item.content
        if isinstance(result, ScoredPost):
            return self._prediction(item.record, item.content, result)
        detail = result.detail if result else "the post was not scored"
        return Rejected(Reason.POISON, detail, self._clock())

    def _prediction(self, record: Record, post: DecodedPost, scored: ScoredPost) -> Prediction:
        return make_prediction(
            post,
            scored,
            Source(
                topic=self._sources[record.partition].topic,
                partition=record.partition,
                offset=record.offset,
            ),
            self._model_version,
            self._clock(),
        )

    def _guard(self, batch: Batch) -> None:
        self._membership.check(batch.partitions(), batch.generation, self._began_s)


def _key(record: Record, post: DecodedPost) -> ConversationKey:
    return ConversationKey(record.partition, post.conversation_id)

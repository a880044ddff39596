"""Gives decisions their effects, in the order that makes counts exact.

Results fixed -> predictions and dead letters delivered -> Redis applied. Everything before a
partition's last fixed batch is done, so that batch alone has to be replayed after a crash, and
its results are read back rather than decided again.
"""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Protocol

from connectors.conversations.source import SourcePartition
from connectors.conversations.store import BatchToFix
from connectors.exemplars.store import Example
from connectors.schemas.post import DecodedPost
from connectors.schemas.prediction import Prediction
from stream_app.core.outcome import Outcome, decode_outcomes, encode_outcomes
from stream_app.core.record import Record
from stream_app.decisions import DecidedBatch, Decisions, FixedBatch
from stream_app.exits import CannotGoOn, ExitCode
from stream_app.membership import Membership
from stream_app.metrics import Applied, Metrics


class ResultStore(Protocol):
    """Results of the last batch of each source partition, and the windows they belong to."""

    async def fix(self, batches: Sequence[BatchToFix]) -> list[bool]:
        """Fix results and append to windows at once; False of those that were fixed before."""


class OutcomeOutputs(Protocol):
    """Topics for outcomes."""

    async def deliver(
        self, source: SourcePartition, outcomes: Mapping[int, Outcome], records: Sequence[Record]
    ) -> None:
        """Write outcomes and wait for the confirmation."""


class TrendCounts(Protocol):
    """Counts of the tracks."""

    async def apply(self, posts: Mapping[str, Sequence[Prediction]]) -> Applied:
        """Count posts, by `SourcePartition.field`: of each, once, in order of their offsets."""


class ExamplePosts(Protocol):
    """Example posts of the tracks."""

    async def keep(self, examples: Iterable[Example]) -> object:
        """Keep the best of them; again without effect."""


class Effects:
    """Concludes decided batches, one after another, in the order they were decided.

    Args:
        store: where results are fixed.
        outputs: where outcomes are delivered.
        trends: where predictions are counted.
        exemplars: where the best of them are kept as examples.
        membership: the guard before each effect.
        metrics: told how long they take.
    """

    def __init__(
        self,
        *,
        store: ResultStore,
        outputs: OutcomeOutputs,
        trends: TrendCounts,
        exemplars: ExamplePosts,
        membership: Membership,
        metrics: Metrics,
    ) -> None:
        self._store = store
        self._outputs = outputs
        self._trends = trends
        self._exemplars = exemplars
        self._membership = membership
        self._metrics = metrics

    async def conclude(self, decided: DecidedBatch) -> None:
        """Give a batch its effects; after a crash each may be repeated without another effect.

        Raises:
            CannotGoOn: the worker must end; nothing is lost, the batch comes again.
        """
        decisions = decided.decisions.values()
        replayed = {d.source: d.replayed for d in decisions if d.replayed}
        await self._settle(decided, replayed)
        self._tell(replayed, replayed=True)
        self._guard(decided)
        with self._metrics.stage("fix"):
            await self._fix([each for each in decisions if each.fresh])
        fresh = {d.source: d.fresh for d in decisions if d.fresh}
        await self._settle(decided, fresh)
        self._tell(fresh, replayed=False)

    async def count_again(self, source: SourcePartition, fixed: FixedBatch, before: int) -> None:
        """Count what Redis may have lost of the batch fixed last; what it has is not counted twice.

        Args:
            source: the partition.
            fixed: its batch fixed last.
            before: posts from this offset on are left to the batches to come.
        """
        outcomes = decode_outcomes(fixed.outcomes)
        done = {offset: outcome for offset, outcome in outcomes.items() if offset < before}
        await self._count({source: done})

    async def _fix(self, decisions: Sequence[Decisions]) -> None:
        batches = [
            BatchToFix(
                each.source,
                min(each.fresh),
                max(each.fresh),
                encode_outcomes(each.fresh),
                each.appended,
                each.shed,
            )
            for each in decisions
        ]
        fixed = await self._store.fix(batches)
        for batch, done in zip(batches, fixed, strict=True):
            if not done:
                raise CannotGoOn(
                    ExitCode.FENCED,
                    f"results of {batch.partition.field}, offsets {batch.first}-{batch.last}, were "
                    "fixed by another worker",
                )

    async def _settle(
        self, decided: DecidedBatch, outcomes: Mapping[SourcePartition, Mapping[int, Outcome]]
    ) -> None:
        if not outcomes:
            return
        self._guard(decided)
        with self._metrics.stage("deliver"):
            await asyncio.gather(
                *(
                    self._outputs.deliver(source, by_offset, _records(decided, source, by_offset))
                    for source, by_offset in outcomes.items()
                )
            )
        self._guard(decided)
        with self._metrics.stage("count"):
            await asyncio.gather(
                self._count(outcomes), self._exemplars.keep(_examples(decided, outcomes))
            )
        self._guard(decided)

    async def _count(self, outcomes: Mapping[SourcePartition, Mapping[int, Outcome]]) -> None:
        posts = {source.field: _predictions(by_offset) for source, by_offset in outcomes.items()}
        self._metrics.counted(await self._trends.apply(posts))

    def _tell(
        self, outcomes: Mapping[SourcePartition, Mapping[int, Outcome]], *, replayed: bool
    ) -> None:
        if outcomes:
            every = chain.from_iterable(by_offset.values() for by_offset in outcomes.values())
            self._metrics.concluded(every, replayed=replayed)

    def _guard(self, decided: DecidedBatch) -> None:
        batch = decided.batch
        self._membership.check(batch.partitions, batch.generation, decided.began_s)


def _records(
    decided: DecidedBatch, source: SourcePartition, outcomes: Mapping[int, Outcome]
) -> list[Record]:
    return [
        item.record
        for item in decided.batch.items
        if item.record.partition == source.partition and item.record.offset in outcomes
    ]


def _predictions(outcomes: Mapping[int, Outcome]) -> list[Prediction]:
    return [outcome for outcome in outcomes.values() if isinstance(outcome, Prediction)]


def _examples(
    decided: DecidedBatch, outcomes: Mapping[SourcePartition, Mapping[int, Outcome]]
) -> Iterator[Example]:
    """Posts with their texts, and where the windows of fresh ones stand.

    A replayed post's place was known before the crash.
    """
    by_partition = {source.partition: by_offset for source, by_offset in outcomes.items()}
    for item in decided.batch.items:
        record = item.record
        outcome = by_partition.get(record.partition, {}).get(record.offset)
        if isinstance(outcome, Prediction):
            text = item.content.text if isinstance(item.content, DecodedPost) else None
            decisions = decided.decisions[record.partition]
            yield Example(outcome, text, decisions.source, decisions.seen.get(record.offset))

"""Gives decisions their effects, in the order that makes counts exact.

Results fixed -> predictions and dead letters delivered -> Redis applied. Everything before a
partition's last fixed batch is done, so that batch alone has to be replayed after a crash, and
its results are read back rather than decided again.
"""

import asyncio
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Protocol

from connectors.conversations.source import SourcePartition
from connectors.exemplars.window_place import WindowPlace
from connectors.schemas.post import DecodedPost
from connectors.schemas.prediction import Prediction
from stream_app.core.outcome import Outcome, decode_outcomes, encode_outcomes
from stream_app.core.record import Record
from stream_app.decider import DecidedBatch, Decisions, FixedBatch
from stream_app.exits import CannotGoOn, ExitCode
from stream_app.membership import Membership
from stream_app.metrics import Applied, Metrics


class ResultStore(Protocol):
    """Results of the last batch of each source partition, and the windows they belong to."""

    async def fix(
        self,
        partition: SourcePartition,
        first: int,
        last: int,
        outcomes: bytes,
        appended: Mapping[str, Sequence[bytes]],
    ) -> bool:
        """Fix results and append to windows at once; False if these offsets were fixed before."""


class OutcomeOutputs(Protocol):
    """Topics for outcomes."""

    async def deliver(
        self, source: SourcePartition, outcomes: Mapping[int, Outcome], records: Sequence[Record]
    ) -> None:
        """Write outcomes and wait for the confirmation."""


class TrendCounts(Protocol):
    """Counts of the tracks."""

    async def apply(self, partition_field: str, posts: Sequence[Prediction]) -> Applied:
        """Count posts of one source partition, each once, in order of their offsets."""


class ExamplePosts(Protocol):
    """Example posts of the tracks."""

    async def keep(
        self,
        posts: Sequence[Prediction],
        texts: Mapping[int, str],
        windows: Mapping[int, WindowPlace],
    ) -> object:
        """Keep the best of them, with texts and windows by offset; again without effect."""


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
            await asyncio.gather(*(self._fix(each) for each in decisions if each.fresh))
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
        await self._count(source, done)

    async def _fix(self, decisions: Decisions) -> None:
        first, last = min(decisions.fresh), max(decisions.fresh)
        blob = encode_outcomes(decisions.fresh)
        if not await self._store.fix(decisions.source, first, last, blob, decisions.appended):
            raise CannotGoOn(
                ExitCode.FENCED,
                f"results of {decisions.source.field}, offsets {first}-{last}, were fixed by "
                "another worker",
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
                *(self._count(source, by_offset) for source, by_offset in outcomes.items()),
                *(
                    self._exemplars.keep(
                        _predictions(by_offset),
                        _texts(decided, source),
                        _windows(decided.decisions[source.partition]),
                    )
                    for source, by_offset in outcomes.items()
                ),
            )
        self._guard(decided)

    async def _count(self, source: SourcePartition, outcomes: Mapping[int, Outcome]) -> None:
        applied = await self._trends.apply(source.field, _predictions(outcomes))
        self._metrics.counted(applied)

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


def _windows(decisions: Decisions) -> dict[int, WindowPlace]:
    """Where the windows of fresh posts stand; a replayed one's place was known before the crash."""
    kept = {conversation: iter(posts) for conversation, posts in decisions.appended.items()}
    return {
        offset: WindowPlace.of(decisions.source, next(kept[outcome.conversation_id]))
        for offset, outcome in decisions.fresh.items()
        if isinstance(outcome, Prediction)
    }


def _texts(decided: DecidedBatch, source: SourcePartition) -> dict[int, str]:
    return {
        item.record.offset: item.content.text
        for item in decided.batch.items
        if item.record.partition == source.partition
        and isinstance(item.content, DecodedPost)
        and item.content.text
    }

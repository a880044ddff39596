"""The work of a worker that extracts: raw posts become posts with features; see `Work`.

A transaction holds what became of a batch's records of one partition and the offset behind them.
One that was not committed was never read, so that nothing has to be remembered between two.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Final, TypeVar

from connectors.conversations.source import SourcePartition
from connectors.extraction.errors import BY_DESIGN
from connectors.extraction.outcome import MediaFeatures, MediaOutcome
from connectors.schemas.post import RawPost
from stream_app.batch import Batch, Item
from stream_app.core.extraction import (
    Completed,
    Completion,
    Extracted,
    ExtractionOutcome,
    InNoTrack,
    Preparation,
    PreparedPost,
)
from stream_app.core.halving import ModelBroken
from stream_app.core.outcome import Rejected
from stream_app.core.record import Record
from stream_app.exits import CannotGoOn, ExitCode
from stream_app.extraction.decoder import RawDecoder
from stream_app.extraction.media import NOTHING
from stream_app.extraction.outputs import Decision, ExtractionOutputs
from stream_app.logs import at
from stream_app.membership import Membership
from stream_app.metrics import Metrics

log = logging.getLogger(__name__)

Given = TypeVar("Given")
Made = TypeVar("Made")
Position = tuple[int, int]
Ready = tuple[PreparedPost, MediaOutcome] | InNoTrack


@dataclass(frozen=True, slots=True)
class ExtractedBatch:
    """A batch with its outcomes.

    Attributes:
        decisions: partition -> its records in order, each with what becomes of it.
    """

    batch: Batch[RawPost]
    decisions: Mapping[int, Sequence[Decision]]


class Extraction:
    """Extracts batches.

    Args:
        decoder: reads the posts.
        preparation: decides what can be told before features are made; runs on the executor.
        completion: makes text features and envelopes; runs on the executor.
        media: makes features of audio and video, of several posts at once.
        outputs: where outcomes go.
        membership: the guard before each effect.
        executor: where work that takes time runs, one thing at a time.
        metrics: told of outcomes and how long they take.
    """

    commits: Final = True

    def __init__(
        self,
        *,
        decoder: RawDecoder,
        preparation: Preparation,
        completion: Completion,
        media: MediaFeatures,
        outputs: ExtractionOutputs,
        membership: Membership,
        executor: Executor,
        metrics: Metrics,
    ) -> None:
        self._decoder = decoder
        self._preparation = preparation
        self._completion = completion
        self._media = media
        self._outputs = outputs
        self._membership = membership
        self._executor = executor
        self._metrics = metrics
        self._sources: dict[int, SourcePartition] = {}
        self._ready: dict[Position, Ready] = {}
        self._begun: dict[Position, asyncio.Task[Ready]] = {}

    def decode(self, record: Record, now: float) -> Item[RawPost]:
        """The raw post of a record, or its rejection."""
        return self._decoder.decode(record, now)

    def begin(self, item: Item[RawPost]) -> "asyncio.Task[Ready] | None":
        """Begin to make features of a post's media, if it has any."""
        post = item.content
        if not isinstance(post, RawPost) or not post.media:
            return None
        task = asyncio.create_task(self._with_media(post))
        self._begun[item.record.position] = task
        return task

    async def take_over(self, source: SourcePartition, end: int) -> tuple[int, int] | None:
        """Shut out the partition's last owner; the group's commit then tells all that was done."""
        del end
        await self._outputs.own(source)
        return None

    async def resume(self, source: SourcePartition, start: int) -> None:
        """Go on: a transaction leaves nothing to be made good."""
        del start
        self._sources[source.partition] = source

    async def release(self) -> None:
        """Give the partitions up."""
        self._sources.clear()
        self._ready.clear()
        self._begun.clear()
        await self._outputs.disown()

    async def assemble(self, batch: Batch[RawPost]) -> None:
        """Find the tracks and languages of a batch's posts.

        Raises:
            CannotGoOn: the batch is not ours any more.
        """
        self._require_ours(batch)
        posts = {
            item.record.position: item.content
            for item in batch.items
            if isinstance(item.content, RawPost)
        }
        with self._metrics.stage("assemble"):
            texts = [place for place, post in posts.items() if not post.media]
            prepared = await self._elsewhere(self._prepared, [posts[place] for place in texts])
            self._ready |= zip(texts, map(_without_media, prepared), strict=True)
            for place, post in posts.items():
                if post.media:
                    task = _taken(self._begun, place)
                    self._ready[place] = await task

    async def decide(self, batch: Batch[RawPost]) -> ExtractedBatch:
        """Make the text features and the envelopes of a batch.

        Raises:
            CannotGoOn: the batch is not ours any more, or the encoder is broken.
        """
        self._require_ours(batch)
        found: dict[Position, ExtractionOutcome] = {}
        unfinished: dict[Position, tuple[PreparedPost, MediaOutcome]] = {}
        for item in batch.items:
            position = item.record.position
            ready = (
                item.content
                if isinstance(item.content, Rejected)
                else _taken(self._ready, position)
            )
            if isinstance(ready, tuple):
                unfinished[position] = ready
            else:
                found[position] = ready
        found |= zip(unfinished, await self._completed(list(unfinished.values())), strict=True)
        decisions: dict[int, list[Decision]] = {}
        for item in batch.items:
            record = item.record
            decisions.setdefault(record.partition, []).append((record, found[record.position]))
        return ExtractedBatch(batch, decisions)

    async def conclude(self, decided: ExtractedBatch) -> None:
        """Write a batch, each partition's part in a transaction with its offset.

        Raises:
            CannotGoOn: a partition is not ours any more, or Kafka did not commit.
        """
        batch = decided.batch
        self._require_ours(batch)
        sources = {partition: self._source(partition) for partition in decided.decisions}
        with self._metrics.stage("deliver"):
            await asyncio.gather(
                *(
                    self._outputs.write(sources[partition], decisions)
                    for partition, decisions in decided.decisions.items()
                )
            )
        for partition, decisions in decided.decisions.items():
            self._metrics.extracted(outcome for _, outcome in decisions)
            _tell_absent(sources[partition], decisions)

    def _require_ours(self, batch: Batch[RawPost]) -> None:
        """Spare work in vain. Its age does not matter: a transactional id has one owner."""
        self._membership.check(batch.partitions, batch.generation, self._membership.now_s())

    def _source(self, partition: int) -> SourcePartition:
        """A partition that was not given up since."""
        found = self._sources.get(partition)
        if found is None:
            raise CannotGoOn(ExitCode.PARTITION_LOST, f"partition {partition} was taken away")
        return found

    async def _with_media(self, post: RawPost) -> Ready:
        (prepared,) = await self._elsewhere(self._prepared, [post])
        if isinstance(prepared, InNoTrack):
            return prepared
        with self._metrics.stage("media"):
            return prepared, await self._media.features(prepared.media)

    def _prepared(self, posts: Sequence[RawPost]) -> list[PreparedPost | InNoTrack]:
        return [self._preparation.prepare(post) for post in posts]

    async def _completed(
        self, posts: Sequence[tuple[PreparedPost, MediaOutcome]]
    ) -> list[Completed]:
        try:
            with self._metrics.stage("infer"):
                return await self._elsewhere(self._completion.complete, posts)
        except ModelBroken as broken:
            raise CannotGoOn(ExitCode.MODEL_BROKEN, f"the text encoder: {broken}") from broken

    async def _elsewhere(
        self, work: Callable[[Sequence[Given]], list[Made]], given: Sequence[Given]
    ) -> list[Made]:
        """Work off the event loop."""
        if not given:
            return []
        return await asyncio.get_running_loop().run_in_executor(self._executor, work, given)


def _taken(found: dict[Position, Made], position: Position) -> Made:
    """What was begun or made of a post, unless its partition was given up since."""
    if position not in found:
        raise CannotGoOn(ExitCode.PARTITION_LOST, f"partition {position[0]} was taken away")
    return found.pop(position)


def _without_media(prepared: PreparedPost | InNoTrack) -> Ready:
    return (prepared, NOTHING) if isinstance(prepared, PreparedPost) else prepared


def _tell_absent(source: SourcePartition, decisions: Sequence[Decision]) -> None:
    for record, outcome in decisions:
        for modality, why in outcome.absent.items() if isinstance(outcome, Extracted) else ():
            level = logging.DEBUG if why in BY_DESIGN else logging.WARNING
            log.log(level, "no %s features: %s", modality, why, extra=at(source, record.offset))

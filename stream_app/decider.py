"""Decides what becomes of a batch: results fixed before a crash, else scored or rejected now.

Decisions have no effect outside this process; `effects` gives them theirs.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor, Future
from typing import Protocol

from connectors.conversations.source import SourcePartition
from connectors.conversations.store import Conversation
from connectors.schemas.author import AuthorHasher
from connectors.schemas.kept_post import kept_post
from connectors.schemas.post import DecodedPost
from connectors.schemas.prediction import Source
from connectors.schemas.rejection import Reason
from connectors.schemas.scoring import Features
from stream_app.batch import Batch, Item
from stream_app.core.halving import ModelBroken, PoisonPost
from stream_app.core.outcome import Outcome, Rejected, Shed, decode_outcomes
from stream_app.core.prediction import make_prediction
from stream_app.core.record import Record
from stream_app.core.scoring import PostToScore, ScoredPost, Scorer
from stream_app.core.windows import ConversationKey, Windows
from stream_app.decisions import DecidedBatch, Decisions, FixedBatch, ScoredBatch
from stream_app.exits import CannotGoOn, ExitCode
from stream_app.logs import at
from stream_app.membership import Membership
from stream_app.metrics import Metrics

log = logging.getLogger(__name__)

PostItem = Item[DecodedPost]
Records = Mapping[tuple[int, int], bytes]  # by partition and offset


class WindowStore(Protocol):
    """Windows of the conversations of each source partition."""

    async def windows(self, wanted: Iterable[Conversation]) -> dict[Conversation, list[bytes]]:
        """Records of conversations, oldest first."""


class Decider:
    """Scores and decides batches of owned partitions, in the order they come.

    Args:
        scorer: scores posts; runs on the executor, never on the event loop.
        windows: the windows that the scorer uses.
        model_version: stamped on every prediction.
        authors: hashes who wrote a post.
        stands_for: posts that each one which is scored counts for.
        store: windows that are not held.
        membership: says whether a batch is still ours.
        metrics: told how long it takes.
        executor: where the scorer scores, one batch at a time.
        encoder: where the scorer makes records of the batches behind it meanwhile.
        clock: Unix seconds.
    """

    def __init__(
        self,
        *,
        scorer: Scorer,
        windows: Windows,
        model_version: str,
        authors: AuthorHasher,
        stands_for: int,
        store: WindowStore,
        membership: Membership,
        executor: Executor,
        encoder: Executor,
        metrics: Metrics,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._scorer = scorer
        self._windows = windows
        self._model_version = model_version
        self._authors = authors
        self._stands_for = stands_for
        self._store = store
        self._membership = membership
        self._executor = executor
        self._encoder = encoder
        self._ahead = deque[tuple[Batch[DecodedPost], Future[Records]]]()
        self._metrics = metrics
        self._clock = clock
        self._sources: dict[int, SourcePartition] = {}
        self._fixed: dict[int, dict[int, Outcome]] = {}

    def assign(self, source: SourcePartition, fixed: FixedBatch | None) -> None:
        """Own a partition, with the results that are fixed already."""
        self._sources[source.partition] = source
        self._fixed[source.partition] = decode_outcomes(fixed.outcomes) if fixed else {}

    def revoke_all(self) -> None:
        """Own nothing; what is being decided has no effect any more."""
        self._sources = {}
        self._fixed.clear()
        for _, records in self._ahead:
            records.cancel()  # one that is under way goes its way, and nobody takes it
        self._ahead.clear()
        self._windows.clear()

    async def assemble(self, batch: Batch[DecodedPost]) -> None:
        """Read the windows that a batch needs and that are not held; its posts' records are begun.

        A window that is let go before the batch is decided is read again then; a record that the
        model fails to make is left to the scorer.

        Raises:
            CannotGoOn: the batch is not ours any more.
        """
        self._membership.check(batch.partitions, batch.generation, self._membership.now_s())
        self._owned(batch)
        posts = [
            (item.record, item.content)
            for item in batch.items
            if isinstance(item.content, DecodedPost)
        ]
        fresh = {  # what was fixed before is not scored
            record.position: post.features
            for record, post in posts
            if record.offset not in self._fixed[record.partition]
        }
        if fresh:
            self._ahead.append((batch, self._encoder.submit(self._encode, fresh)))
        await self._read_windows([_key(record, post) for record, post in posts])

    async def score(self, batch: Batch[DecodedPost]) -> ScoredBatch:
        """Score a batch; the windows held then contain its posts.

        Raises:
            CannotGoOn: the batch is not ours any more, or the model is broken.
        """
        began_s = self._membership.now_s()
        self._membership.check(batch.partitions, batch.generation, began_s)
        owned = self._owned(batch)
        decisions = {number: Decisions(owned[number]) for number in batch.partitions}
        undecided = []
        for item in batch.items:
            record = item.record
            fixed = self._fixed[record.partition].pop(record.offset, None)
            if fixed is None:
                undecided.append(item)
            else:
                decisions[record.partition].replayed[record.offset] = fixed
        results = await self._score(undecided, self._take_ahead(batch))
        if self._owned(batch) is not owned:  # its windows went while it was being scored
            raise _taken_away(batch)
        return ScoredBatch(batch, began_s, self._clock(), decisions, undecided, results)

    def decide(self, scored: ScoredBatch) -> DecidedBatch:
        """Decide a scored batch; that takes the event loop, and the model need not wait for it."""
        for item in scored.undecided:
            record = item.record
            result = scored.results.get(record.position)
            decided = scored.decisions[record.partition]
            decided.fresh[record.offset] = self._outcome(
                item, result, decided.source, scored.scored_at
            )
            if isinstance(result, ScoredPost) and isinstance(item.content, DecodedPost):
                window = decided.appended.setdefault(item.content.conversation_id, [])
                window.append(kept_post(result.record, result.sentiment))
                decided.seen[record.offset] = result.window
            elif isinstance(item.content, Shed) and record.key:
                decided.shed.add(record.key)
        return DecidedBatch(scored.batch, scored.began_s, scored.decisions)

    def _take_ahead(self, batch: Batch[DecodedPost]) -> Future[Records] | None:
        """What was begun for a batch, of those that are assembled the first."""
        if self._ahead and self._ahead[0][0] is batch:
            return self._ahead.popleft()[1]
        return None

    def _owned(self, batch: Batch[DecodedPost]) -> Mapping[int, SourcePartition]:
        """What is owned, the partitions of a batch among it.

        Raises:
            CannotGoOn: they are not.
        """
        if not self._sources.keys() >= batch.partitions:
            raise _taken_away(batch)
        return self._sources

    async def _score(
        self, items: Sequence[PostItem], ahead: Future[Records] | None
    ) -> dict[tuple[int, int], ScoredPost | PoisonPost]:
        posts = [
            (item.record, item.content) for item in items if isinstance(item.content, DecodedPost)
        ]
        if not posts:
            return {}
        keys = [_key(record, post) for record, post in posts]
        await self._load_windows(keys)  # those that were let go since the batch was assembled
        try:
            results = await asyncio.get_running_loop().run_in_executor(
                self._executor, self._score_encoded, keys, posts, ahead
            )
        except ModelBroken as broken:
            raise CannotGoOn(ExitCode.MODEL_BROKEN, str(broken)) from broken
        self._metrics.windows_let_go(self._windows.shrink())
        return dict(zip((record.position for record, _ in posts), results, strict=True))

    def _encode(self, posts: Mapping[tuple[int, int], Features]) -> Records:
        """Records of posts by partition and offset; on the encoder's thread."""
        with self._metrics.stage("encode"):
            records = self._scorer.encode(list(posts.values()))
        return {} if records is None else dict(zip(posts, records, strict=True))

    def _score_encoded(
        self,
        keys: Sequence[ConversationKey],
        posts: Sequence[tuple[Record, DecodedPost]],
        ahead: Future[Records] | None,
    ) -> list[ScoredPost | PoisonPost]:
        """Results of posts, as soon as their records are there; on the executor's thread.

        The event loop, which has much else to do, is not between the two: the model would wait.
        """
        records = {} if ahead is None else ahead.result()
        to_score = [
            PostToScore(key, post.features, records.get(record.position))
            for key, (record, post) in zip(keys, posts, strict=True)
        ]
        with self._metrics.stage("infer"):
            return self._scorer.score(to_score)

    async def _read_windows(self, keys: Sequence[ConversationKey]) -> None:
        with self._metrics.stage("assemble"):
            missing = await self._load_windows(keys)
        self._metrics.windows_read(len(set(keys)), missing)

    async def _load_windows(self, keys: Iterable[ConversationKey]) -> int:
        """Load windows that are not held; returns how many."""
        missing = {
            key: (self._sources[key.partition], key.conversation_id)
            for key in self._windows.missing(keys)
        }
        if missing:
            stored = await self._store.windows(missing.values())
            # what was loaded or scored while the store answered is newer than its answer
            for key in self._windows.missing(missing):
                self._windows.load(key, stored[missing[key]])
        return len(missing)

    def _outcome(
        self,
        item: PostItem,
        result: ScoredPost | PoisonPost | None,
        partition: SourcePartition,
        now: float,
    ) -> Outcome:
        if isinstance(item.content, Rejected | Shed):
            return item.content
        if isinstance(result, ScoredPost):
            source = Source(
                topic=partition.topic,
                partition=partition.partition,
                offset=item.record.offset,
            )
            author = self._authors.hashed(item.content.author_id)
            return make_prediction(
                item.content, result, source, self._model_version, now, author, self._stands_for
            )
        detail = result.detail if result else "the post was not scored"
        log.error(
            "the model fails on a post; it goes to the dead letters as poison, which say why",
            extra=at(partition, item.record.offset),
        )
        return Rejected(Reason.POISON, detail, now)


def _taken_away(batch: Batch[DecodedPost]) -> CannotGoOn:
    return CannotGoOn(
        ExitCode.PARTITION_LOST,
        f"partitions {sorted(batch.partitions)} were taken away before a batch was decided",
    )


def _key(record: Record, post: DecodedPost) -> ConversationKey:
    return ConversationKey(record.partition, post.conversation_id)

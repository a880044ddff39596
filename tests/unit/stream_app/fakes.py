"""Handwritten stand-ins for the model, Redis and Kafka, exact where it matters."""

import itertools
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import orjson

from connectors.conversations.source import SourcePartition
from connectors.conversations.store import BatchToFix, Conversation
from connectors.exemplars.store import Example
from connectors.schemas.prediction import Prediction
from connectors.schemas.scoring import Features, Score, WindowRequest
from connectors.trends.sink import Applied
from stream_app.core.outcome import Outcome
from stream_app.core.record import Record

STAMP = b"m"


def features(number: int) -> dict[str, "np.ndarray[tuple[int, ...], np.dtype[np.float32]]"]:
    return {"text": np.full((1, 384), number, np.float32)}


class FakeEngine:
    """Encodes a post as its number; its scores depend on the window, and on the call if told so.

    Args:
        poison: numbers of posts that break it.
        fickle: each call gives other labels, as a model with another batch shape may.

    Attributes:
        broken: it fails on everything.
        stumbles: how many of its next calls fail, whatever they are asked.
        sure: probability that it gives its label; the others stay as they are.
    """

    version = "fake-1"
    stamp = STAMP
    feature_set = "default@1"
    device = "cpu"

    def __init__(self, poison: Collection[int] = (), *, fickle: bool = False) -> None:
        self.poison = set(poison)
        self.broken = False
        self.stumbles = 0
        self.sure = 0.8
        self.seen: list[tuple[bytes, ...]] = []
        self._turn = itertools.count()
        self._fickle = fickle

    def encode(self, posts: Sequence[Features]) -> list[bytes]:
        numbers = [int(post["text"][0, 0]) for post in posts]
        if self.stumbles:
            self.stumbles -= 1
            raise RuntimeError("out of memory, for a moment")
        if self.broken or self.poison.intersection(numbers):
            raise RuntimeError(f"cannot encode {numbers}")
        return [STAMP + str(number).encode() for number in numbers]

    def score(self, windows: Sequence[WindowRequest]) -> list[list[Score]]:
        return [[self._score(request, t) for t in request.targets] for request in windows]

    def _score(self, request: WindowRequest, target: int) -> Score:
        self.seen.append(tuple(request.records[: target + 1]))
        label = next(self._turn) % 3 if self._fickle else len(self.seen[-1]) % 3
        sentiment = tuple(self.sure if i == label else 0.1 for i in range(3))
        return Score(sentiment, (0.4, *[0.1] * 6), (1.0, 0.0, 0.0))


class Crash(BaseException):
    """The process died here: no `except Exception` may settle it."""


@dataclass
class Faults:
    """Crashes before or after the n-th effect, or never."""

    at: int = -1
    after: bool = False
    count: int = 0
    watch: Callable[[int], None] | None = None

    def before_effect(self) -> None:
        self.count += 1
        if self.watch:
            self.watch(self.count)
        if self.count == self.at and not self.after:
            raise Crash

    def after_effect(self) -> None:
        if self.count == self.at and self.after:
            raise Crash


@dataclass(frozen=True)
class FakeIntent:
    first: int
    last: int
    outcomes: bytes


@dataclass
class FakeStore:
    """Windows and intents with the fence of the real script."""

    faults: Faults = field(default_factory=Faults)
    intents: dict[str, FakeIntent] = field(default_factory=dict)
    kept: dict[tuple[str, str], list[bytes]] = field(default_factory=dict)

    async def load_intent(self, partition: SourcePartition) -> FakeIntent | None:
        return self.intents.get(partition.field)

    async def fix(self, batches: Sequence[BatchToFix]) -> list[bool]:
        self.faults.before_effect()
        fixed = [self._fix(batch) for batch in batches]
        self.faults.after_effect()
        return fixed

    def _fix(self, batch: BatchToFix) -> bool:
        partition = batch.partition.field
        stored = self.intents.get(partition)
        if stored is not None and stored.last >= batch.first:
            return False
        self.intents[partition] = FakeIntent(batch.first, batch.last, batch.outcomes)
        for conversation, records in batch.appended.items():
            self.kept.setdefault((partition, conversation), []).extend(records)
        for key in batch.shed:
            self.kept.pop((partition, key.decode()), None)
        return True

    async def windows(self, wanted: Iterable[Conversation]) -> dict[Conversation, list[bytes]]:
        return {each: list(self.kept.get((each[0].field, each[1]), [])) for each in wanted}


@dataclass
class FakeOutputs:
    """Remembers every delivery by position, duplicates included."""

    faults: Faults = field(default_factory=Faults)
    delivered: dict[tuple[int, int], list[Outcome]] = field(default_factory=dict)

    async def deliver(
        self, source: SourcePartition, outcomes: Mapping[int, Outcome], records: Sequence[Record]
    ) -> None:
        assert [record.offset for record in records] == sorted(outcomes)
        self.faults.before_effect()
        for record in records:
            position = (source.partition, record.offset)
            self.delivered.setdefault(position, []).append(outcomes[record.offset])
        self.faults.after_effect()


@dataclass
class FakeTrends:
    """Counts posts by track and label behind a fence a track."""

    faults: Faults = field(default_factory=Faults)
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    fences: dict[tuple[str, str], int] = field(default_factory=dict)

    async def apply(self, posts: Mapping[str, Sequence[Prediction]]) -> Applied:
        self.faults.before_effect()
        counted = skipped = 0
        for partition_field, own in posts.items():
            for post in own:
                for track in post.tracks:
                    fence = (track, partition_field)
                    if post.source.offset > self.fences.get(fence, -1):
                        self.fences[fence] = post.source.offset
                        self.counts[track, post.sentiment.label] += 1
                        counted += 1
                    else:
                        skipped += 1
        self.faults.after_effect()
        return Applied(counted, skipped, late=0)


@dataclass
class FakeExemplars:
    """Remembers which posts it was offered, and the texts and windows that came with them."""

    offered: list[int] = field(default_factory=list)
    texts: dict[int, str] = field(default_factory=dict)
    windows: dict[int, Sequence[bytes]] = field(default_factory=dict)

    async def keep(self, examples: Iterable[Example]) -> object:
        for post, text, source, window in examples:
            offset = post.source.offset
            self.offered.append(offset)
            if text is not None:
                self.texts[offset] = text
            if source is not None and window is not None:
                self.windows[offset] = window[: post.window_posts]
        return None


def envelope(number: int, conversation: str, tracks: Sequence[str] = ("acme",)) -> bytes:
    """A valid post whose text features carry its number."""
    return orjson.dumps(
        {
            "schema_version": 1,
            "post_id": f"p{number}",
            "text": f"text {number}",
            "conversation_id": conversation,
            "platform": "test",
            "lang": "en",
            "created_at": 1_764_000_000.0 + number,
            "tracks": list(tracks),
            "feature_set": "default@1",
            "features": {"text": [[float(number)] * 384], "audio": None, "visual": None},
        }
    )


def post_record(number: int, partition: int = 0, conversation: str = "c") -> Record:
    """A record at the offset of its number."""
    return Record(
        partition, number, conversation.encode(), envelope(number, conversation), generation=1
    )


def broken_record(offset: int, partition: int = 0) -> Record:
    return Record(partition, offset, b"c", b"{", generation=1)


class FakeBroker:
    """A broker with one log a partition, and a consumer that can be told to misbehave."""

    def __init__(self, logs: Mapping[int, Sequence[int]]) -> None:
        self.logs = {partition: list(offsets) for partition, offsets in logs.items()}
        self.commits: dict[int, int] = {}
        self.commits_of = "id1"
        self.refused: dict[int, int] = {}
        self.takes_commits = True
        self.sought: list[tuple[int, int]] = []
        self.is_rebalancing = False
        self.current_generation = 1
        self.owned = frozenset(self.logs)
        self.incarnation = "id1"
        self.stays = 0
        self.read_past: dict[tuple[int, int], int] = {}
        self.in_open_transactions: dict[int, int] = {}
        self.sent_back: set[int] = set()

    def generation(self) -> int:
        return self.current_generation

    def assigned(self) -> frozenset[int]:
        return self.owned

    def rebalancing(self) -> bool:
        return self.is_rebalancing

    def stay(self) -> None:
        self.stays += 1

    def highwater(self, partition: int) -> int:
        log = self.logs[partition]
        return log[-1] + 1 if log else 0

    def unstable(self, partition: int) -> int:
        return self.in_open_transactions.get(partition, 0)

    def passed(self, partition: int, offset: int) -> int:
        return self.read_past.get((partition, offset), offset)

    def fallen(self, partition: int) -> bool:
        return partition in self.sent_back

    async def committed(self, partition: int, topic_id: str) -> int | None:
        return self.commits.get(partition) if topic_id == self.commits_of else None

    async def bounds(self, partitions: Collection[int]) -> dict[int, tuple[int, int]]:
        first = {p: log[0] if log else 0 for p, log in self.logs.items()}
        return {p: (first[p], self.highwater(p)) for p in partitions}

    async def first_available(self, partition: int, offset: int) -> int:
        return min(
            (o for o in self.logs[partition] if o >= offset), default=self.highwater(partition)
        )

    async def seek(self, partition: int, offset: int) -> None:
        self.sought.append((partition, offset))

    async def commit(self, offsets: Mapping[int, int], topic_id: str) -> bool:
        self.commits_of = topic_id
        (self.commits if self.takes_commits else self.refused).update(offsets)
        return self.takes_commits

    async def topic_id(self) -> str:
        return self.incarnation

"""A worker in virtual time: the decisions of `core.flow`, and the stages of `stream_app.worker`.

What the worker awaits is a process here, what it computes is work on cores. Not for what stages
mean: no post is decoded, scored or counted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import simpy

from stream_app.capacity.cores import Cores
from stream_app.capacity.costs import Costs
from stream_app.capacity.ledger import Ledger
from stream_app.capacity.simulated_model import SimulatedModel
from stream_app.capacity.simulated_servers import Posted, SimulatedKafka, SimulatedRedis
from stream_app.capacity.windows import Looked, SimulatedWindows
from stream_app.core.batching import MicroBatcher
from stream_app.core.flow import FETCH_RECORDS, FETCHES_WAITING, Flow, fetch_pause_s, portions

PARTITION_FETCH_BYTES: Final = 1024 * 1024  # Faust's consumer_max_fetch_size
LOOP: Final = "event loops"
OTHER_THREADS: Final = "other threads"
SETTLED: Final = 3  # stages that share what is left of the loop's part: fix, deliver, count
ROUNDING_S: Final = 1e-9  # a timer may come a rounding early

Work = simpy.events.ProcessGenerator


@dataclass(slots=True)
class SimulatedBatch:
    """A batch on its way.

    Attributes:
        pieces: source partitions.
        calls: track calls.
        looked: what its windows ask for.
        encoding: ends when its records are made.
    """

    posts: Sequence[Posted]
    pieces: int
    calls: int
    looked: Looked
    encoding: simpy.Process


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a worker lives among.

    Attributes:
        cores: of its machine.
        gpu: takes the models' part where there is one, a batch at a time.
        watched_s: how often somebody looks whether posts are visible; 0: at once.
    """

    clock: simpy.Environment
    cores: Cores
    kafka: SimulatedKafka
    redis: SimulatedRedis
    ledger: Ledger
    gpu: simpy.Resource | None = None
    watched_s: float = 0.0


class SimulatedWorker:
    """One worker with its partitions, and the process of its model.

    Args:
        around: clock, machine and servers.
        costs: of its work.
        batcher: forms batches.
        partitions: its own.
        windows: lengths of its conversations.
    """

    def __init__(
        self,
        around: Surroundings,
        costs: Costs,
        batcher: MicroBatcher[Posted],
        partitions: Sequence[int],
        windows: SimulatedWindows,
    ) -> None:
        self._around = around
        self._costs = costs
        self._partitions = list(partitions)
        self._windows = windows
        self._fetch_most = max(1, int(PARTITION_FETCH_BYTES / costs.post_wire_bytes))
        self.flow = Flow(batcher)
        clock = around.clock
        self._loop = simpy.Resource(clock)
        self._model = SimulatedModel(clock, around.cores, around.ledger, costs, around.gpu)
        self._channel = simpy.Store(clock, FETCHES_WAITING)
        self._assembled = simpy.Store(clock)
        self._decided = simpy.Store(clock)
        self._changed = clock.event()
        self._in_fetches = 0
        self._in_batches = 0
        for part in (self._fetch, self._offer, self._assemble, self._decide, self._conclude):
            clock.process(part())

    @property
    def in_hand(self) -> int:
        """Posts that it has fetched and not counted."""
        return self._in_fetches + len(self.flow) + self._in_batches

    def _fetch(self) -> Work:
        kafka, clock = self._around.kafka, self._around.clock
        while True:
            began_s = clock.now
            while not (fetched := self._take_from_kafka()):
                yield clock.any_of([kafka.came[number] for number in self._partitions])
            more = any(kafka.waiting[number] for number in self._partitions)
            yield clock.timeout(self._costs.fetch_trip_ms / 1000)  # what comes meanwhile is next
            posts = sum(map(len, fetched))
            brought = sum(len(list(portions(message))) for message in fetched)
            yield kafka.work(brought * self._costs.kafka_read_ms)
            consumer_ms = brought * self._costs.consumer_portion_ms
            consumer_ms += posts * self._costs.consumer_post_ms
            yield self._run(OTHER_THREADS, consumer_ms, 1.0)
            for message in fetched:
                yield self._channel.put(message)
            yield clock.timeout(fetch_pause_s(posts, more, clock.now - began_s))

    def _take_from_kafka(self) -> list[Sequence[Posted]]:
        """Messages of one fetch, one a partition; the next fetch begins with another partition."""
        fetched: list[Sequence[Posted]] = []
        left = FETCH_RECORDS
        for number in self._partitions:
            message = self._around.kafka.take(number, min(left, self._fetch_most))
            if message:
                fetched.append(message)
                left -= len(message)
            if not left:
                break
        self._partitions.append(self._partitions.pop(0))
        self._in_fetches += FETCH_RECORDS - left
        return fetched

    def _offer(self) -> Work:
        decode_ms = self._costs.loop_post_ms * self._costs.decode_share
        while True:
            message = yield self._channel.get()
            while not self.flow.has_room:
                yield self._changed
            for portion in portions(message):
                self._around.ledger.portions += 1
                yield from self._on_loop(self._costs.loop_portion_ms + len(portion) * decode_ms)
                self._in_fetches -= len(portion)
                self.flow.add(portion, self._around.clock.now)
                self._tell()

    def _tell(self) -> None:
        self._changed.succeed()
        self._changed = self._around.clock.event()

    def _next_batch(self) -> Work:
        clock = self._around.clock
        while True:
            due_in_s = self.flow.due_in_s(clock.now)
            if due_in_s is not None and due_in_s <= ROUNDING_S:
                break
            timers = [] if due_in_s is None else [clock.timeout(due_in_s)]
            yield clock.any_of([self._changed, *timers])
        posts, _ = self.flow.take()
        self._in_batches += len(posts)
        self._tell()
        return posts

    def _assemble(self) -> Work:
        while True:
            posts = yield from self._next_batch()
            yield from self._on_loop(0.0)
            batch = self._begin(posts)
            if batch.looked.read:
                yield from self._ask_redis(batch.looked.read * self._costs.redis_read_ms)
            yield self._assembled.put(batch)

    def _begin(self, posts: Sequence[Posted]) -> SimulatedBatch:
        """Look at a batch's windows, and let the model begin with its records."""
        whole = Looked()
        called: set[int] = set()
        for post in posts:
            looked = self._windows.look(post.conversation)
            whole.context += looked.context
            whole.rebuilt += looked.rebuilt
            whole.read += looked.read
            called.update(post.tracks)
        pieces = len({post.partition for post in posts})
        encoding = self._around.clock.process(self._model.encode(len(posts)))
        return SimulatedBatch(posts, pieces, len(called), whole, encoding)

    def _decide(self) -> Work:
        clock, costs = self._around.clock, self._costs
        while True:
            batch = yield self._assembled.get()
            yield batch.encoding
            began_s = clock.now
            ask_ms = costs.ask_batch_ms + len(batch.posts) * costs.ask_post_ms
            yield self._run(OTHER_THREADS, ask_ms, 1.0)
            yield from self._model.score(len(batch.posts), batch.looked)
            self._around.ledger.infer_ms += 1000 * (clock.now - began_s)
            yield from self._on_loop(0.0)
            yield self._decided.put(batch)

    def _conclude(self) -> Work:
        clock, costs, kafka = self._around.clock, self._costs, self._around.kafka
        while True:
            batch = yield self._decided.get()
            posts = len(batch.posts)
            predict_ms = posts * costs.loop_post_ms * costs.predict_share
            effects_ms = (
                costs.loop_batch_ms
                + batch.pieces * costs.loop_piece_ms
                + posts * costs.loop_post_ms * (1 - costs.decode_share - costs.predict_share)
            ) / SETTLED
            yield from self._on_loop(predict_ms + effects_ms)
            yield from self._ask_redis(
                batch.pieces * costs.redis_piece_ms + posts * costs.redis_post_ms / 2
            )
            yield from self._on_loop(effects_ms)
            yield kafka.work(batch.pieces * costs.kafka_piece_ms)
            yield clock.timeout(costs.kafka_trip_ms / 1000)
            yield from self._on_loop(effects_ms + batch.calls * costs.loop_call_ms)
            yield from self._ask_redis(
                batch.calls * costs.redis_call_ms + posts * costs.redis_post_ms / 2
            )
            self.flow.let_go()
            self._in_batches -= posts
            self._tell()
            self._count(batch)

    def _count(self, batch: SimulatedBatch) -> None:
        around = self._around
        seen_s = around.clock.now
        if around.watched_s:
            seen_s = -(-seen_s // around.watched_s) * around.watched_s
        around.ledger.latencies_ms += [
            1000 * (seen_s - post.appended_s) for post in batch.posts if post.judged
        ]
        around.ledger.concluded(around.clock.now, len(batch.posts), batch.pieces, batch.calls)

    def _ask_redis(self, work_ms: float) -> Work:
        clock, trip_s = self._around.clock, self._costs.redis_trip_ms / 1000
        yield clock.timeout(trip_s / 2)
        yield from self._around.redis.work(work_ms)
        yield clock.timeout(trip_s / 2)

    def _on_loop(self, work_ms: float) -> Work:
        """A callback of the event loop: it waits for those before it and runs to its end."""
        with self._loop.request() as turn:
            yield turn
            yield self._run(LOOP, work_ms, self._costs.loop_locked)

    def _run(self, whose: str, work_ms: float, locked: float) -> simpy.Event:
        self._around.ledger.used(whose, work_ms)
        return self._around.cores.run(work_ms, self, locked)

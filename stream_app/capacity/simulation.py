"""Runs a load through simulated workers in virtual time: the same seed gives the same result.

Not for what a load needs: that is `plan`.
"""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import log
from random import Random
from typing import Final

import simpy

from stream_app.capacity.arrivals import arrival_times
from stream_app.capacity.conversations import Conversations, NextPost
from stream_app.capacity.cores import Cores
from stream_app.capacity.costs import Costs
from stream_app.capacity.ledger import Ledger, Moment
from stream_app.capacity.load import Load
from stream_app.capacity.outcome import Outcome
from stream_app.capacity.shape import states_kept
from stream_app.capacity.simulated_producer import SimulatedProducer
from stream_app.capacity.simulated_servers import Posted, SimulatedKafka, SimulatedRedis
from stream_app.capacity.simulated_worker import SimulatedWorker, Surroundings, Work
from stream_app.capacity.windows import SimulatedWindows
from stream_app.core.batching import MicroBatcher
from stream_app.core.windows import WINDOWS_HELD
from stream_app.trial.percentiles import percentiles

STEADY: Final = (0.1, 0.9)  # of a backlog, what is judged, as `benchmarks.steady` does
SENDING_EVERY_S: Final = 0.005  # how often a producer wakes and sends what is due
DRAIN_S: Final = 60.0  # of virtual time after the last post
PRODUCER: Final = "producer and watcher"
LONGEST_S: Final = 86_400.0  # of virtual time, whatever happens


@dataclass(frozen=True, slots=True)
class Place:
    """Where a load runs.

    Attributes:
        cores: of the workers' machine.
        together: whether Kafka, Redis and producer take the same cores, as on one machine.
        states_mib: memory of a worker for states.
        windows: conversations whose window a worker holds.
        gpus: that the workers share; 0: the model runs on the cores.
        redis_slowed: see `SimulatedRedis`.
        begun: conversations that are live when the run begins; as long as live ones are.
        watch_s: how often fences are looked at; 0: nobody looks.
    """

    cores: float = 2.0
    together: bool = True
    states_mib: float = 1024.0
    windows: int = WINDOWS_HELD
    gpus: int = 0
    redis_slowed: float = 1.0
    begun: int = 0
    watch_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Simulated:
    """What came of a simulated run.

    Attributes:
        sent: posts given to who produces them.
        counted: posts whose last effect is done.
        waiting: posts in Kafka, in fetches, waiting or in a batch, when the run was over.
        lag: posts appended and not counted when the last post came.
        behind_s: seconds from the last post until all were counted, or until it was given up.
        gpu_busy: share of the GPUs' time.
        mean_ms: that a judged post waited from append to counted; 0 where none came at a rate.
    """

    outcome: Outcome
    sent: int
    counted: int
    waiting: int
    lag: int
    behind_s: float
    gpu_busy: float
    mean_ms: float


class _Scene:
    """Everything of one run."""

    def __init__(self, load: Load, costs: Costs, place: Place, seed: int) -> None:
        self.load, self.costs, self.place = load, costs, place
        self.clock = simpy.Environment()
        self.ledger = Ledger()
        self.cores = Cores(self.clock, place.cores)
        servers = self.cores if place.together else Cores(self.clock, float("inf"))
        self.kafka = SimulatedKafka(self.clock, servers, costs, self.ledger, load.partitions)
        self.redis = SimulatedRedis(self.clock, servers, self.ledger, place.redis_slowed)
        self.producer = simpy.Resource(self.clock)
        self.servers = servers
        self.conversations = Conversations(load, seed, place.begun)
        self.seed = seed
        self.sent = 0
        self.ended_s = 0.0
        self.lag = 0
        gpu = simpy.Resource(self.clock, place.gpus) if place.gpus else None
        around = Surroundings(
            self.clock, self.cores, self.kafka, self.redis, self.ledger, gpu, place.watch_s
        )
        states = states_kept(place.states_mib, costs, load.window)
        stored = lengths_of_live(load.conversing.new_share, place.begun, seed)
        self.workers = [
            SimulatedWorker(
                around,
                costs,
                MicroBatcher[Posted](load.batch_max, load.batch_wait_s),
                range(number, load.partitions, load.workers),
                SimulatedWindows(load.window, place.windows, states, stored),
            )
            for number in range(min(load.workers, load.partitions))
        ]

    def waiting(self) -> int:
        """Posts appended that are in Kafka or in a worker's hands."""
        in_hand = sum(worker.in_hand for worker in self.workers)
        return in_hand + sum(map(len, self.kafka.waiting))

    def append(self, posts: Iterable[tuple[NextPost, bool]]) -> None:
        """Posts reach Kafka now; beside each whether it is judged."""
        for post, judged in posts:
            self.kafka.append(
                Posted(self.clock.now, post.conversation, post.partition, post.tracks, judged)
            )

    def next_posts(self, count: int) -> list[NextPost]:
        """So many posts that are sent now."""
        self.sent += count
        return [self.conversations.next_post() for _ in range(count)]


def lengths_of_live(new_share: float, conversations: int, seed: int) -> list[int]:
    """Posts of conversations that are live: geometric, as `Conversations` makes them."""
    random = Random(seed)  # noqa: S311 - no secret
    if new_share >= 1:
        return [1] * conversations
    going_on = log(1 - new_share)
    return [1 + int(log(1 - random.random()) / going_on) for _ in range(conversations)]


def simulate(load: Load, costs: Costs, place: Place, seed: int = 1) -> Simulated:
    """Run a load to its end, or until posts of a rate are `DRAIN_S` behind.

    Args:
        load: what is asked.
        costs: what it costs.
        place: where it runs.
        seed: of arrivals and conversations.
    """
    scene = _Scene(load, costs, place, seed)
    if load.rate is None:
        scene.append((post, False) for post in scene.next_posts(load.posts))
        first, last = (share * load.posts for share in STEADY)
    else:
        scene.clock.process(_send(scene, load.rate))
        first = last = 0.0
    if place.together:
        scene.clock.process(scene.kafka.idle())
    if place.watch_s:
        scene.clock.process(_watch(scene))
    _run_to_the_end(scene)
    ends = _posts_between(scene, first, last) if load.rate is None else _seconds_between(scene)
    return _result(scene, *ends)


def _run_to_the_end(scene: _Scene) -> None:
    clock, load = scene.clock, scene.load
    to_come = load.posts if load.rate is None else -1
    while True:
        clock.run(until=clock.now + 0.25)
        if load.rate is None:
            over = scene.ledger.counted >= to_come
        else:
            over = scene.ended_s > 0 and scene.ledger.counted >= scene.sent
        too_late = scene.ended_s > 0 and clock.now > scene.ended_s + DRAIN_S
        if over or too_late or clock.now > LONGEST_S:
            return


def _send(scene: _Scene, rate: float) -> Work:
    load, costs, clock = scene.load, scene.costs, scene.clock
    seconds = load.settling_s + load.seconds
    times = arrival_times(load.arrivals, rate, seconds, scene.seed)
    producer = SimulatedProducer(clock, scene.kafka, costs, scene.append)
    for wakes_s, posts in _due(times, scene.place.together):
        if wakes_s > clock.now:
            yield clock.timeout(wakes_s - clock.now)
        judged = clock.now >= load.settling_s
        if scene.place.together:
            with scene.producer.request() as turn:
                yield turn
                yield from _produce(scene, posts * costs.producer_post_ms)
            producer.send(scene.next_posts(posts), judged)
        else:
            clock.process(_arrive(scene, scene.next_posts(posts), judged))
    scene.ended_s = clock.now
    scene.lag = scene.sent - scene.ledger.counted


def _due(times: Iterable[float], together: bool) -> Iterator[tuple[float, int]]:
    """When a producer sends, and how many: one wakes now and then, many send when posts come."""
    if not together:
        yield from ((at_s, 1) for at_s in times)
        return
    for tick, due in itertools.groupby(times, lambda at_s: int(at_s / SENDING_EVERY_S)):
        yield (tick + 1) * SENDING_EVERY_S, sum(1 for _ in due)


def _arrive(scene: _Scene, posts: Sequence[NextPost], judged: bool) -> Work:
    """Each of many producers sends its post by itself."""
    yield scene.clock.timeout(scene.costs.linger_ms / 1000)
    yield scene.kafka.work(len(posts) * scene.costs.kafka_append_ms)
    scene.append((post, judged) for post in posts)


def _produce(scene: _Scene, work_ms: float) -> Work:
    scene.ledger.used(PRODUCER, work_ms)
    yield scene.cores.run(work_ms)


def _watch(scene: _Scene) -> Work:
    while True:
        yield scene.clock.timeout(scene.place.watch_s)
        with scene.producer.request() as turn:
            yield turn
            yield from _produce(scene, scene.costs.producer_poll_ms)
        yield from scene.redis.work(scene.costs.redis_poll_ms)


def _posts_between(scene: _Scene, first: float, last: float) -> tuple[Moment, Moment]:
    moments = scene.ledger.moments
    begin = next(each for each in moments if each.counted >= first)
    return begin, next(each for each in moments if each.counted >= last)


def _seconds_between(scene: _Scene) -> tuple[Moment, Moment]:
    """From the end of settling to the last post."""
    moments = [each for each in scene.ledger.moments if each.at_s <= scene.ended_s]
    nothing = Moment(0.0, 0, {})
    settled = [each for each in moments if each.at_s <= scene.load.settling_s]
    return (settled or [nothing])[-1], (moments or [nothing])[-1]


def _result(scene: _Scene, begin: Moment, end: Moment) -> Simulated:
    ledger = scene.ledger
    passed_s = max(end.at_s - begin.at_s, 1e-9)
    posts = max(end.counted - begin.counted, 1)
    used = {whose: spent - begin.used_ms.get(whose, 0.0) for whose, spent in end.used_ms.items()}
    on_gpu = used.pop("GPU", 0.0)
    outcome = Outcome(
        rate=(end.counted - begin.counted) / passed_s,
        core_ms={whose: spent / posts for whose, spent in used.items()},
        busy=sum(used.values()) / (1000 * passed_s * scene.place.cores),
        latency_ms=percentiles(ledger.latencies_ms) if scene.load.rate is not None else {},
        batch=ledger.counted / max(1, ledger.batches),
        pieces=ledger.pieces / max(1, ledger.batches),
        calls=ledger.calls / max(1, ledger.batches),
        portions=ledger.portions / max(1, ledger.batches),
        infer_ms=ledger.infer_ms / max(1, ledger.batches),
    )
    return Simulated(
        outcome=outcome,
        sent=scene.sent,
        counted=ledger.counted,
        waiting=scene.waiting(),
        lag=scene.lag,
        behind_s=max(0.0, (ledger.moments[-1].at_s if ledger.moments else 0.0) - scene.ended_s),
        gpu_busy=on_gpu / (1000 * passed_s * max(1, scene.place.gpus)),
        mean_ms=sum(ledger.latencies_ms) / max(1, len(ledger.latencies_ms)),
    )

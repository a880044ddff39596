"""One run: servers, workers, a flow of known posts, faults, drain, judgement.

Not for which runs there are: that is `plan`.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Final

from connectors.kafka.connection import KafkaConnection
from connectors.kafka.topics import create_topics, voxpop_topics
from tests.chaos.crew import Crew
from tests.chaos.evidence import gather_evidence
from tests.chaos.faults.base import Fault
from tests.chaos.feed import Feed
from tests.chaos.findings import Verdict
from tests.chaos.judge import judge
from tests.chaos.model import MODEL_MS
from tests.chaos.points import FOLDER, Action, Points
from tests.chaos.posts import PATTERNS, Ledger, PostMaker, features
from tests.chaos.rigging import WITHOUT
from tests.chaos.scene import SESSION_S, Scene
from tests.chaos.servers import Servers, running_servers
from tests.chaos.telltale import TelltaleEngine

GROUP: Final = "voxpop"
PREFIX: Final = "chaos-"
PROBES: Final = 60
DRAIN_WITHIN_S: Final = 120.0
GONE_WITHIN_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Setup:
    """What a run is made of.

    Attributes:
        name: for the table.
        faults: struck one after another, each once the last one's effects are over.
        workers: at the beginning.
        partitions: of the topics.
        brokers: 1, or 3 with as many copies of each topic.
        per_s: posts a second while the faults strike.
        first: posts that lie in Kafka before the first worker starts.
        model_ms: how long the model takes for a post.
        armed: points that are armed before the first worker starts.
        without: guards that the workers do without.
        small_disk: `kafka` or `valkey`, where that one's disk is to become full.
    """

    name: str
    faults: Sequence[Fault]
    workers: int = 2
    partitions: int = 4
    brokers: int = 1
    per_s: float = 100.0
    first: int = 200
    model_ms: float = 0.0
    armed: Mapping[str, Action] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    small_disk: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """A run and its judgement.

    Attributes:
        posts: records that the pipeline had to account for.
        recoveries_s: for each fault, in order.
        exits: how often workers ended by which exit code, -9 for a SIGKILL.
        stops_s: how long polite stops took.
        found: figures that a fault measured.
    """

    name: str
    seed: int
    faults: Sequence[str]
    posts: int
    verdict: Verdict
    recoveries_s: Sequence[float]
    exits: Mapping[int, int]
    stops_s: Sequence[float]
    found: Mapping[str, object]

    def document(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


async def run(setup: Setup, seed: int, folder: Path) -> Outcome:
    """Do a run on servers of its own.

    Args:
        setup: what it is made of.
        seed: of everything that is random in it.
        folder: for servers, workers and logs; must not exist.

    Returns:
        What was found; an effect that did not come in time is something stuck.
    """
    await asyncio.to_thread(folder.mkdir, parents=True)
    async with (
        running_servers(folder, setup.brokers, setup.small_disk) as servers,
        _scene(setup, seed, folder, servers) as scene,
    ):
        scene.write_model("telltale-1")
        await scene.feed.send(setup.first)
        for point, action in setup.armed.items():
            scene.points.arm(point, action)
        for _ in range(setup.workers):
            scene.crew.join()
        try:
            await _play(setup, scene)
        except TimeoutError as error:  # what did not come is as bad as what came wrong
            scene.stuck.append(str(error) or "an effect did not come in time")
            await scene.feed.end()
        evidence = await gather_evidence(
            scene.kafka, servers.valkey.connection, PREFIX, scene.group, scene.stuck
        )
        verdict = judge(scene.ledger.due(), evidence, _records(folder), scene.terms)
        return Outcome(
            name=setup.name,
            seed=seed,
            faults=[
                *(f"{action} {point}, in the first batch" for point, action in setup.armed.items()),
                *(fault.name for fault in setup.faults),
            ],
            posts=len(scene.ledger.due()),
            verdict=verdict,
            recoveries_s=scene.recoveries_s,
            exits=dict(sorted(scene.crew.exits.items())),
            stops_s=[stop.seconds for stop in scene.crew.stops],
            found=scene.found,
        )


async def _play(setup: Setup, scene: Scene) -> None:
    """Strike, drain, probe and stop."""
    async with _background(scene.crew.supervise()):
        await scene.ready(setup.workers)
        scene.feed.start()
        for fault in setup.faults:
            await fault.strike(scene)
            await scene.recover()
        await scene.feed.stop()
        if scene.ledger.unplaced:
            scene.stuck.append(f"{len(scene.ledger.unplaced)} posts never reached Kafka")
        await scene.feed.send(PROBES)  # whoever is stuck takes none of these
        await scene.done_up_to(await scene.ends(), DRAIN_WITHIN_S)
        await scene.crew.stop_all()
        await _see_that_nothing_is_left(scene)
    scene.stuck += [
        f"{stop.name}: SIGTERM took {stop.seconds} s, exit code {stop.code}"
        for stop in scene.crew.stops
        if not stop.clean
    ]


async def _see_that_nothing_is_left(scene: Scene) -> None:
    """A model must end with its worker, however that ended."""

    async def gone() -> bool:
        return not scene.crew.left()

    if not await scene.until(gone, GONE_WITHIN_S):
        scene.stuck.append(f"processes {scene.crew.left()} outlive their workers")


@contextlib.asynccontextmanager
async def _scene(setup: Setup, seed: int, folder: Path, servers: Servers) -> AsyncIterator[Scene]:
    kafka = KafkaConnection(servers.kafka.bootstrap_servers)
    await _create_topics(setup, kafka)
    control = folder / "points"
    control.mkdir()
    environment = {
        "VOXPOP_KAFKA": kafka.bootstrap_servers,
        "VOXPOP_REDIS": servers.redis_url,
        "VOXPOP_TOPIC_PREFIX": PREFIX,
        "VOXPOP_GROUP": GROUP,
        "VOXPOP_MODEL": str(folder / "model"),
        "VOXPOP_SESSION_TIMEOUT_S": str(SESSION_S),
        FOLDER: str(control),
        MODEL_MS: str(setup.model_ms),
        WITHOUT: ",".join(setup.without),
    }
    random = Random(seed)
    ledger = Ledger()
    posts = PostMaker(Random(random.random())).posts()
    crew = Crew(environment, folder / "workers")
    try:
        yield Scene(
            servers=servers,
            kafka=kafka,
            prefix=PREFIX,
            group=PREFIX + GROUP,
            environment=environment,
            crew=crew,
            points=Points(control),
            feed=Feed(kafka, PREFIX + "posts", posts, ledger, setup.per_s),
            ledger=ledger,
            random=random,
            folder=folder,
        )
    finally:
        crew.end()


async def _create_topics(setup: Setup, kafka: KafkaConnection) -> None:
    copies = 3 if setup.brokers >= 3 else 1
    await create_topics(kafka, voxpop_topics(PREFIX, setup.partitions, copies))


def _records(folder: Path) -> dict[int, list[bytes]]:
    """Pattern -> what each model of the run makes of it, in the order of their versions."""
    posts = [features(number) for number in range(PATTERNS)]
    of_each = [TelltaleEngine(file).encode(posts) for file in sorted(folder.glob("model-*"))]
    return {number: [records[number] for records in of_each] for number in range(PATTERNS)}


@contextlib.asynccontextmanager
async def _background(work: Coroutine[None, None, None]) -> AsyncIterator[None]:
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

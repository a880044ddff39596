"""Runs the peers and Voxpop in turn on the same posts. Not for what a peer does: see its module."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks.machine import this_machine
from benchmarks.peers.catalogue import FORMS, PEERS, VOXPOP, Form, Peer
from benchmarks.peers.figures import Figures
from benchmarks.peers.latency import paced_rate
from benchmarks.peers.measurement import Measurement, Outcome, Reference, measurement
from benchmarks.peers.measuring import measure_peer, measure_voxpop, pace_voxpop
from benchmarks.peers.packages import InstallError, install
from benchmarks.peers.share import Share, part_of, whole_of
from benchmarks.posts import SimulatedStream
from deploy.local.progress import Progress
from stream_app.settings import Settings
from stream_app.trial.servers import trial_servers

SHARE: Final = 8
SECONDS: Final = 15.0


@dataclass(frozen=True, slots=True)
class _Program:
    """A peer in one form, its posts, and its packages or why they are not there."""

    peer: Peer
    form: Form
    posts: Share
    packages: Path | InstallError | None


@dataclass(frozen=True, slots=True)
class _Run:
    """What one run gave; the peers in the order of the programs."""

    voxpop: Reference
    peers: Sequence[Outcome]


def run(
    posts: int,
    runs: int,
    progress: Progress,
    seconds: float = SECONDS,
    peers: Sequence[Peer] = PEERS,
    share: int = SHARE,
    conversations: int | None = None,
) -> Figures:
    """Measure, in each run Voxpop's rate, every peer, and Voxpop's latency at the peers' rates.

    Args:
        posts: in the backlog.
        runs: of each program.
        progress: told how far it is.
        seconds: how long posts come at each steady rate, see `judged_seconds`.
        peers: which ones.
        share: eager forms get one of so many posts.
        conversations: see `SimulatedStream`.
    """
    machine = this_machine()
    stream = SimulatedStream(posts, progress, conversations)
    whole = whole_of(stream, posts)
    shares: Mapping[Form, Share] = {"engine": whole, "eager": part_of(stream, whole, share)}
    programs = _programs(peers, shares, Settings().data_dir / "peers", progress)
    done: list[_Run] = []
    with (
        TemporaryDirectory(prefix="voxpop-bench-") as folder,
        trial_servers(Path(folder), "bench", progress) as settings,
    ):
        steps, total = count(), runs * (len(programs) + 2)

        def step() -> None:
            progress("Measuring", next(steps), total)

        for number in range(runs):
            prefix = f"{settings.topic_prefix}{number}-"
            own = settings.model_copy(update={"topic_prefix": prefix, "group": f"{prefix}voxpop"})
            done.append(_one_run(programs, whole, own, seconds, Path(folder) / str(number), step))
        step()
        version = settings.load_engine().version
    measured = _measurements(programs, posts, done)
    return Figures(machine, version, posts, share, settings.window, seconds, measured)


def _one_run(
    programs: Sequence[_Program],
    whole: Share,
    settings: Settings,
    seconds: float,
    folder: Path,
    step: Callable[[], None],
) -> _Run:
    step()
    voxpop = asyncio.run(measure_voxpop(settings, whole, folder / "voxpop"))
    peers: list[Outcome] = []
    for each in programs:
        step()
        peers.append(_outcome(each, settings, seconds, folder))
    step()
    rates = [paced_rate(each.rate) for each in peers if each.rate is not None]
    reference = asyncio.run(
        pace_voxpop(settings, whole, voxpop, rates, seconds, folder / "voxpop-paced")
    )
    return _Run(reference, peers)


def _outcome(program: _Program, settings: Settings, seconds: float, folder: Path) -> Outcome:
    peer, packages = program.peer, program.packages
    if isinstance(packages, InstallError):
        return Outcome(failure=str(packages))
    return asyncio.run(
        measure_peer(peer, program.form, settings, program.posts, seconds, packages, folder)
    )


def _measurements(
    programs: Sequence[_Program], posts: int, runs: Sequence[_Run]
) -> list[Measurement]:
    references = [each.voxpop for each in runs]
    own = [each.own() for each in references]
    return [
        measurement(VOXPOP.title, "worker", posts, VOXPOP.promises, own, references),
        *(
            measurement(
                each.peer.title,
                each.form,
                len(each.posts.backlog),
                each.peer.promises,
                [one.peers[index] for one in runs],
                references,
            )
            for index, each in enumerate(programs)
        ),
    ]


def _programs(
    peers: Sequence[Peer], shares: Mapping[Form, Share], folder: Path, progress: Progress
) -> list[_Program]:
    found: list[_Program] = []
    for done, peer in enumerate(peers):
        progress("Installing peers", done, len(peers))
        packages: Path | InstallError | None
        try:
            packages = install(peer.name, folder)
        except InstallError as error:
            packages = error
        found += [_Program(peer, form, shares[form], packages) for form in FORMS]
    progress("Installing peers", len(peers), len(peers))
    return found

"""Runs the peers and Voxpop in turn on the same posts. Not for what a peer does: see its module."""

import asyncio
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks.machine import this_machine
from benchmarks.peers.catalogue import FORMS, PEERS, VOXPOP, Form, Peer
from benchmarks.peers.figures import Figures, Outcome, measurement
from benchmarks.peers.measuring import Backlog, measure_peer, measure_voxpop, send
from benchmarks.peers.packages import InstallError, install
from benchmarks.posts import WirePost, simulated_posts
from deploy.local.progress import Progress
from stream_app.settings import Settings
from stream_app.trial.servers import trial_servers

SHARE: Final = 8


@dataclass(frozen=True, slots=True)
class _Program:
    """A peer in one form, with its packages or why they are not there."""

    peer: Peer
    form: Form
    packages: Path | InstallError | None


def run(
    posts: int,
    runs: int,
    progress: Progress,
    peers: Sequence[Peer] = PEERS,
    share: int = SHARE,
    conversations: int | None = None,
) -> Figures:
    """Measure, every program once in each run, Voxpop first.

    Args:
        posts: in the backlog.
        runs: of each program.
        progress: told how far it is.
        peers: which ones.
        share: eager forms get one of so many posts.
        conversations: see `simulated_posts`.
    """
    machine = this_machine()
    backlog = simulated_posts(posts, progress, conversations)
    programs = _programs(peers, Settings().data_dir / "peers", progress)
    voxpop: list[Outcome] = []
    outcomes: list[list[Outcome]] = [[] for _ in programs]
    with (
        TemporaryDirectory(prefix="voxpop-bench-") as folder,
        trial_servers(Path(folder), "bench", progress) as settings,
    ):
        total = runs * (1 + len(programs))
        for number in range(runs):
            prefix = f"{settings.topic_prefix}{number}-"
            own = settings.model_copy(update={"topic_prefix": prefix, "group": f"{prefix}voxpop"})
            where = Path(folder) / str(number)
            done = number * (1 + len(programs))
            progress("Measuring", done, total)
            whole, part = asyncio.run(_send_both(own, backlog, share))
            voxpop.append(asyncio.run(measure_voxpop(own, whole, where / "voxpop")))
            for index, each in enumerate(programs):
                progress("Measuring", done + 1 + index, total)
                posts_of_it = part if each.form == "eager" else whole
                outcomes[index].append(_outcome(each, own, posts_of_it, where))
        progress("Measuring", total, total)
        version = settings.load_engine().version
    sizes = {"eager": len(part.posts), "engine": len(whole.posts)}
    measured = [
        measurement(VOXPOP.title, "worker", len(backlog), VOXPOP.promises, voxpop, voxpop),
        *(
            measurement(
                each.peer.title, each.form, sizes[each.form], each.peer.promises, own, voxpop
            )
            for each, own in zip(programs, outcomes, strict=True)
        ),
    ]
    return Figures(machine, version, len(backlog), share, settings.window, measured)


def _programs(peers: Sequence[Peer], folder: Path, progress: Progress) -> list[_Program]:
    found: list[_Program] = []
    for done, peer in enumerate(peers):
        progress("Installing peers", done, len(peers))
        packages: Path | InstallError | None
        try:
            packages = install(peer.name, folder)
        except InstallError as error:
            packages = error
        found += [_Program(peer, form, packages) for form in FORMS]
    progress("Installing peers", len(peers), len(peers))
    return found


def _outcome(program: _Program, settings: Settings, backlog: Backlog, folder: Path) -> Outcome:
    if isinstance(program.packages, InstallError):
        return Outcome(None, None, str(program.packages))
    return asyncio.run(
        measure_peer(program.peer, program.form, settings, backlog, program.packages, folder)
    )


async def _send_both(
    settings: Settings, backlog: Sequence[WirePost], share: int
) -> tuple[Backlog, Backlog]:
    """The whole backlog, and whole conversations of it with a part of its posts."""
    whole = await send(settings, "posts", backlog)
    return whole, await send(settings, "posts.part", part_of(backlog, share))


def part_of(backlog: Sequence[WirePost], share: int) -> list[WirePost]:
    """Posts of whole conversations, at least one of `share` of all, so that windows are as long.

    Args:
        backlog: all posts.
        share: one of so many is wanted.
    """
    sizes: dict[bytes, int] = {}
    for each in backlog:
        sizes[each.key] = sizes.get(each.key, 0) + 1
    wanted = -(-len(backlog) // share)
    chosen: set[bytes] = set()
    for key in sorted(sizes, key=zlib.crc32):  # by no property of a conversation
        if sum(sizes[each] for each in chosen) >= wanted:
            break
        chosen.add(key)
    return [each for each in backlog if each.key in chosen]

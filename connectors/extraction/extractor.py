"""Features of a post's media: fetched where they are only named, decoded, put together.

Not for posts or topics: whoever reads those hands in the media.
"""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from connectors.extraction.decoding.decoder import DecoderLimits
from connectors.extraction.decoding.pool import DecoderPool
from connectors.extraction.errors import AbsentReason, MediaError
from connectors.extraction.fetching.downloader import Downloader, FetchLimits
from connectors.extraction.outcome import MediaOutcome
from connectors.extraction.signatures import require_kind
from connectors.schemas.feature_sets import DEFAULT
from connectors.schemas.media import Media

AUDIO: Final = "audio"
VISUAL: Final = "visual"

logger = logging.getLogger(__name__)

Found = NDArray[np.float32] | MediaError


@dataclass(frozen=True, slots=True)
class MediaOptions:
    """How media are read.

    Attributes:
        fetch: limits of downloads; None: none is made.
        decode: limits of decoders.
        held: media in memory at once, from the request to the features.
    """

    fetch: FetchLimits | None = None
    decode: DecoderLimits = field(default_factory=DecoderLimits)
    held: int = 16


class MediaExtractor:
    """Makes features of media (`MediaFeatures`). A context manager.

    Several posts may be asked for at once; the limits hold for all together.

    Args:
        options: how.
    """

    def __init__(self, options: MediaOptions) -> None:
        self._decoders = DecoderPool(options.decode)
        self._downloader = Downloader(options.fetch) if options.fetch else None
        self._held = asyncio.Semaphore(options.held)
        self._open = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Open what it uses."""
        await self._open.enter_async_context(self._decoders)
        if self._downloader is not None:
            await self._open.enter_async_context(self._downloader)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None = None,
        value: BaseException | None = None,
        trace: TracebackType | None = None,
    ) -> None:
        """End the decoders and close every connection."""
        await self._open.aclose()

    async def features(self, media: Sequence[Media]) -> MediaOutcome:
        """See `MediaFeatures`.

        Raises:
            OSError: no process for decoders can be begun on this machine.
        """
        found = await asyncio.gather(*map(self._found, media))
        return put_together(media, found)

    async def _found(self, media: Media) -> Found:
        try:
            async with self._held:
                data = await self._bytes(media)
                return await self._decoders.decode(media.kind, data)
        except MediaError as error:
            logger.debug("media: %s", error)
            return error

    async def _bytes(self, media: Media) -> bytes:
        data = media.held_bytes()
        if data is not None:
            require_kind(media.kind, data)
            return data
        if self._downloader is None or media.url is None:
            raise MediaError(AbsentReason.FETCHING_OFF, "VOXPOP_MEDIA=fetch turns it on")
        return await self._downloader.fetch(media.kind, media.url)


def put_together(media: Sequence[Media], found: Sequence[Found]) -> MediaOutcome:
    """One window a modality, or the first reason why there is none.

    Audio is of the first recording that gives it, since one step a post is what models are
    trained on. Pictures and films follow one another as steps, in the order of the post.

    Args:
        media: of one post.
        found: what came of each.
    """
    features: dict[str, NDArray[np.float32]] = {}
    absent: dict[str, str] = {}
    for modality in (AUDIO, VISUAL):
        own = [each for one, each in zip(media, found, strict=True) if _modality(one) == modality]
        windows = [each for each in own if not isinstance(each, MediaError)]
        if windows:
            steps = windows[0] if modality == AUDIO else np.concatenate(windows)
            features[modality] = steps[: DEFAULT.max_steps[modality]]
        elif own:
            absent[modality] = next(each.reason for each in own if isinstance(each, MediaError))
    if AUDIO not in features and any(one.kind == "video" for one in media):
        absent.setdefault(AUDIO, AbsentReason.SOUND_OF_VIDEO)
    return MediaOutcome(features, absent)


def _modality(media: Media) -> str:
    return AUDIO if media.kind == "audio" else VISUAL

"""Features of a post's media: fetched where they are only named, decoded, put together.

Not for posts or topics: whoever reads those hands in the media.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from types import TracebackType
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from connectors.extraction.decoding.decoder import DecoderLimits
from connectors.extraction.decoding.pool import DecoderPool
from connectors.extraction.decoding.protocol import Decoding
from connectors.extraction.errors import AbsentReason, MediaError
from connectors.extraction.fetching.downloader import Downloader, FetchLimits, Room
from connectors.extraction.outcome import MediaOutcome
from connectors.extraction.signatures import require_kind
from connectors.schemas.feature_sets import DEFAULT
from connectors.schemas.media import Media, MediaKind

AUDIO: Final = "audio"
VISUAL: Final = "visual"
DECODINGS: Final[Mapping[MediaKind, Mapping[str, Decoding]]] = {
    "audio": {AUDIO: "audio"},
    "image": {VISUAL: "image"},
    "video": {VISUAL: "video", AUDIO: "sound_of_video"},
}
"""What features of each modality are made by, of a medium that can give any."""

logger = logging.getLogger(__name__)

Found = NDArray[np.float32] | MediaError


@dataclass(frozen=True, slots=True)
class MediaOptions:
    """How media are read.

    Attributes:
        fetch: limits of downloads; None: none is made.
        decode: limits of decoders.
        held: media in memory at once, from the first byte of a body to the features.
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
        return put_together(found)

    async def _found(self, media: Media) -> Mapping[str, Found]:
        """By each modality that it could give."""
        decodings = DECODINGS[media.kind]
        async with AsyncExitStack() as held:
            try:
                data = await self._bytes(media, partial(held.enter_async_context, self._held))
            except MediaError as error:
                logger.debug("media: %s", error)
                return dict.fromkeys(decodings, error)
            return {name: await self._decoded(each, data) for name, each in decodings.items()}

    async def _decoded(self, decoding: Decoding, data: bytes) -> Found:
        try:
            return await self._decoders.decode(decoding, data)
        except MediaError as error:
            logger.debug("media: %s", error)
            return error

    async def _bytes(self, media: Media, room: Room) -> bytes:
        data = media.held_bytes()
        if data is not None:
            require_kind(media.kind, data)
            await room()
            return data
        if self._downloader is None or media.url is None:
            raise MediaError(AbsentReason.FETCHING_OFF, "VOXPOP_MEDIA=fetch turns it on")
        return await self._downloader.fetch(media.kind, media.url, room)


def put_together(found: Sequence[Mapping[str, Found]]) -> MediaOutcome:
    """One window a modality, or the first reason why there is none.

    Audio is of the first recording or film that gives it, since one step a post is what models
    are trained on. Pictures and films follow one another as steps, in the order of the post.

    Args:
        found: what came of each medium of a post, by modality.
    """
    features: dict[str, NDArray[np.float32]] = {}
    absent: dict[str, str] = {}
    for modality in (AUDIO, VISUAL):
        own = [each[modality] for each in found if modality in each]
        windows = [each for each in own if not isinstance(each, MediaError)]
        if windows:
            steps = windows[0] if modality == AUDIO else np.concatenate(windows)
            features[modality] = steps[: DEFAULT.max_steps[modality]]
        elif own:
            absent[modality] = next(each.reason for each in own if isinstance(each, MediaError))
    return MediaOutcome(features, absent)

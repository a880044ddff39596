"""Media of posts, of several posts at a time and none for ever.

Not for fetching or measuring them: `connectors.extraction` does that. Nor for what waits behind a
post: that is `core.lanes`.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

from connectors.extraction.errors import AbsentReason
from connectors.extraction.extractor import DECODINGS
from connectors.extraction.outcome import MediaFeatures, MediaOutcome
from connectors.schemas.media import Media

LIMIT_S: Final = 20.0
"""Media of a post that take longer from their turn on are absent: posts behind it in its partition
wait, as long as it waits for its turn and 20 s more."""
AT_ONCE: Final = 64
"""Posts with pictures alone: they take milliseconds, so that most of these wait for an answer."""
HEAVY_AT_ONCE: Final = 8
"""Posts with sounds and films, for each decoder: they take a second or two each, and all of these
must be through within the limit."""
NOTHING: Final = MediaOutcome({}, {})


class MediaTurns:
    """Makes features of posts in turn (`MediaFeatures`), as they were asked for.

    Args:
        media: makes features of one post's media.
        decoders: processes that decode.
        limit_s: when a post's media are given up, seconds from its turn on.
    """

    def __init__(self, media: MediaFeatures, decoders: int, limit_s: float = LIMIT_S) -> None:
        self._media = media
        self._limit_s = limit_s
        self._light = asyncio.Semaphore(AT_ONCE)
        self._heavy = asyncio.Semaphore(HEAVY_AT_ONCE * decoders)
        self._posts = 0

    def __len__(self) -> int:
        """Posts whose media are under way, or wait for their turn."""
        return self._posts

    async def features(self, media: Sequence[Media]) -> MediaOutcome:
        """See `MediaFeatures`; too_slow where they take too long.

        Raises:
            OSError: no process for decoders can be begun on this machine.
        """
        self._posts += 1
        try:
            light = all(each.kind == "image" for each in media)
            async with self._light if light else self._heavy:
                return await self._within_limit(media)
        finally:
            self._posts -= 1

    async def _within_limit(self, media: Sequence[Media]) -> MediaOutcome:
        try:
            async with asyncio.timeout(self._limit_s):
                return await self._media.features(media)
        except TimeoutError:
            return absent(media, AbsentReason.TOO_SLOW)


class NoMedia:
    """What stands for a deployment that makes no features of media (`MediaFeatures`)."""

    async def features(self, media: Sequence[Media]) -> MediaOutcome:
        """None, and that the settings say so."""
        return absent(media, AbsentReason.FETCHING_OFF)


def absent(media: Sequence[Media], why: AbsentReason) -> MediaOutcome:
    """No features of any modality that media could have given, for one reason."""
    return MediaOutcome({}, {name: why for each in media for name in DECODINGS[each.kind]})

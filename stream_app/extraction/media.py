"""Media of a batch's posts, several at a time and never for ever.

Not for fetching or measuring them: `connectors.extraction` does that.
"""

import asyncio
from collections.abc import Hashable, Mapping, Sequence
from typing import Final, TypeVar

from connectors.extraction.errors import AbsentReason
from connectors.extraction.outcome import MediaFeatures, MediaOutcome
from connectors.schemas.media import Media, MediaKind

LIMIT_S: Final = 20.0
"""What of a batch takes longer is absent: text posts behind it must not wait for ever. Below the
30 s after which a worker whose partitions stand still counts as sick."""
AT_ONCE: Final = 8
NOTHING: Final = MediaOutcome({}, {})
_MODALITY: Final[Mapping[MediaKind, str]] = {"audio": "audio", "image": "visual", "video": "visual"}

Place = TypeVar("Place", bound=Hashable)


async def features_of_posts(
    media: MediaFeatures, posts: Mapping[Place, Sequence[Media]], limit_s: float = LIMIT_S
) -> dict[Place, MediaOutcome]:
    """What came of the media of posts.

    Args:
        media: makes features of one post's media.
        posts: media by post; most have none.
        limit_s: when the rest is given up, seconds.
    """
    slots = asyncio.Semaphore(AT_ONCE)

    async def features(theirs: Sequence[Media]) -> MediaOutcome:
        async with slots:
            return await media.features(theirs)

    tasks = {
        place: asyncio.create_task(features(theirs)) for place, theirs in posts.items() if theirs
    }
    if tasks:
        _, late = await asyncio.wait(tasks.values(), timeout=limit_s)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
    return {
        place: _outcome(tasks[place], theirs) if theirs else NOTHING
        for place, theirs in posts.items()
    }


def _outcome(task: "asyncio.Task[MediaOutcome]", theirs: Sequence[Media]) -> MediaOutcome:
    if task.cancelled():
        return MediaOutcome({}, {_MODALITY[each.kind]: AbsentReason.TOO_SLOW for each in theirs})
    return task.result()


class NoMedia:
    """What stands for a deployment that makes no features of media (`MediaFeatures`)."""

    async def features(self, media: Sequence[Media]) -> MediaOutcome:
        """None, and that the settings say so."""
        return MediaOutcome({}, {_MODALITY[each.kind]: AbsentReason.FETCHING_OFF for each in media})

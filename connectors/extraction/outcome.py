"""What came of a post's media: feature windows, and why a modality has none.

Not for how: `extractor` fetches, decodes and measures.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from connectors.schemas.media import Media


@dataclass(frozen=True, slots=True)
class MediaOutcome:
    """Features of the modalities `audio` and `visual`.

    Attributes:
        features: modality -> float32 [steps, width] of feature set `default@1`, all finite.
        absent: modality -> the reason, a short word such as `decoder_failed`, only where media
            of the post could have given it and did not. A modality is in neither where the post
            has nothing of the kind, never in both.
    """

    features: Mapping[str, NDArray[np.float32]]
    absent: Mapping[str, str]


class MediaFeatures(Protocol):
    """Makes features of a post's media."""

    async def features(self, media: Sequence[Media]) -> MediaOutcome:
        """Features of one post's media; whatever they are, it ends, and no media error is raised.

        Args:
            media: of one post, in its order.
        """
        ...

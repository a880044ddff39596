"""Feature sets: which widths and lengths the tensors of a post may have.

A feature set is named `name@version`. A new extractor is a new version, never a changed one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from connectors.schemas.labels import MODALITIES


@dataclass(frozen=True, slots=True)
class FeatureSet:
    """Shapes that a feature set allows: a tensor of modality m is [steps, widths[m]].

    Attributes:
        name: `name@version`, as in the envelope.
        widths: numbers per step of each modality.
        max_steps: most tokens or frames of each modality in one post.
    """

    name: str
    widths: Mapping[str, int]
    max_steps: Mapping[str, int]


def _feature_set(name: str, widths: tuple[int, int, int], max_steps: int) -> FeatureSet:
    return FeatureSet(
        name=name,
        widths=MappingProxyType(dict(zip(MODALITIES, widths, strict=True))),
        max_steps=MappingProxyType(dict.fromkeys(MODALITIES, max_steps)),
    )


DEFAULT: Final = _feature_set("default@1", (384, 8, 35), 128)
PAPER: Final = _feature_set("paper@1", (300, 74, 35), 128)
FEATURE_SETS: Final[Mapping[str, FeatureSet]] = MappingProxyType(
    {known.name: known for known in (DEFAULT, PAPER)}
)

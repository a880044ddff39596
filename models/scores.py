"""What every engine checks of posts, and makes of what its network says."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from connectors.schemas.labels import MODALITIES
from connectors.schemas.scoring import Features, Score
from connectors.schemas.tensors import all_finite
from models.calibration import Calibration, apply
from models.errors import ModelError

Logits = NDArray[np.float32]


def check_posts(posts: Sequence[Features], widths: Sequence[int]) -> None:
    """Raise unless a network can read the posts.

    Args:
        posts: modality -> [steps, width], present ones only.
        widths: by modality.

    Raises:
        ModelError: a post has no modality, an unknown one, another width, or a value that is not
            finite; says which.
    """
    for index, post in enumerate(posts):
        if not post:
            raise ModelError(f"post {index} of the batch has no modality")
        for modality, steps in post.items():
            if modality not in MODALITIES:
                raise ModelError(f"post {index} of the batch: unknown modality {modality!r}")
            width = widths[MODALITIES.index(modality)]
            if steps.ndim != 2 or steps.shape[0] == 0 or steps.shape[1] != width:
                raise ModelError(
                    f"post {index} of the batch: {modality} must be [steps, {width}], "
                    f"not {list(steps.shape)}"
                )
            if not all_finite(steps):
                raise ModelError(f"post {index} of the batch: {modality} holds NaN or infinity")


def blank_post(widths: Sequence[int]) -> Features:
    """A post of zeros in all modalities, by which an engine can be tried.

    Args:
        widths: by modality.
    """
    return {
        name: np.zeros((2, width), np.float32)
        for name, width in zip(MODALITIES, widths, strict=True)
    }


def checked_scores(
    sentiment: Logits, emotion: Logits, shares: NDArray[np.float64], calibration: Calibration
) -> NDArray[np.float64]:
    """Probabilities and shares side by side.

    Args:
        sentiment: logits, [..., 3].
        emotion: logits, [..., 7].
        shares: of the modalities, [..., 3].
        calibration: of the checkpoint.

    Returns:
        [..., 13] in [0, 1], for `as_score`.

    Raises:
        ModelError: a value is not finite.
    """
    scores = np.concatenate(
        (
            apply(sentiment, calibration.sentiment),
            apply(emotion, calibration.emotion),
            shares,
        ),
        axis=-1,
    )
    if not np.isfinite(scores).all():
        raise ModelError("the network gave a score that is not finite")
    clipped: NDArray[np.float64] = scores.clip(0.0, 1.0)  # a share may be a rounding beyond
    return clipped


def as_score(row: NDArray[np.float64]) -> Score:
    """A row of `checked_scores`, [13], as a score."""
    values = row.tolist()
    return Score(tuple(values[:3]), tuple(values[3:10]), tuple(values[10:]))

"""Pixels as every decoder gives them: small, RGB. Not for files, nor for what is seen."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

LONGEST_SIDE: Final = 128  # what is described is coarse; more would only cost time
MOST_PIXELS: Final = 50_000_000

Pixels = NDArray[np.uint8]
"""RGB, [height, width, 3]."""


def shrunk(picture: Image.Image) -> Image.Image:
    """A picture with its longer side at most 128, each pixel the mean of those that it covers.

    Args:
        picture: RGB or RGBA; of transparent parts the colour counts as much as it covers.
    """
    scale = LONGEST_SIDE / max(picture.size)
    if scale >= 1:
        return picture
    width, height = (max(1, round(side * scale)) for side in picture.size)
    return picture.resize((width, height), Image.Resampling.BOX)


def pixels_of(picture: Image.Image) -> Pixels:
    """The pixels of an RGB picture."""
    return np.asarray(picture, dtype=np.uint8)

"""Light and colour of pixels. Not for where they are: `edges` and `descriptor` look at that."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from connectors.extraction.visual.pixels import Pixels

# ITU-R BT.601 in full range, as JPEG uses it (ITU-T T.871)
_TO_LUMA_AND_CHROMA: Final = np.array(
    [
        [0.299, 0.587, 0.114],
        [-0.168736, -0.331264, 0.5],
        [0.5, -0.418688, -0.081312],
    ]
)
_LEAST_WEIGHT: Final = 1e-9


def luma_and_chroma(frame: Pixels) -> NDArray[np.float64]:
    """Y' in [0, 1], Cb and Cr in [-0.5, 0.5], [H, W, 3]. Source: ITU-T T.871."""
    planes: NDArray[np.float64] = frame / 255.0 @ _TO_LUMA_AND_CHROMA.T
    return planes


def saturation(frame: Pixels) -> NDArray[np.float64]:
    """S of HSV in [0, 1], 0 where a pixel is black, [H, W]. Source: Smith 1978, SIGGRAPH 12(3)."""
    highest = frame.max(axis=-1).astype(np.float64)
    spread = highest - frame.min(axis=-1)
    found: NDArray[np.float64] = spread / np.where(highest > 0, highest, 1.0)
    return found


def hue_shares(frame: Pixels, saturations: NDArray[np.float64]) -> NDArray[np.float64]:
    """Shares of six hues, red first, each 60 degrees wide and centred on its colour, [6].

    A pixel weighs by saturation times brightness; all are 0 where nothing has a colour.
    """
    values = frame.astype(np.float64)
    highest, spread = values.max(axis=-1), np.ptp(values, axis=-1)
    red, green, blue = np.moveaxis(values, -1, 0)
    safe = np.where(spread > 0, spread, 1.0)
    sector = np.select(
        [highest == red, highest == green],
        [(green - blue) / safe, 2 + (blue - red) / safe],
        4 + (red - green) / safe,
    )
    hue = np.floor(sector + 0.5).astype(int) % 6
    weight = saturations * highest
    shares = np.bincount(hue.ravel(), weight.ravel(), minlength=6).astype(np.float64)
    return shares / max(float(shares.sum()), _LEAST_WEIGHT)

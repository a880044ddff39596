"""35 numbers of a picture or a film's frames: colour, light, edges, layout and motion.

Not for who or what is in it: no face, object or word is looked for. docs/media.md lists the
numbers.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from connectors.extraction.visual.edges import edge_numbers
from connectors.extraction.visual.light import hue_shares, luma_and_chroma, saturation
from connectors.extraction.visual.pixels import Pixels
from connectors.extraction.visual.scale import scaled

HUES: Final = ("red", "yellow", "green", "cyan", "blue", "magenta")
EDGES: Final = ("upright", "rising", "level", "falling")
ROWS: Final = ("top", "middle", "bottom")
COLUMNS: Final = ("left", "centre", "right")
DESCRIPTOR: Final = (
    "luma_mean",
    "blue_difference_mean",
    "red_difference_mean",
    "luma_deviation",
    "blue_difference_deviation",
    "red_difference_deviation",
    *(f"hue_{hue}" for hue in HUES),
    "saturation_mean",
    "saturation_deviation",
    "colourfulness",
    "dark_share",
    "bright_share",
    "luma_entropy",
    "sharpness",
    "edge_strength",
    *(f"edges_{edge}" for edge in EDGES),
    *(f"luma_{row}_{column}" for row in ROWS for column in COLUMNS),
    "aspect",
    "motion",
)
DARK, BRIGHT = 0.25, 0.75
LUMA_BINS: Final = 32


def visual_features(frames: Sequence[Pixels]) -> NDArray[np.float32]:
    """Describe a picture, or frames of a film in their order.

    Args:
        frames: one or more, of one size.

    Returns:
        float32 [frames, 35] in the order of `DESCRIPTOR`, scaled by `scale`.
    """
    rows = []
    before: NDArray[np.float64] | None = None
    for frame in frames:
        luma = luma_and_chroma(frame)[..., 0]
        moved = 0.0 if before is None else float(np.abs(luma - before).mean())
        rows.append([*describe(frame), moved])
        before = luma
    return scaled(np.array(rows))


def describe(frame: Pixels) -> list[float]:
    """All but motion of one frame, unscaled: 34 numbers in the order of `DESCRIPTOR`."""
    planes = luma_and_chroma(frame)  # [H, W, 3]
    luma = planes[..., 0]
    saturations = saturation(frame)
    return [
        *planes.mean(axis=(0, 1)),
        *planes.std(axis=(0, 1)),
        *hue_shares(frame, saturations),
        float(saturations.mean()),
        float(saturations.std()),
        _colourfulness(frame),
        float((luma < DARK).mean()),
        float((luma > BRIGHT).mean()),
        _entropy(luma),
        *edge_numbers(luma),
        *(_cells(luma) - luma.mean()),
        float(np.log(frame.shape[1] / frame.shape[0])),
    ]


def _colourfulness(frame: Pixels) -> float:
    """Metric M3 of Hasler & Süsstrunk 2003, SPIE 5007, of values in [0, 1]."""
    red, green, blue = np.moveaxis(frame / 255.0, -1, 0)
    opponents = (red - green, 0.5 * (red + green) - blue)
    spread = np.sqrt(sum(each.var() for each in opponents))
    offset = np.sqrt(sum(each.mean() ** 2 for each in opponents))
    return float(spread + 0.3 * offset)


def _entropy(luma: NDArray[np.float64]) -> float:
    """Shannon's of 32 equal bins, over that of equal shares: in [0, 1]."""
    counts = np.bincount((luma * LUMA_BINS).astype(int).clip(0, LUMA_BINS - 1).ravel())
    shares = counts[counts > 0] / luma.size
    return float(-(shares * np.log2(shares)).sum() / np.log2(LUMA_BINS))


def _cells(luma: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean luma of a 3 x 3 grid, row by row, [9]; a side under 3 pixels repeats its last."""
    short = [(0, max(0, 3 - side)) for side in luma.shape]
    padded = np.pad(luma, short, mode="edge")
    return np.array(
        [
            cell.mean()
            for band in np.array_split(padded, 3, axis=0)
            for cell in np.array_split(band, 3, axis=1)
        ]
    )

"""Loudness over time. Not for what is made of it: `measures` and `syllables` do that.

Source: Boersma & Weenink, Praat's manual, "Sound: To Intensity...": squared samples under a Kaiser
window, in dB above 20 µPa, full scale being 1 Pa.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from connectors.extraction.audio.frames import frame_times, framed
from connectors.extraction.audio.sound import Samples

REFERENCE_PA: Final = 2e-5
SOFTEST_DB: Final = 0.0  # the threshold of hearing; digital silence would be minus infinity
_KAISER_BETA: Final = 2 * np.pi**2 + 0.5
_PERIODS: Final = 6.4  # periods of the lowest pitch that a window spans
_STEP_PERIODS: Final = 0.8


@dataclass(frozen=True, slots=True)
class Intensity:
    """Loudness at points in time.

    Attributes:
        times_s: [frames], from the recording's begin.
        levels_db: [frames], at least `SOFTEST_DB`.
    """

    times_s: NDArray[np.float64]
    levels_db: NDArray[np.float64]

    def mean_db(self) -> float:
        """Level of the mean energy."""
        return float(10 * np.log10(np.mean(10 ** (self.levels_db / 10))))


def intensity(samples: Samples, lowest_pitch_hz: float) -> Intensity:
    """Loudness, smoothed so that no pitch above the lowest shows in it.

    Args:
        samples: [samples]; shorter than 6.4 periods of the lowest pitch gives no frame.
        lowest_pitch_hz: sets window and step.
    """
    width_s, step_s = _PERIODS / lowest_pitch_hz, _STEP_PERIODS / lowest_pitch_hz
    frames = framed(samples, width_s, step_s)  # [F, W]
    window = np.kaiser(frames.shape[1], _KAISER_BETA)
    energy = frames**2 @ (window / window.sum())  # [F]
    softest = REFERENCE_PA**2 * 10 ** (SOFTEST_DB / 10)
    levels = 10 * np.log10(np.maximum(energy, softest) / REFERENCE_PA**2)
    return Intensity(frame_times(samples, width_s, step_s), levels)

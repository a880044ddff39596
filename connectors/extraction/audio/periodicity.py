"""Candidates for the period of a sound, frame by frame.

Not for choosing among them: `pitch` and `harmonicity` do that.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from connectors.extraction.audio.correlation import LAGS_PER_SAMPLE
from connectors.extraction.audio.frames import frame_times, framed
from connectors.extraction.audio.sound import SAMPLE_RATE_HZ, Samples

STEP_S: Final = 0.01
MOST_CANDIDATES: Final = 14
_AT_ONCE: Final = 256  # frames; bounds memory
_LAGS_PER_S: Final = LAGS_PER_SAMPLE * SAMPLE_RATE_HZ

Correlation = Callable[[NDArray[np.float64], float], NDArray[np.float64]]
"""Frames [F, W] and the lowest frequency to their likeness at every lag [F, lags]."""


@dataclass(frozen=True, slots=True)
class Periodicity:
    """Candidates of each frame, the likeliest first; where there are fewer, frequency 0.

    Attributes:
        times_s: centres of the frames, [frames].
        frequencies_hz: [frames, candidates].
        likenesses: of the sound to itself a period later, 0 to 1, [frames, candidates].
        peaks: largest amplitude of a frame's middle over that of the recording, [frames].
    """

    times_s: NDArray[np.float64]
    frequencies_hz: NDArray[np.float64]
    likenesses: NDArray[np.float64]
    peaks: NDArray[np.float64]


def periodicity(
    samples: Samples,
    correlation: Correlation,
    *,
    width_s: float,
    floor_hz: float,
    ceiling_hz: float,
) -> Periodicity:
    """Candidates for the period of every frame, a frame every 10 ms.

    Args:
        samples: [samples].
        correlation: how alike a frame is to itself later.
        width_s: of a frame, seconds.
        floor_hz: lowest frequency looked for.
        ceiling_hz: highest.
    """
    frames = framed(samples, width_s, STEP_S)  # [F, W]
    count = len(frames)
    frequencies = np.zeros((count, MOST_CANDIDATES))
    likenesses = np.zeros((count, MOST_CANDIDATES))
    for begin in range(0, count, _AT_ONCE):
        some = slice(begin, begin + _AT_ONCE)
        likeness = correlation(frames[some], floor_hz)
        frequencies[some], likenesses[some] = _candidates(likeness, floor_hz, ceiling_hz)
    loudest = float(np.abs(samples - samples.mean()).max()) if samples.size else 0.0
    spare = max(0, frames.shape[1] - round(SAMPLE_RATE_HZ / floor_hz)) // 2
    middle = np.abs(frames[:, spare : frames.shape[1] - spare])  # a period of the floor
    peaks = middle.max(axis=1) / loudest if loudest > 0 else np.zeros(count)
    return Periodicity(frame_times(samples, width_s, STEP_S), frequencies, likenesses, peaks)


def _candidates(
    likeness: NDArray[np.float64], floor_hz: float, ceiling_hz: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The highest maxima between two frequencies, each of a parabola through three lags."""
    left, middle, right = likeness[:, :-2], likeness[:, 1:-1], likeness[:, 2:]
    lag = np.arange(1, likeness.shape[1] - 1)
    within = (lag >= _LAGS_PER_S / ceiling_hz) & (lag <= _LAGS_PER_S / floor_hz)
    is_peak = (middle > left) & (middle >= right) & (middle > 0) & within
    bend = left - 2 * middle + right
    shift = np.where(is_peak, 0.5 * (left - right) / np.where(bend == 0, 1.0, bend), 0.0)
    height = np.where(is_peak, middle - 0.25 * (left - right) * shift, 0.0)
    best = np.argsort(-height, axis=1, kind="stable")[:, :MOST_CANDIDATES]
    found = np.take_along_axis(height, best, axis=1)
    frequency = _LAGS_PER_S / np.take_along_axis(lag + shift, best, axis=1)
    # a maximum above 1 comes of the interpolation and is mirrored, as Boersma does
    mirrored = np.where(found > 1, 1 / np.maximum(found, 1.0), found)
    pad = ((0, 0), (0, MOST_CANDIDATES - best.shape[1]))
    return np.pad(np.where(found > 0, frequency, 0.0), pad), np.pad(mirrored, pad)

"""How alike each frame of a sound is to itself some time later, lag by lag.

Not for maxima: `periodicity` looks for those.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from connectors.extraction.audio.sound import SAMPLE_RATE_HZ

LAGS_PER_SAMPLE: Final = 4  # by a longer inverse transform, which interpolates exactly


def lag_count(floor_hz: float) -> int:
    """Lags up to a period of the floor, and two samples more."""
    return (int(SAMPLE_RATE_HZ / floor_hz) + 2) * LAGS_PER_SAMPLE + 1


def autocorrelation(frames: NDArray[np.float64], floor_hz: float) -> NDArray[np.float64]:
    """Of Hann-windowed frames, divided by the window's own.

    Args:
        frames: [F, W], W at least three periods of the floor.
        floor_hz: lowest frequency of interest.

    Returns:
        [F, lags], about 1 at most; 0 throughout where a frame is silent.

    Source: Boersma 1993, Proceedings of the Institute of Phonetic Sciences 17, 97-110.
    """
    window = np.hanning(frames.shape[1] + 2)[1:-1]
    of_window = _correlation(window[None, :], window[None, :], lag_count(floor_hz))
    own = _correlation(frames * window, frames * window, lag_count(floor_hz))
    power = own[:, :1]
    normalised: NDArray[np.float64] = np.where(power > 0, own / np.where(power > 0, power, 1.0), 0)
    return normalised / (of_window / of_window[:, :1])


def crosscorrelation(frames: NDArray[np.float64], floor_hz: float) -> NDArray[np.float64]:
    """Of a frame's first half and what follows a lag later, over the root of both powers.

    Args:
        frames: [F, W], W two periods of the floor.
        floor_hz: lowest frequency of interest.

    Returns:
        [F, lags], about 1 at most; 0 where either is silent.

    Source: Boersma & Weenink, Praat's manual, "Sound: To Harmonicity (cc)...".
    """
    half = frames.shape[1] // 2
    lags = half * LAGS_PER_SAMPLE
    first = np.zeros_like(frames)
    first[:, :half] = frames[:, :half]
    products = _correlation(first, frames, lags)
    energy = np.cumsum(np.pad(frames**2, ((0, 0), (1, 0))), axis=1)  # [F, W + 1]
    later = energy[:, half : 2 * half + 1] - energy[:, : half + 1]  # [F, half + 1]
    power = np.repeat(later[:, :-1], LAGS_PER_SAMPLE, axis=1)
    share = np.arange(lags) % LAGS_PER_SAMPLE / LAGS_PER_SAMPLE
    power += share * (np.repeat(later[:, 1:], LAGS_PER_SAMPLE, axis=1) - power)
    root = np.sqrt(np.maximum(later[:, :1] * power, 0.0))
    heard = root > 0
    normalised: NDArray[np.float64] = np.where(heard, products / np.where(heard, root, 1.0), 0.0)
    return normalised[:, : lag_count(floor_hz)]


def _correlation(
    first: NDArray[np.float64], second: NDArray[np.float64], lags: int
) -> NDArray[np.float64]:
    """Sum over t of first(t) second(t + lag), [F, lags]."""
    size = 1 << (2 * first.shape[1] - 1).bit_length()
    spectrum = np.conj(np.fft.rfft(first, size)) * np.fft.rfft(second, size)
    found: NDArray[np.float64] = np.fft.irfft(spectrum, size * LAGS_PER_SAMPLE)[:, :lags]
    return found * LAGS_PER_SAMPLE

"""Overlapping pieces of a recording. Not for what is measured in them."""

import numpy as np
from numpy.typing import NDArray

from connectors.extraction.audio.sound import SAMPLE_RATE_HZ, Samples


def framed(samples: Samples, width_s: float, step_s: float) -> NDArray[np.float64]:
    """As many whole frames as fit, centred in the recording, the frame's mean taken away.

    Args:
        samples: [samples].
        width_s: of a frame, seconds.
        step_s: from one frame to the next, seconds.

    Returns:
        [frames, width]; no frame where the recording is shorter than one.
    """
    width, step = round(width_s * SAMPLE_RATE_HZ), round(step_s * SAMPLE_RATE_HZ)
    count = (samples.size - width) // step + 1
    if count < 1:
        return np.empty((0, width))
    begin = (samples.size - width - (count - 1) * step) // 2
    windows = np.lib.stride_tricks.sliding_window_view(samples[begin:], width)[::step][:count]
    frames: NDArray[np.float64] = windows - windows.mean(axis=1, keepdims=True)
    return frames


def frame_times(samples: Samples, width_s: float, step_s: float) -> NDArray[np.float64]:
    """Centres of the frames of `framed`, seconds from the recording's begin, [frames]."""
    width, step = round(width_s * SAMPLE_RATE_HZ), round(step_s * SAMPLE_RATE_HZ)
    count = max(0, (samples.size - width) // step + 1)
    begin = (samples.size - width - (count - 1) * step) // 2
    return (begin + width / 2 + step * np.arange(count)) / SAMPLE_RATE_HZ

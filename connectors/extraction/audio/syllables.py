"""How fast somebody speaks: peaks of loudness in a voice. Not for which syllables they are.

Source: de Jong & Wempe 2009, Behavior Research Methods 41(2), 385-390.
"""

from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from connectors.extraction.audio.intensity import Intensity, intensity
from connectors.extraction.audio.pitch import Pitch
from connectors.extraction.audio.sound import SAMPLE_RATE_HZ, Samples

LOWEST_PITCH_HZ: Final = 50.0
BELOW_LOUDEST_DB: Final = 25.0
LEAST_DIP_DB: Final = 2.0
SHORTEST_PAUSE_S: Final = 0.3
SHORTEST_SOUND_S: Final = 0.1


def articulation_rate(samples: Samples, pitch: Pitch) -> float:
    """Syllables a second of the time spoken, pauses of 0.3 s and more left out.

    Returns:
        NaN where no syllable is found.
    """
    loudness = intensity(samples, LOWEST_PITCH_HZ)
    if loudness.times_s.size == 0:
        return float("nan")
    loudest = float(np.quantile(loudness.levels_db, 0.99))
    threshold = max(loudest - BELOW_LOUDEST_DB, float(loudness.levels_db.min()))
    peaks = _with_a_dip_behind(loudness.levels_db, _peaks(loudness.levels_db, threshold))
    syllables = sum(pitch.has_voice(float(loudness.times_s[peak])) for peak in peaks)
    spoken_s = _spoken_s(loudness, threshold, samples.size / SAMPLE_RATE_HZ)
    return syllables / spoken_s if syllables and spoken_s > 0 else float("nan")


def _peaks(levels: NDArray[np.float64], threshold: float) -> list[int]:
    inner = (levels[1:-1] > levels[:-2]) & (levels[1:-1] >= levels[2:])
    return [int(peak) for peak in np.flatnonzero(inner & (levels[1:-1] > threshold)) + 1]


def _with_a_dip_behind(levels: NDArray[np.float64], peaks: list[int]) -> list[int]:
    """Peaks that are 2 dB above the lowest point before the next; the last one has no next."""
    return [
        peak
        for peak, following in pairwise(peaks)
        if levels[peak] - levels[peak:following].min() > LEAST_DIP_DB
    ]


def _spoken_s(loudness: Intensity, threshold: float, duration_s: float) -> float:
    """Seconds that are no pause: runs above the threshold, and what is too short for one."""
    edges = np.concatenate(
        [[0.0], (loudness.times_s[1:] + loudness.times_s[:-1]) / 2, [duration_s]]
    )
    runs: list[tuple[bool, float]] = []  # (is sound, seconds)
    for is_sound, seconds in zip(loudness.levels_db >= threshold, np.diff(edges), strict=True):
        if runs and runs[-1][0] == bool(is_sound):
            runs[-1] = (bool(is_sound), runs[-1][1] + float(seconds))
        else:
            runs.append((bool(is_sound), float(seconds)))
    runs = _merged(runs, is_sound=False, shortest_s=SHORTEST_PAUSE_S)
    runs = _merged(runs, is_sound=True, shortest_s=SHORTEST_SOUND_S)
    return sum(seconds for is_sound, seconds in runs if is_sound)


def _merged(
    runs: list[tuple[bool, float]], *, is_sound: bool, shortest_s: float
) -> list[tuple[bool, float]]:
    """The runs with those of one sort that are too short given to their neighbours."""
    merged: list[tuple[bool, float]] = []
    for sort, seconds in runs:
        kept = not sort if sort == is_sound and seconds < shortest_s and len(runs) > 1 else sort
        if merged and merged[-1][0] == kept:
            merged[-1] = (kept, merged[-1][1] + seconds)
        else:
            merged.append((kept, seconds))
    return merged

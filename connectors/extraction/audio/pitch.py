"""The pitch of a voice over time: the cheapest path through each frame's candidates.

Not for candidates: those are `periodicity`'s.

Source: Boersma 1993, Proceedings of the Institute of Phonetic Sciences 17, 97-110, equations 24
to 27, with the defaults of Praat's "Sound: To Pitch (ac)...".
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from connectors.extraction.audio.correlation import autocorrelation
from connectors.extraction.audio.periodicity import STEP_S, Periodicity, periodicity
from connectors.extraction.audio.sound import Samples

FLOOR_HZ: Final = 75.0
CEILING_HZ: Final = 600.0
PERIODS: Final = 3.0
SILENCE: Final = 0.03
VOICING: Final = 0.45
OCTAVE_COST: Final = 0.01
OCTAVE_JUMP_COST: Final = 0.35
VOICING_CHANGE_COST: Final = 0.14
_COSTS_ARE_FOR_S: Final = 0.01


@dataclass(frozen=True, slots=True)
class Pitch:
    """Pitch at points in time.

    Attributes:
        times_s: [frames], from the recording's begin.
        frequencies_hz: [frames], 0 where there is no voice.
    """

    times_s: NDArray[np.float64]
    frequencies_hz: NDArray[np.float64]

    def voiced_hz(self) -> NDArray[np.float64]:
        """Frequencies of the frames with a voice, [voiced]."""
        return self.frequencies_hz[self.frequencies_hz > 0]

    def has_voice(self, at_s: float) -> bool:
        """Whether the frame that is nearest to a point in time has a voice."""
        if self.times_s.size == 0:
            return False
        return bool(self.frequencies_hz[np.abs(self.times_s - at_s).argmin()] > 0)


def pitch(samples: Samples) -> Pitch:
    """The pitch between 75 and 600 Hz; no frame where the recording is under 40 ms."""
    candidates = periodicity(
        samples,
        autocorrelation,
        width_s=PERIODS / FLOOR_HZ,
        floor_hz=FLOOR_HZ,
        ceiling_hz=CEILING_HZ,
    )
    if candidates.times_s.size == 0:
        return Pitch(candidates.times_s, np.empty(0))
    frequencies, strengths = _with_no_voice(candidates)  # [F, C + 1] each
    path = _cheapest(frequencies, strengths)  # [F]
    chosen = np.take_along_axis(frequencies, path[:, None], axis=1)[:, 0]
    return Pitch(candidates.times_s, chosen)


def _with_no_voice(found: Periodicity) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Frequencies and strengths, the first candidate being that there is no voice."""
    loudness = found.peaks * (1 + VOICING) / SILENCE
    no_voice = VOICING + np.maximum(0.0, 2 - loudness)  # [F]
    is_there = found.frequencies_hz > 0
    octaves = np.log2(CEILING_HZ / np.where(is_there, found.frequencies_hz, CEILING_HZ))
    voiced = np.where(is_there, found.likenesses - OCTAVE_COST * octaves, -np.inf)
    none = np.zeros((len(no_voice), 1))
    return (
        np.concatenate([none, found.frequencies_hz], axis=1),
        np.concatenate([no_voice[:, None], voiced], axis=1),
    )


def _cheapest(frequencies: NDArray[np.float64], strengths: NDArray[np.float64]) -> NDArray[np.intp]:
    """Index of each frame's candidate on the best path (Viterbi 1967), [F]."""
    scale = _COSTS_ARE_FOR_S / STEP_S
    gained = strengths[0]
    origins = np.zeros(frequencies.shape, dtype=np.intp)
    for frame in range(1, len(frequencies)):
        before, now = frequencies[frame - 1][:, None], frequencies[frame][None, :]
        both = (before > 0) & (now > 0)
        jump = np.abs(np.log2(np.where(both, before, 1.0) / np.where(both, now, 1.0)))
        cost = np.where(both, OCTAVE_JUMP_COST * jump, 0.0)
        cost = np.where((before > 0) != (now > 0), VOICING_CHANGE_COST, cost)
        total = gained[:, None] - scale * cost  # [C before, C now]
        origins[frame] = total.argmax(axis=0)
        gained = total.max(axis=0) + strengths[frame]
    path = np.empty(len(frequencies), dtype=np.intp)
    path[-1] = gained.argmax()
    for frame in range(len(frequencies) - 1, 0, -1):
        path[frame - 1] = origins[frame][path[frame]]
    return path

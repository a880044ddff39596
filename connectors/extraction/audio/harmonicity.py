"""How much of a sound is periodic: the harmonics-to-noise ratio. Not for its pitch.

Source: Boersma 1993, Proceedings of the Institute of Phonetic Sciences 17, 97-110, equation 4, on
the cross-correlation of Praat's "Sound: To Harmonicity (cc)...", with its defaults.
"""

from typing import Final

import numpy as np

from connectors.extraction.audio.correlation import crosscorrelation
from connectors.extraction.audio.periodicity import periodicity
from connectors.extraction.audio.sound import SAMPLE_RATE_HZ, Samples

FLOOR_HZ: Final = 75.0
SILENCE: Final = 0.1
_LEAST, _MOST = 1e-4, 1 - 1e-4  # ±40 dB, beyond what 16 kHz can tell


def harmonics_to_noise_db(samples: Samples) -> float:
    """Mean over the frames that are not silent, dB; NaN where there is none.

    A frame counts whether it has a voice or not, so that noise alone gives some dB below 0.
    """
    found = periodicity(
        samples,
        crosscorrelation,
        width_s=2 / FLOOR_HZ,
        floor_hz=FLOOR_HZ,
        ceiling_hz=SAMPLE_RATE_HZ / 2,
    )
    likeness = found.likenesses[:, 0]
    # as for pitch, with no threshold of voicing: silent frames have no ratio
    heard = (likeness > 0) & (likeness >= 2 - found.peaks / SILENCE)
    if not heard.any():
        return float("nan")
    share = likeness[heard].clip(_LEAST, _MOST)
    return float((10 * np.log10(share / (1 - share))).mean())

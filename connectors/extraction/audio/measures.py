"""The eight numbers of a recording, on the scale of what the shipped checkpoint was trained on.

Not for files: it takes samples. docs/media.md says what is known of that scale.
"""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from connectors.extraction.audio.harmonicity import harmonics_to_noise_db
from connectors.extraction.audio.intensity import intensity
from connectors.extraction.audio.pitch import pitch
from connectors.extraction.audio.sound import SAMPLE_RATE_HZ, Samples
from connectors.extraction.audio.syllables import articulation_rate
from connectors.extraction.errors import AbsentReason, MediaError

MEASURES: Final = (
    "duration_s",
    "intensity_mean_db",
    "intensity_deviation_db",
    "pitch_mean_hz",
    "pitch_deviation_hz",
    "pitch_range_hz",
    "articulation_rate_per_s",
    "harmonics_to_noise_db",
)
SHORTEST_S: Final = 0.1
LONGEST_PART_S: Final = 12.0  # 99 of 100 recordings that were trained on are shorter
SILENT_DB: Final = 20.0  # the softest that was trained on has 21.4
LOWEST_PITCH_HZ: Final = 100.0
# What stood in training where a measure was missing: the mean of the others
FILL: Final = (3.15, 63.1, 8.13, 241.6, 64.8, 282.4, 3.76, 6.48)


def audio_features(samples: Samples) -> NDArray[np.float32]:
    """The measures of a recording as one step.

    A longer recording is cut into equal parts of at most 12 s, and each measure is the mean of
    the parts that are not silent: a minute would be far from anything that was trained on.

    Args:
        samples: of `decode_sound`, [samples].

    Returns:
        float32 [1, 8] in the order of `MEASURES`, all finite.

    Raises:
        MediaError: silent or too short.
    """
    duration_s = samples.size / SAMPLE_RATE_HZ
    if duration_s < SHORTEST_S:
        raise MediaError(AbsentReason.TOO_SHORT, f"sound of {duration_s:.2f} s")
    parts = np.array_split(samples, max(1, math.ceil(duration_s / LONGEST_PART_S)))
    measured = [found for part in parts if (found := _measures(part)) is not None]
    if not measured:
        raise MediaError(AbsentReason.SILENT, f"sound below {SILENT_DB:.0f} dB throughout")
    rows = np.array(measured)  # [parts, 8]
    known = ~np.isnan(rows)
    sums = np.where(known, rows, 0.0).sum(axis=0)
    means = np.where(known.any(axis=0), sums / np.maximum(known.sum(axis=0), 1), FILL)
    return means[None, :].astype(np.float32)


def _measures(samples: Samples) -> tuple[float, ...] | None:
    """NaN where one cannot be measured; None of a silent part."""
    loudness = intensity(samples, LOWEST_PITCH_HZ)
    if loudness.mean_db() < SILENT_DB:
        return None
    voice = pitch(samples)
    voiced = voice.voiced_hz()
    return (
        samples.size / SAMPLE_RATE_HZ,
        loudness.mean_db(),
        float(loudness.levels_db.std(ddof=1)) if loudness.levels_db.size > 1 else 0.0,
        float(voiced.mean()) if voiced.size else float("nan"),
        float(voiced.std(ddof=1)) if voiced.size > 1 else 0.0,
        float(np.ptp(voiced)) if voiced.size else 0.0,
        articulation_rate(samples, voice),
        harmonics_to_noise_db(samples),
    )

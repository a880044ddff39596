"""Bytes of WAV, FLAC, Ogg (Vorbis, Opus) or MP3 to samples of one channel.

Not for the sound of films: `ffmpeg` reads that.
"""

import io
from collections.abc import Sequence
from fractions import Fraction
from typing import Final

import numpy as np
import soundfile
from numpy.typing import NDArray
from scipy.signal import resample_poly

from connectors.extraction.errors import AbsentReason, MediaError

SAMPLE_RATE_HZ: Final = 16_000
LONGEST_S: Final = 60
READ_FORMATS: Final = frozenset({"WAV", "WAVEX", "FLAC", "OGG", "MP3", "MPEG"})
MOST_CHANNELS: Final = 8
RATES_HZ: Final = range(4_000, 192_001)

Samples = NDArray[np.float64]


def decode_sound(data: bytes) -> Samples:
    """The first minute of a recording.

    Returns:
        Mean of the channels, full scale ±1, at 16 kHz, [samples]; may be empty.

    Raises:
        MediaError: it cannot be read.
    """
    try:
        with soundfile.SoundFile(io.BytesIO(data)) as file:
            _judge_format(file.format)
            judge_sound(file.channels, file.samplerate)
            rate = int(file.samplerate)
            seconds = file.blocks(
                rate, frames=LONGEST_S * rate, dtype="float32", always_2d=True
            )  # [rate, C] each, so that many channels are never held at once
            with np.errstate(invalid="ignore", over="ignore"):  # judged below
                means = [second.mean(axis=1, dtype=np.float64) for second in seconds]
    except (soundfile.SoundFileError, ValueError, OverflowError) as error:
        raise MediaError(AbsentReason.DECODER_FAILED, f"sound: {error}"[:200]) from error
    return finished(means, rate)


def finished(means: Sequence[Samples], rate_hz: int) -> Samples:
    """Stretches of decoded sound, their channels' mean, as `decode_sound` gives them.

    Raises:
        MediaError: a sample is not finite.
    """
    mono: Samples = np.concatenate(means) if means else np.empty(0)
    if not np.isfinite(mono).all():
        raise MediaError(AbsentReason.DECODER_FAILED, "sound: a sample is not finite")
    return at_sample_rate(mono.clip(-1.0, 1.0), rate_hz)[: LONGEST_S * SAMPLE_RATE_HZ]


def at_sample_rate(samples: Samples, rate_hz: int) -> Samples:
    """Samples at 16 kHz, low-passed where they had more; the ratio is right to a millionth."""
    ratio = Fraction(SAMPLE_RATE_HZ, rate_hz).limit_denominator(1000)
    if ratio == 1 or samples.size == 0:
        return samples
    resampled: Samples = resample_poly(samples, ratio.numerator, ratio.denominator)
    return resampled


def judge_sound(channels: int, rate_hz: int) -> None:
    """Refuse what is out of bounds before it is decoded.

    Raises:
        MediaError: too many channels, or a rate that is not read.
    """
    if not 1 <= channels <= MOST_CHANNELS:
        raise MediaError(AbsentReason.TOO_LARGE, f"sound: {channels} channels")
    if rate_hz not in RATES_HZ:
        raise MediaError(AbsentReason.UNSUPPORTED_FORMAT, f"sound: {rate_hz} samples a second")


def _judge_format(name: str) -> None:
    if name not in READ_FORMATS:
        raise MediaError(AbsentReason.UNSUPPORTED_FORMAT, f"sound: {name} is not read")

"""Recordings in every format that is read come to the same samples."""

import numpy as np
import pytest

from connectors.extraction.audio.pitch import pitch
from connectors.extraction.audio.sound import LONGEST_S, SAMPLE_RATE_HZ, decode_sound
from connectors.extraction.errors import AbsentReason, MediaError
from tests.unit.connectors_extraction.media_files import recording, tone


@pytest.mark.parametrize("form", ["WAV", "FLAC", "OGG", "OPUS", "MP3"])
def test_each_format_gives_what_was_recorded(form: str) -> None:
    found = decode_sound(recording(tone(220, 1.0), form))
    assert found.size == pytest.approx(SAMPLE_RATE_HZ, rel=0.08)  # MP3 adds some
    assert np.sqrt((found[4000:12000] ** 2).mean()) == pytest.approx(0.1 / np.sqrt(2), rel=0.03)
    assert pitch(found).voiced_hz().mean() == pytest.approx(220, rel=0.01)


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 44_100, 48_000, 96_000])
def test_each_rate_becomes_16_khz(rate_hz: int) -> None:
    samples = 0.1 * np.sin(2 * np.pi * 220 * np.arange(rate_hz) / rate_hz)
    found = decode_sound(recording(samples, "WAV", rate_hz))
    assert found.size == pytest.approx(SAMPLE_RATE_HZ, abs=2)
    assert pitch(found).voiced_hz().mean() == pytest.approx(220, rel=0.002)


def test_channels_become_their_mean() -> None:
    left = tone(220, 0.5)
    assert np.abs(decode_sound(recording(np.stack([left, -left], axis=1)))).max() < 1e-4


def test_only_the_first_minute_is_read() -> None:
    found = decode_sound(recording(np.zeros((LONGEST_S + 5) * 8_000), "FLAC", 8_000))
    assert found.size == LONGEST_S * SAMPLE_RATE_HZ


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", AbsentReason.DECODER_FAILED),
        (b"RIFF\0\0\0\0WAVE", AbsentReason.DECODER_FAILED),
        (recording(tone(220, 0.1), "AIFF"), AbsentReason.UNSUPPORTED_FORMAT),
        (recording(tone(220, 0.1), "WAV", 1_000), AbsentReason.UNSUPPORTED_FORMAT),
        (recording(np.zeros((100, 9))), AbsentReason.TOO_LARGE),
    ],
)
def test_what_is_not_read_says_why(data: bytes, reason: AbsentReason) -> None:
    with pytest.raises(MediaError) as absent:
        decode_sound(data)
    assert absent.value.reason == reason

"""The eight audio measures of sounds whose measures are known."""

import numpy as np
import pytest
from safetensors.numpy import load_file

from connectors.extraction.audio.harmonicity import harmonics_to_noise_db
from connectors.extraction.audio.intensity import intensity
from connectors.extraction.audio.measures import FILL, MEASURES, audio_features
from connectors.extraction.audio.pitch import pitch
from connectors.extraction.audio.sound import SAMPLE_RATE_HZ, Samples
from connectors.extraction.audio.syllables import articulation_rate
from connectors.extraction.errors import AbsentReason, MediaError
from connectors.schemas.feature_sets import DEFAULT
from models.card import shipped_checkpoint
from tests.unit.connectors_extraction.media_files import LEVEL_DB_OF_FULL_SCALE, seconds, tone


def voice(frequency_hz: float, duration_s: float, harmonics: int = 8) -> Samples:
    parts = [tone(frequency_hz * n, duration_s, 0.1 / n) for n in range(1, harmonics + 1)]
    together: Samples = np.sum(parts, axis=0)
    return together


def noise(duration_s: float, seed: int = 1) -> Samples:
    return np.random.default_rng(seed).standard_normal(seconds(duration_s).size)


def measure(samples: Samples) -> dict[str, float]:
    return dict(zip(MEASURES, audio_features(samples)[0].tolist(), strict=True))


def test_the_measures_are_one_step_of_the_feature_set() -> None:
    assert audio_features(voice(150, 1.0)).shape == (1, DEFAULT.widths["audio"])


@pytest.mark.parametrize("amplitude", [0.5, 0.05, 0.005])
def test_a_tone_has_the_level_of_its_root_mean_square(amplitude: float) -> None:
    level = LEVEL_DB_OF_FULL_SCALE + 20 * np.log10(amplitude / np.sqrt(2))
    found = intensity(tone(200, 1.0, amplitude), 100.0)
    assert found.mean_db() == pytest.approx(level, abs=0.05)
    assert found.levels_db.std() < 0.05


@pytest.mark.parametrize("frequency_hz", [80.0, 123.4, 240.0, 333.3, 590.0])
def test_the_pitch_of_a_voice_is_its_lowest_harmonic(frequency_hz: float) -> None:
    found = pitch(voice(frequency_hz, 0.5)).voiced_hz()
    assert found.size > 40
    assert found == pytest.approx(frequency_hz, rel=0.002)


def test_a_gliding_pitch_has_the_mean_deviation_and_range_of_the_glide() -> None:
    at = seconds(2.0)
    glide = 150 + 50 * at  # 150 to 250 Hz
    phase = 2 * np.pi * np.cumsum(glide) / SAMPLE_RATE_HZ
    found = measure(0.1 * np.sin(phase) + 0.05 * np.sin(2 * phase))
    assert found["pitch_mean_hz"] == pytest.approx(200, rel=0.01)
    assert found["pitch_deviation_hz"] == pytest.approx(100 / np.sqrt(12), rel=0.05)
    assert found["pitch_range_hz"] == pytest.approx(100, rel=0.05)


@pytest.mark.parametrize("ratio_db", [0.0, 10.0, 20.0])
def test_harmonics_to_noise_is_the_ratio_that_was_mixed(ratio_db: float) -> None:
    clean = tone(200, 3.0, np.sqrt(2))  # power 1
    mixed = clean + noise(3.0) * 10 ** (-ratio_db / 20)
    assert harmonics_to_noise_db(0.05 * mixed) == pytest.approx(ratio_db, abs=1.5)


def test_noise_alone_has_no_voice_and_a_ratio_below_0() -> None:
    found = measure(0.1 * noise(1.5))
    assert found["harmonics_to_noise_db"] < 0
    assert found["pitch_mean_hz"] == pytest.approx(FILL[3])
    assert found["pitch_deviation_hz"] == found["pitch_range_hz"] == 0


@pytest.mark.parametrize("rate", [3, 4, 5])
def test_syllables_are_counted_by_second_of_speech(rate: int) -> None:
    at = seconds(4.0)
    loudness = (0.5 - 0.5 * np.cos(2 * np.pi * rate * at)) ** 2 + 0.01
    spoken = voice(140, 4.0) * loudness
    # the last has no dip behind it
    assert articulation_rate(spoken, pitch(spoken)) == pytest.approx((4 * rate - 1) / 4, rel=0.05)
    paused = np.concatenate([spoken, np.zeros(2 * SAMPLE_RATE_HZ), spoken])
    assert articulation_rate(paused, pitch(paused)) == pytest.approx(rate, rel=0.06)


def test_what_cannot_be_measured_is_what_it_was_in_training() -> None:
    held = measure(tone(1500, 0.3))
    assert held["articulation_rate_per_s"] == pytest.approx(FILL[6])


def test_the_fill_is_the_mean_that_the_shipped_checkpoint_was_trained_on() -> None:
    means = load_file(shipped_checkpoint() / "model.safetensors")["audio.normalise.mean"]
    assert means == pytest.approx(FILL, rel=0.002)


def test_a_long_recording_counts_as_the_mean_of_its_parts() -> None:
    low, high = voice(120, 10.0), voice(240, 10.0)
    found = measure(np.concatenate([low, high]))
    assert found["duration_s"] == pytest.approx(10)
    assert found["pitch_mean_hz"] == pytest.approx(180, rel=0.01)
    assert found["pitch_range_hz"] < 20


def test_silent_parts_of_a_long_recording_count_nothing() -> None:
    found = measure(np.concatenate([np.zeros(12 * SAMPLE_RATE_HZ), voice(120, 12.0)]))
    assert found["pitch_mean_hz"] == pytest.approx(120, rel=0.01)
    assert found["intensity_deviation_db"] < 1


@pytest.mark.parametrize("samples", [np.zeros(16_000), tone(200, 1.0, 1e-5), np.full(16_000, 0.3)])
def test_silence_has_no_features(samples: Samples) -> None:
    with pytest.raises(MediaError) as absent:
        audio_features(samples)
    assert absent.value.reason == AbsentReason.SILENT


@pytest.mark.parametrize("count", [0, 1, 1599])
def test_a_recording_under_a_tenth_of_a_second_has_no_features(count: int) -> None:
    with pytest.raises(MediaError) as absent:
        audio_features(noise(1.0)[:count])
    assert absent.value.reason == AbsentReason.TOO_SHORT


def test_the_shortest_recording_has_all_measures() -> None:
    assert np.isfinite(audio_features(0.1 * noise(0.1))).all()

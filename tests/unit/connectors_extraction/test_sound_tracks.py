"""The sound of a film is read by what the film says it is, within the bounds of recordings."""

from pathlib import Path

import numpy as np
import pytest

from connectors.extraction.audio.pitch import pitch
from connectors.extraction.audio.sound import LONGEST_S, SAMPLE_RATE_HZ
from connectors.extraction.decoding.measuring import measured
from connectors.extraction.errors import AbsentReason, MediaError
from connectors.extraction.ffmpeg import libraries
from connectors.extraction.ffmpeg.sound_track import decode_sound_track
from tests.unit.connectors_extraction.media_files import film, plain
from tests.unit.connectors_extraction.sounding_films import (
    AAC_SAMPLES,
    aac_packets,
    webm_of_opus,
    with_aac,
)


@pytest.fixture
def silent_film(tmp_path: Path) -> bytes:
    return film(tmp_path, [plain((9, 9, 9))] * 12, 10, "film.mp4")


def test_aac_in_an_mp4_is_read_without_what_its_encoder_begins_with(silent_film: bytes) -> None:
    found = decode_sound_track(with_aac(silent_film, aac_packets()))
    assert found.size == pytest.approx((len(aac_packets()) - 1) * AAC_SAMPLES, abs=20)
    assert pitch(found).voiced_hz().mean() == pytest.approx(220, rel=0.005)
    assert found.std() == pytest.approx(0.1 / np.sqrt(2), rel=0.2)


def test_opus_in_a_webm_is_read() -> None:
    found = decode_sound_track(webm_of_opus(1.0))
    assert found.size == pytest.approx(SAMPLE_RATE_HZ, abs=500)
    assert pitch(found).voiced_hz().mean() == pytest.approx(220, rel=0.005)


def test_of_a_sound_track_only_the_first_minute_is_read(silent_film: bytes) -> None:
    packets = aac_packets() * (2 + LONGEST_S * SAMPLE_RATE_HZ // len(aac_packets()) // AAC_SAMPLES)
    found = decode_sound_track(with_aac(silent_film, packets))
    assert found.size == LONGEST_S * SAMPLE_RATE_HZ


def test_the_pictures_are_read_beside_the_sound(silent_film: bytes) -> None:
    whole = with_aac(silent_film, aac_packets())
    assert measured("video", whole).shape == (2, 35)
    assert measured("sound_of_video", whole).shape == (1, 8)


def test_a_film_without_sound_says_so(silent_film: bytes) -> None:
    assert reason(silent_film) is AbsentReason.NO_SOUND


def test_a_broken_sound_track_says_so_and_leaves_the_pictures(silent_film: bytes) -> None:
    broken = with_aac(silent_film, [b"\xff" * 90] * 12)
    assert reason(broken) is AbsentReason.DECODER_FAILED
    assert measured("video", broken).shape == (2, 35)


def test_broken_packets_cost_themselves(silent_film: bytes) -> None:
    packets = aac_packets()
    packets[5] = b"\xff" * 90
    found = decode_sound_track(with_aac(silent_film, packets))
    assert 0 < found.size <= (len(packets) - 1) * AAC_SAMPLES


@pytest.mark.parametrize("said", [b"A_AC3", b"A_NOTHING"])
def test_a_codec_that_is_not_read_says_so(said: bytes) -> None:
    assert reason(webm_of_opus(0.1, said)) is AbsentReason.UNSUPPORTED_FORMAT


@pytest.mark.parametrize(
    "data", [b"", b"\0\0\0\x20ftypisom", b"\x1a\x45\xdf\xa3" + bytes(100), b"RIFF\0\0\0\0WAVEfmt "]
)
def test_what_is_no_film_says_so(data: bytes) -> None:
    assert reason(data) is AbsentReason.DECODER_FAILED


def test_another_version_of_the_libraries_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(libraries.MAJORS, "avcodec", 61)
    with pytest.raises(OSError, match="carries libavcodec 62, and 61 is known here"):
        libraries.ffmpeg.__wrapped__()
    monkeypatch.setattr(libraries, "PACKAGE", "numpy")
    with pytest.raises(OSError, match="numpy carries no libavutil"):
        libraries.ffmpeg.__wrapped__()


def reason(data: bytes) -> AbsentReason:
    with pytest.raises(MediaError) as absent:
        decode_sound_track(data)
    return absent.value.reason

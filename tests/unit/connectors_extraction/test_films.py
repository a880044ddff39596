"""Films are sampled once a second of their own time."""

from pathlib import Path

import numpy as np
import pytest

from connectors.extraction.errors import AbsentReason, MediaError
from connectors.extraction.visual.films import MOST_FRAMES, decode_film
from tests.unit.connectors_extraction.media_files import film, plain


@pytest.mark.parametrize("name", ["film.mp4", "film.webm"])
def test_the_first_frame_of_each_second_is_taken(tmp_path: Path, name: str) -> None:
    shades = [40 * (number // 10) + 20 for number in range(35)]
    data = film(tmp_path, [plain((shade, shade, shade)) for shade in shades], 10, name)
    means = [float(frame.mean()) for frame in decode_film(data)]
    assert means == pytest.approx([20, 60, 100, 140], abs=4)


def test_a_film_of_fewer_frames_than_seconds_gives_those_it_has(tmp_path: Path) -> None:
    data = film(tmp_path, [plain((90, 90, 90))] * 3, 0.5, "slow.mp4")
    assert len(decode_film(data)) == 3


def test_a_long_film_gives_its_beginning(tmp_path: Path) -> None:
    data = film(tmp_path, [plain((9, 9, 9), 16, 16)] * (MOST_FRAMES + 8), 1, "long.mp4")
    assert len(decode_film(data)) == MOST_FRAMES


def test_frames_are_rgb_and_shrunk(tmp_path: Path) -> None:
    data = film(tmp_path, [plain((220, 30, 60), 240, 320)] * 2, 1, "large.mp4")
    frame = decode_film(data)[0]
    assert frame.shape == (96, 128, 3)
    assert np.abs(frame.mean(axis=(0, 1)) - (220, 30, 60)).max() < 8


@pytest.mark.parametrize("data", [b"", b"\0\0\0\x20ftypisom", b"\x1a\x45\xdf\xa3" + bytes(100)])
def test_what_is_no_film_says_so(data: bytes) -> None:
    with pytest.raises(MediaError) as absent:
        decode_film(data)
    assert absent.value.reason == AbsentReason.DECODER_FAILED

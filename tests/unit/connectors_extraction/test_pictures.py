"""Pictures are read as they are meant to be seen, and never at any cost."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageOps

from connectors.extraction.errors import AbsentReason, MediaError
from connectors.extraction.visual.pictures import decode_picture
from tests.unit.connectors_extraction.media_files import picture, plain


def absent(data: bytes) -> AbsentReason:
    with pytest.raises(MediaError) as error:
        decode_picture(data)
    return error.value.reason


def png_header(width: int, height: int) -> bytes:
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = b"IDAT" + zlib.compress(b"\0" * 1000)
    chunks = [
        struct.pack(">I", len(c) - 4) + c + struct.pack(">I", zlib.crc32(c)) for c in (header, data)
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "AVIF", "GIF"])
def test_each_format_gives_its_colour(form: str) -> None:
    pixels = decode_picture(picture(plain((200, 40, 90)), form))
    assert pixels.shape == (48, 64, 3)
    assert np.abs(pixels.astype(int) - (200, 40, 90)).max() <= 6


def test_a_large_picture_is_shrunk_to_128_pixels() -> None:
    pixels = decode_picture(picture(plain((10, 20, 30), 300, 900)))
    assert pixels.shape == (43, 128, 3)
    assert (pixels == (10, 20, 30)).all()


@pytest.mark.parametrize("orientation", range(10))
def test_a_picture_is_turned_as_it_says(orientation: int) -> None:
    pixels = np.arange(6 * 4 * 3, dtype=np.uint8).reshape(6, 4, 3)
    file, exif = io.BytesIO(), Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(pixels).save(file, "PNG", exif=exif)
    expected = ImageOps.exif_transpose(Image.open(file))
    assert (decode_picture(file.getvalue()) == np.asarray(expected)).all()


def test_sixteen_bits_of_grey_keep_the_upper_eight() -> None:
    file = io.BytesIO()
    Image.fromarray(np.full((8, 8), 0x80FF, dtype=np.uint16)).save(file, "PNG")
    assert (decode_picture(file.getvalue()) == 0x80).all()


def test_transparent_parts_are_white() -> None:
    file = io.BytesIO()
    Image.new("RGBA", (8, 8), (255, 0, 0, 0)).save(file, "PNG")
    assert (decode_picture(file.getvalue()) == 255).all()


def test_a_picture_of_too_many_pixels_is_not_decoded() -> None:
    assert absent(png_header(60_000, 60_000)) == AbsentReason.TOO_LARGE
    assert absent(png_header(8_000, 7_000)) == AbsentReason.TOO_LARGE


def test_a_broken_picture_is_told_from_none() -> None:
    whole = picture(np.random.default_rng(1).integers(0, 256, (64, 64, 3), dtype=np.uint8))
    assert absent(whole[: len(whole) // 2]) == AbsentReason.DECODER_FAILED
    assert absent(b"\x89PNG\r\n\x1a\n") == AbsentReason.UNSUPPORTED_FORMAT
    assert absent(b"<svg/>") == AbsentReason.UNSUPPORTED_FORMAT

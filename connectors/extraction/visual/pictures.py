"""Bytes of a JPEG, PNG, WebP, AVIF or GIF to pixels; the first frame where there are several.

Not for films.
"""

import io
import struct
import warnings
from typing import Final

import numpy as np
from PIL import ExifTags, Image, UnidentifiedImageError

from connectors.extraction.errors import AbsentReason, MediaError
from connectors.extraction.visual.pixels import LONGEST_SIDE, MOST_PIXELS, Pixels, pixels_of, shrunk

READ_FORMATS: Final = ("JPEG", "PNG", "WEBP", "AVIF", "GIF")
ORIENTATION: Final = ExifTags.Base.Orientation
# Source: EXIF 2.32, tag 0x0112
_TURNS: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# what Pillow's readers raise of broken files, besides its own
_BROKEN: Final = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    IndexError,
    KeyError,
    EOFError,
    OverflowError,
    RuntimeError,  # of libavif
    struct.error,
)


def decode_picture(data: bytes) -> Pixels:
    """A picture, turned as its EXIF says, transparent parts white.

    Its size is judged before a pixel is decoded.

    Raises:
        MediaError: it cannot be read, or has more than 50 million pixels.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            with Image.open(io.BytesIO(data), formats=READ_FORMATS) as picture:
                _judge(picture)
                picture.draft("RGB", (LONGEST_SIDE * 2, LONGEST_SIDE * 2))  # a JPEG, coarser
                return pixels_of(_small(picture))
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
            raise MediaError(AbsentReason.TOO_LARGE, "picture: too many pixels") from error
        except UnidentifiedImageError as error:
            raise MediaError(AbsentReason.UNSUPPORTED_FORMAT, "picture: not read") from error
        except _BROKEN as error:
            raise MediaError(AbsentReason.DECODER_FAILED, f"picture: {error}"[:200]) from error


def _judge(picture: Image.Image) -> None:
    pixels = picture.width * picture.height
    if pixels > MOST_PIXELS:
        raise MediaError(
            AbsentReason.TOO_LARGE, f"picture: {picture.width} x {picture.height} pixels"
        )


def _small(picture: Image.Image) -> Image.Image:
    """RGB, shrunk before anything else, so that a large picture is held once."""
    orientation = picture.getexif().get(ORIENTATION)
    if picture.mode.startswith("I;16"):  # Pillow would clip at 255 of 65,535
        picture = Image.fromarray((np.asarray(picture) >> 8).astype(np.uint8))
    if not picture.has_transparency_data:
        small = shrunk(picture.convert("RGB"))
    else:
        layer = shrunk(picture.convert("RGBA"))
        white = Image.new("RGBA", layer.size, "white")
        small = Image.alpha_composite(white, layer).convert("RGB")
    return _turned(small, orientation)


def _turned(picture: Image.Image, orientation: object) -> Image.Image:
    turn = _TURNS.get(orientation) if isinstance(orientation, int) else None
    return picture if turn is None else picture.transpose(turn)

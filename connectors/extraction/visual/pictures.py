"""Bytes of a JPEG, PNG, WebP or GIF to pixels. Not for films; of a GIF the first frame is taken."""

import io
import struct
import warnings
from typing import Final

from PIL import Image, ImageOps, UnidentifiedImageError

from connectors.extraction.errors import AbsentReason, MediaError
from connectors.extraction.visual.pixels import LONGEST_SIDE, MOST_PIXELS, Pixels, shrunk

READ_FORMATS: Final = ("JPEG", "PNG", "WEBP", "GIF")
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
                return shrunk(_opaque(ImageOps.exif_transpose(picture)))
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


def _opaque(picture: Image.Image) -> Image.Image:
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    layers = picture.convert("RGBA")
    white = Image.new("RGBA", layers.size, "white")
    return Image.alpha_composite(white, layers).convert("RGB")

"""Bytes of an MP4 or WebM to sampled frames. Not for their sound."""

import io
from collections.abc import Iterator
from typing import Final

import cv2
from PIL import Image

from connectors.extraction.errors import AbsentReason, MediaError
from connectors.extraction.visual.pixels import MOST_PIXELS, Pixels, pixels_of, shrunk

EVERY_S: Final = 1.0
MOST_FRAMES: Final = 32
_MOST_READ: Final = 120 * MOST_FRAMES  # frames of 120 a second; an endless film ends here


def decode_film(data: bytes) -> list[Pixels]:
    """The first frame, and the first at or behind every second after it, up to 32.

    Returns:
        1 to 32 frames, each shrunk.

    Raises:
        MediaError: it cannot be read, or its frames have more than 50 million pixels.
    """
    try:
        # Any object with read and seek will do, though the stubs ask for OpenCV's own. It is not
        # released by hand: OpenCV 5.0.0 then ends the process.
        capture = cv2.VideoCapture(io.BytesIO(data), cv2.CAP_FFMPEG, [])  # type: ignore[call-overload]
        _judge(capture)
        frames = list(_sampled(capture))
    except cv2.error as error:
        raise MediaError(AbsentReason.DECODER_FAILED, f"film: {error}"[:200]) from error
    if not frames:
        raise MediaError(AbsentReason.DECODER_FAILED, "film: no frame can be decoded")
    return frames


def _judge(capture: cv2.VideoCapture) -> None:
    if not capture.isOpened():
        raise MediaError(AbsentReason.DECODER_FAILED, "film: cannot be opened")
    width, height = (
        capture.get(side) for side in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT)
    )
    if not 0 < width * height <= MOST_PIXELS:
        raise MediaError(AbsentReason.TOO_LARGE, f"film: {width:.0f} x {height:.0f} pixels")


def _sampled(capture: cv2.VideoCapture) -> Iterator[Pixels]:
    taken = 0
    for _ in range(_MOST_READ):
        if taken == MOST_FRAMES or not capture.grab():
            return
        if capture.get(cv2.CAP_PROP_POS_MSEC) / 1000 < taken * EVERY_S:
            continue
        decoded, frame = capture.retrieve()
        if decoded:
            taken += 1
            yield pixels_of(shrunk(Image.fromarray(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB))))

"""What a decoder's process is told and answers, over its standard input and output.

Not for running it: `process` is one end and `pool` the other.
"""

import struct
from typing import Final, Literal

import numpy as np
import orjson
from numpy.typing import NDArray

from connectors.extraction.errors import AbsentReason, MediaError

Decoding = Literal["audio", "image", "video", "sound_of_video"]
"""What is made of a medium: the features of one modality."""
READY: Final = b"ready\n"
REQUEST: Final = struct.Struct(">BQ")  # decoding, bytes that follow
ANSWER: Final = struct.Struct(">Q")  # bytes that follow: JSON
ANSWER_MAX_BYTES: Final = 1024 * 1024
_DECODINGS: Final[tuple[Decoding, ...]] = ("audio", "image", "video", "sound_of_video")


def request(decoding: Decoding, data: bytes) -> bytes:
    """What begins a request; the data follow."""
    return REQUEST.pack(_DECODINGS.index(decoding), len(data))


def requested(header: bytes) -> tuple[Decoding, int]:
    """What is asked for, and number of bytes that follow."""
    decoding, size = REQUEST.unpack(header)
    return _DECODINGS[decoding], size


def answer(found: NDArray[np.float32] | MediaError) -> bytes:
    """Features, or why there are none."""
    if isinstance(found, MediaError):
        body = orjson.dumps({"reason": found.reason, "detail": found.detail})
    else:
        body = orjson.dumps({"rows": found.tolist()})
    return ANSWER.pack(len(body)) + body


def answered(body: bytes) -> NDArray[np.float32]:
    """Features.

    Raises:
        MediaError: as the process says; decoder_failed where it says nothing of sense.
    """
    try:
        said = orjson.loads(body)
        if "reason" in said:
            raise MediaError(AbsentReason(said["reason"]), str(said["detail"]))
        rows = np.array(said["rows"], dtype=np.float32)
    except (ValueError, LookupError, TypeError) as error:
        raise MediaError(AbsentReason.DECODER_FAILED, "the decoder's answer is broken") from error
    if rows.ndim != 2 or 0 in rows.shape or not np.isfinite(rows).all():
        raise MediaError(AbsentReason.DECODER_FAILED, "the decoder's answer is broken")
    return rows

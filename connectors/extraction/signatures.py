"""What bytes say they are by how they begin. Not for whether they keep to it: decoders find out.

Sources: the formats' own specifications.
"""

import re
from typing import Final

from connectors.extraction.errors import AbsentReason, MediaError
from connectors.schemas.media import MediaKind

_SIGNATURES: Final[tuple[tuple[str, frozenset[MediaKind], "re.Pattern[bytes]"], ...]] = (
    ("JPEG", frozenset({"image"}), re.compile(rb"\xff\xd8\xff")),
    ("PNG", frozenset({"image"}), re.compile(rb"\x89PNG\r\n\x1a\n")),
    ("GIF", frozenset({"image"}), re.compile(rb"GIF8[79]a")),
    ("WebP", frozenset({"image"}), re.compile(rb"RIFF....WEBP", re.DOTALL)),
    ("WAV", frozenset({"audio"}), re.compile(rb"RIFF....WAVE", re.DOTALL)),
    ("FLAC", frozenset({"audio"}), re.compile(rb"fLaC")),
    ("Ogg", frozenset({"audio"}), re.compile(rb"OggS")),
    ("MP3", frozenset({"audio"}), re.compile(rb"ID3|\xff[\xe2-\xe7\xf2-\xf7\xfa-\xff]")),
    ("AVIF", frozenset({"image"}), re.compile(rb"....ftypavi[fs]", re.DOTALL)),
    ("MP4", frozenset({"video"}), re.compile(rb"....ftyp", re.DOTALL)),
    ("WebM", frozenset({"video"}), re.compile(rb"\x1a\x45\xdf\xa3")),
)
_SAID: Final[dict[MediaKind, tuple[str, ...]]] = {
    "audio": ("audio/", "application/ogg"),
    "image": ("image/",),
    "video": ("video/",),
}
_SAYS_NOTHING: Final = frozenset({"", "application/octet-stream", "binary/octet-stream"})


def require_kind(kind: MediaKind, data: bytes) -> None:
    """Judge the first bytes.

    Raises:
        MediaError: wrong_type where they are of another kind, unsupported_format where they are
            of none that is read.
    """
    for name, kinds, pattern in _SIGNATURES:
        if pattern.match(data):
            if kind in kinds:
                return
            raise MediaError(AbsentReason.WRONG_TYPE, f"{name} is not {kind}")
    raise MediaError(AbsentReason.UNSUPPORTED_FORMAT, f"{kind} of a format that is not read")


def require_content_type(kind: MediaKind, content_type: str) -> None:
    """Judge what a server says of a body before it is read.

    Raises:
        MediaError: wrong_type.
    """
    said = content_type.partition(";")[0].strip().lower()
    if said not in _SAYS_NOTHING and not said.startswith(_SAID[kind]):
        raise MediaError(AbsentReason.WRONG_TYPE, f"{said[:64]!r} is not {kind}")

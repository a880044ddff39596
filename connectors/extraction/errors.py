"""Why media give no features: one error with a reason that can be counted.

Not for faults of this program: those are raised as they are.
"""

from enum import StrEnum
from typing import Final


class AbsentReason(StrEnum):
    """Why a modality of a post is absent."""

    FETCHING_OFF = "fetching_off"  # by the settings
    FORBIDDEN_ADDRESS = "forbidden_address"  # a URL, or where it leads to, that is not fetched
    UNREACHABLE = "unreachable"
    HOST_FAILS = "host_fails"  # it did not answer time after time, and is left alone for a while
    REFUSED = "refused"  # any status but 200
    TOO_MANY_REDIRECTS = "too_many_redirects"
    TOO_LARGE = "too_large"  # bytes, pixels or channels
    TOO_SLOW = "too_slow"
    WRONG_TYPE = "wrong_type"  # of another kind than the post says
    UNSUPPORTED_FORMAT = "unsupported_format"
    NO_SOUND = "no_sound"  # a film without a sound track
    DECODER_FAILED = "decoder_failed"  # broken, or it broke or held up the decoder
    SILENT = "silent"
    TOO_SHORT = "too_short"


BY_DESIGN: Final = frozenset({AbsentReason.FETCHING_OFF, AbsentReason.NO_SOUND})
"""Nothing failed: the settings say so of every such medium, or there is nothing to read."""


class MediaError(Exception):
    """Media that give no features.

    Args:
        reason: to be counted.
        detail: for people; holds no part of a URL but its host.
    """

    def __init__(self, reason: AbsentReason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail

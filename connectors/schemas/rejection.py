"""Why a post is not counted. The reasons are part of the contract of `posts.dlq`."""

from enum import StrEnum
from typing import Final


class Reason(StrEnum):
    """Reason of a rejection, the `reason` header of a dead letter."""

    INVALID_JSON = "invalid_json"
    INVALID_SCHEMA = "invalid_schema"
    UNSUPPORTED_VERSION = "unsupported_version"
    BAD_TENSOR = "bad_tensor"
    UNKNOWN_FEATURE_SET = "unknown_feature_set"
    KEY_MISMATCH = "key_mismatch"
    BAD_TIMESTAMP = "bad_timestamp"
    TOO_LARGE = "too_large"
    POISON = "poison"
    NO_FEATURES = "no_features"


OF_FEATURES_GIVEN: Final = frozenset(Reason) - {Reason.NO_FEATURES}
"""What a post that comes with its features can be rejected for."""


class Rejection(Exception):  # noqa: N818 - an outcome of a post, not a fault of the program
    """A post that cannot be scored.

    Args:
        reason: which of the contract's reasons.
        detail: what was wrong, where, and what to do; at most a few hundred characters.
    """

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail

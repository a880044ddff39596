"""What a check found."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Finding:
    """The answer of one check.

    Attributes:
        what: what was looked at, a word or two.
        state: `warn` is worth knowing and hinders nothing yet.
        detail: what was found.
        remedy: what to do; empty where all is well.
    """

    what: str
    state: Literal["ok", "warn", "fail"]
    detail: str
    remedy: str = ""

"""What an ingest has done so far, and how it stands. Not for showing it."""

from dataclasses import dataclass


@dataclass(slots=True)
class Figures:
    """Counts since the process began.

    Attributes:
        sent: posts handed to Kafka.
        passed_over: posts that no query matched.
        duplicates: posts that were taken before.
        unusable: what made no valid post.
        last_reason: why the last of those made none.
        withdrawn: posts and authors that their platform took back or changed.
        forgotten: example posts that were removed for it.
        at: event time up to which the source has read, Unix seconds; None while unknown.
    """

    sent: int = 0
    passed_over: int = 0
    duplicates: int = 0
    unusable: int = 0
    last_reason: str = ""
    withdrawn: int = 0
    forgotten: int = 0
    at: float | None = None

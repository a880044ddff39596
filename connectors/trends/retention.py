"""From when on trends can be counted again, once the oldest predictions are gone. Pure.

Not for finding that out: `predictions` asks the broker.
"""

from datetime import UTC, datetime


def refusal(whole_since: float | None, start: float | None) -> str | None:
    """Why what begins at `start` or later cannot be counted again; None: it can.

    Args:
        whole_since: from which event time on nothing is missing, Unix seconds; None: nothing is.
        start: Unix seconds; None: everything.
    """
    if whole_since is None or (start is not None and start >= whole_since):
        return None
    moment = datetime.fromtimestamp(whole_since, UTC).isoformat(timespec="seconds")
    return (
        "the oldest predictions are gone, and posts may be dated a day ahead of theirs: only "
        f"what begins at {moment} or later can be counted again for certain; give a --start "
        "from then on"
    )

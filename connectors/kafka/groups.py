"""Names that a deployment's workers have in Kafka beside topics: groups, and ids of transactions.

Not for joining or fencing: `stream_app` does that.
"""

from typing import Final

EXTRACTORS: Final = "-extract"
"""What follows the name of the scoring workers' group in that of the extracting workers'."""


def transactional_id(group: str, partition: int) -> str:
    """Under which a group's worker writes what it makes of a source partition.

    One for each partition, so that its next owner shuts the last one out.

    Args:
        group: whole name of the group.
        partition: number of the source partition.
    """
    return f"{group}.{partition}"

"""Names one partition of one incarnation of a topic: where posts come from.

Not for reading from it: that is `connectors.kafka`.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SourcePartition:
    """A partition of a topic, told apart from one of a topic made again under its name.

    Args:
        topic: name of the topic.
        topic_id: the broker's UUID of the topic, its incarnation.
        partition: number of the partition.

    Raises:
        ValueError: the name or id is empty or holds a character that Kafka forbids there.
    """

    topic: str
    topic_id: str
    partition: int

    def __post_init__(self) -> None:
        for part in (self.topic, self.topic_id):
            if not part or not set(part).isdisjoint("@:{}"):
                raise ValueError(f"not a Kafka topic or topic id: {part!r}; take both from Kafka")

    @property
    def field(self) -> str:
        """`<topic>@<topic_id>:<partition>`, its name in Redis."""
        return f"{self.topic}@{self.topic_id}:{self.partition}"

"""What can go wrong between Voxpop and Kafka, each with what to do about it.

Not for posts that are invalid: those are `connectors.schemas.rejection`.
"""


class KafkaConnectorError(Exception):
    """Base of this package's errors; the message says what, where and what to do."""


class ConnectionSettingsError(KafkaConnectorError):
    """The settings of a connection do not fit together, or name files that cannot be read."""


class BrokerUnreachableError(KafkaConnectorError):
    """No broker answers, or none answers in time."""

    def __init__(self, bootstrap_servers: str, doing: str = "") -> None:
        super().__init__(
            f"no Kafka broker answers at {bootstrap_servers}{doing and f' {doing}'}; "
            "start one with `voxpop stack up`, or point VOXPOP_KAFKA (and VOXPOP_KAFKA_SECURITY, "
            "with its user or certificate) at yours"
        )


class BrokerRefusesError(BrokerUnreachableError):
    """A broker is there and will not have this client, or the other way round."""

    def __init__(self, bootstrap_servers: str, why: str) -> None:
        KafkaConnectorError.__init__(self, f"Kafka at {bootstrap_servers}: {why}")


class NotAllowedError(KafkaConnectorError):
    """The broker's ACLs do not let this client do something."""

    def __init__(self, bootstrap_servers: str, what: str) -> None:
        super().__init__(
            f"Kafka at {bootstrap_servers}: this client may not {what}; "
            "docs/security.md lists the ACLs that each role needs"
        )


class TopicMissingError(KafkaConnectorError):
    """A topic that should be there is not."""

    def __init__(self, topic: str, bootstrap_servers: str) -> None:
        super().__init__(
            f"Kafka at {bootstrap_servers} has no topic {topic!r}; "
            "make it with `voxpop topics create` (and check VOXPOP_TOPIC_PREFIX)"
        )


class TopicRefusedError(KafkaConnectorError):
    """The broker refused to make or to describe a topic."""


class DeliveryError(KafkaConnectorError):
    """Posts that the broker did not take, found at `flush`."""


class FencedError(KafkaConnectorError):
    """Another process writes under the same transactional id by now."""


class TransactionError(KafkaConnectorError):
    """A transaction was not committed, or nothing is known of it: nothing more may be written."""


class DeadLetterMissingError(KafkaConnectorError):
    """No dead letter stands at the partition and offset asked for."""

"""The record that a rejected one becomes in `posts.dlq`. Not for sending it: each role does."""

from connectors.conversations.source import SourcePartition
from connectors.kafka.dead_letters import dead_letter_headers
from connectors.kafka.sending import Sendable
from stream_app.core.outcome import Rejected
from stream_app.core.record import Record


def dead_letter(source: SourcePartition, record: Record, outcome: Rejected) -> Sendable:
    """The record's own key and value, with what was wrong and where it stood in the headers."""
    headers = dead_letter_headers(
        reason=outcome.reason,
        detail=outcome.detail,
        source_topic=source.topic,
        source_topic_id=source.topic_id,
        source_partition=source.partition,
        source_offset=record.offset,
        failed_at=outcome.failed_at,
    )
    return Sendable(record.key, record.value, headers)

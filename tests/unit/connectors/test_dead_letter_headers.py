"""A dead letter's headers say why and whence, as text."""

from connectors.kafka.dead_letters import dead_letter_headers
from connectors.schemas.rejection import Reason


def test_every_header_of_the_contract_is_utf_8_text() -> None:
    headers = dead_letter_headers(
        Reason.BAD_TENSOR,
        "features.text: höchst \ud800 seltsam",
        source_topic="posts",
        source_topic_id="AAAA",
        source_partition=3,
        source_offset=1207,
        failed_at=1_764_000_000.25,
    )
    assert {name: value.decode() for name, value in headers} == {
        "reason": "bad_tensor",
        "detail": "features.text: höchst \\ud800 seltsam",
        "source-topic": "posts",
        "source-topic-id": "AAAA",
        "source-partition": "3",
        "source-offset": "1207",
        "failed-at": "1764000000.250",
    }

"""What the workers wrote of the comments: predictions and dead letters, each once.

Read when all is done; the demo follows them while they come.
"""

from dataclasses import dataclass

import orjson

from connectors.kafka.connection import KafkaConnection
from connectors.kafka.reading import read_topic


@dataclass(frozen=True, slots=True)
class Written:
    """The outcomes of one run.

    Attributes:
        sentiments: post id -> most probable sentiment.
        probabilities: post id -> probabilities in the order of `labels.SENTIMENTS`.
        model_versions: versions that scored them.
        duplicates: predictions of a post that has one already; they are delivered at least once.
        rejected: detail of each dead letter by the place of its post.
    """

    sentiments: dict[str, str]
    probabilities: dict[str, tuple[float, ...]]
    model_versions: frozenset[str]
    duplicates: int
    rejected: dict[tuple[int, int], str]


async def read_outcomes(
    connection: KafkaConnection, predictions: str, dead_letters: str
) -> Written:
    """Read both topics to their present end.

    Raises:
        connectors.kafka.errors.KafkaConnectorError: the broker does not answer.
    """
    sentiments: dict[str, str] = {}
    probabilities: dict[str, tuple[float, ...]] = {}
    versions: set[str] = set()
    duplicates = 0
    async for record in read_topic(connection, predictions):
        document = orjson.loads(record.value or b"")
        versions.add(document["model_version"])
        duplicates += document["post_id"] in sentiments
        sentiments.setdefault(document["post_id"], document["sentiment"]["label"])
        probabilities.setdefault(document["post_id"], tuple(document["sentiment"]["probs"]))
    rejected: dict[tuple[int, int], str] = {}
    async for record in read_topic(connection, dead_letters):
        headers = dict(record.headers)
        place = int(headers["source-partition"]), int(headers["source-offset"])
        rejected[place] = f"{headers['reason'].decode()}: {headers['detail'].decode()}"
    return Written(sentiments, probabilities, frozenset(versions), duplicates, rejected)

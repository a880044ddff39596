"""The reader of alerts' words that the settings ask for. Not for counting: `connectors.alerts`."""

import redis.asyncio

from connectors.alerts.post_words import PostTopics, PostWords
from connectors.exemplars.withdrawn import Withdrawn
from connectors.kafka.topics import POSTS, PREDICTIONS
from connectors.trends.layout import DAY_S, TrendLayout
from stream_app.settings import Settings


def post_words(settings: Settings, client: redis.asyncio.Redis) -> PostWords:
    """What counts words of all posts, where the settings keep texts.

    Args:
        settings: of the deployment.
        client: of Redis, answering bytes; stays the caller's to close.
    """
    return PostWords(
        settings.kafka_connection(),
        PostTopics(settings.topic(PREDICTIONS), settings.topic(POSTS)),
        Withdrawn(client, TrendLayout(settings.namespace())),
        settings.text_retention_days * DAY_S,
    )

"""Runs a command's work with Kafka; its failures end as one clear line.

Not for the commands themselves.
"""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, TypeVar

from connectors.kafka.errors import KafkaConnectorError
from stream_app.cli.errors import CliError

Result = TypeVar("Result")


def run_with_kafka(work: Coroutine[Any, Any, Result]) -> Result:
    """Run it to its end.

    aiokafka also logs what it raises; that stays off, since the line that remains says more.

    Raises:
        CliError: Kafka failed in a way that the user can mend.
    """
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    try:
        return asyncio.run(work)
    except KafkaConnectorError as error:
        raise CliError(str(error)) from error

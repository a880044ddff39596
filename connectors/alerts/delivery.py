"""Sends the queued alerts to a webhook until it takes them. Not for one sending: `webhook`."""

import asyncio
import logging
import random
import time
from collections.abc import Callable
from typing import Final

from connectors.alerts.memory import WatchMemory
from connectors.alerts.webhook import Webhook, WebhookFailedError, WebhookRefusedError
from connectors.trends.layout import DAY_S

POLL_S: Final = 1.0
FIRST_RETRY_S: Final = 1.0
LONGEST_RETRY_S: Final = 300.0
GIVEN_UP_AFTER_S: Final = DAY_S

logger = logging.getLogger(__name__)


async def send_webhooks(memory: WatchMemory, webhook: Webhook | None) -> None:
    """Send in order, until cancelled; one that is refused, or fails for a day, is left out.

    Args:
        memory: has the queue.
        webhook: where to; without one nothing is done.

    Raises:
        redis.exceptions.RedisError: Redis did not answer.
    """
    failures = 0
    while webhook is not None:
        alert = await memory.next_webhook()
        if alert is None:
            await asyncio.sleep(POLL_S)
            continue
        try:
            await webhook.send(alert)
        except WebhookRefusedError as refused:
            logger.warning("%s: %s is not sent again", refused, alert.alert_id)
        except WebhookFailedError as failed:
            told_at = alert.ended_at or alert.raised_at
            if time.time() - told_at < GIVEN_UP_AFTER_S:
                failures += 1
                wait_s = retry_s(failures)
                logger.warning("%s; again in %.0f s", failed, wait_s)
                await asyncio.sleep(wait_s)
                continue
            logger.warning("%s for a day: %s is not sent again", failed, alert.alert_id)
        await memory.webhook_done(alert)
        failures = 0


def retry_s(failures: int, jitter: Callable[[], float] = random.random) -> float:
    """How long to wait after so many failures in a row, seconds: doubled each time, half by chance.

    Args:
        failures: at least 1.
        jitter: draws from [0, 1).
    """
    longest = min(LONGEST_RETRY_S, FIRST_RETRY_S * 2.0 ** min(failures - 1, 20))
    return longest * (0.5 + 0.5 * jitter())

"""Waits after a failure and says so. Not for how long: `backoff` and `rate_limit` say that."""

import asyncio
import logging
from urllib.parse import urlsplit

from connectors.sources.backoff import Backoff

logger = logging.getLogger(__name__)


async def pause(backoff: Backoff, url: str, why: str, asked_s: float = 0.0) -> None:
    """Wait, longer each time and no less than asked, and tell once why and how long."""
    wait_s = backoff.next_wait_s(asked_s)
    logger.warning("%s: %s; again in %.1f s", shown(url), why, wait_s)
    await asyncio.sleep(wait_s)


def shown(url: str) -> str:
    """A URL for people: host and path, since the rest may hold credentials."""
    parts = urlsplit(url)
    return f"{parts.hostname}{parts.path}"

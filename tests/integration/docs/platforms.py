"""Stand-ins for platforms, on a thread of their own: Jetstream, a Mastodon server and a feed."""

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tests.unit.connectors_sources.http_platform import Answer, Script, http_platform
from tests.unit.connectors_sources.jetstream import Turn, created, jetstream
from tests.unit.connectors_sources.mastodon_server import stream, update

TEXTS = (
    "Just got the new acme phone and I love it",
    "the first coffee of the day, what a morning",
    "the acme phone broke after two days, so disappointed",
    "is there any coffee left?",
    "nothing to do with any brand at all",
    "a cup of tea and a book",
)
POSTS = 300
SPAN_S = 900.0
FEED = """<rss version="2.0"><channel><title>News</title><item>
<title>acme grows</title><guid>news-1</guid><description>acme is doing well</description>
</item></channel></rss>"""


@dataclass(frozen=True, slots=True)
class Platforms:
    """Where they listen."""

    jetstream: str
    mastodon: str
    feed: str


@contextmanager
def running_platforms() -> Iterator[Platforms]:
    """The stand-ins; each tells who connects the same posts again."""
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()
    ready = threading.Event()
    found: list[Platforms] = []

    async def serve() -> None:
        answers: Script = {
            "/api/v1/streaming/hashtag": [stream(update(1))],
            "/api/v1/timelines/tag/acme": [Answer([])],
            "/feed.xml": [Answer(FEED)],
        }
        async with jetstream(Turn(_posts(), stay=True)) as bluesky, http_platform(answers) as web:
            found.append(Platforms(bluesky.url, web.url, f"{web.url}/feed.xml"))
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    try:
        assert ready.wait(30)
        yield found[0]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()


def _posts() -> list[dict[str, Any]]:
    """Posts of the last quarter of an hour, as Jetstream tells them to who was away."""
    began = time.time() - SPAN_S
    told = []
    for number in range(POSTS):
        at = began + number * SPAN_S / POSTS
        text = TEXTS[number % len(TEXTS)]
        post = created(number, text, createdAt=datetime.fromtimestamp(at, UTC).isoformat())
        told.append(post | {"time_us": int(at * 1e6)})
    return told

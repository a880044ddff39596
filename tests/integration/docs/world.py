"""One deployment that all pages share, as their readers would have it. Not for running commands."""

import asyncio
import json
import os
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Final

from connectors.kafka.connection import KafkaConnection
from connectors.kafka.producer import PostProducer
from connectors.kafka.reading import read_topic
from connectors.kafka.topics import create_topics, voxpop_topics
from deploy.local import Endpoints
from deploy.local.processes import free_ports
from tests.docs.blocks import ROOT
from tests.docs.manifest import manifest
from tests.integration.docs.platforms import Platforms
from tests.integration.pipelines import make_post

VENV: Final = Path(sys.executable).parent
WITHIN_S: Final = 150.0
SEEDED: Final = 30


class World:
    """Servers, settings and the words that stand for them in `commands.toml`.

    Args:
        endpoints: of the servers.
        stack: folder that `voxpop stack` finds them by.
        platforms: in the place of real ones.
        folder: for files of its own.
    """

    def __init__(
        self, endpoints: Endpoints, stack: Path, platforms: Platforms, folder: Path
    ) -> None:
        self.kafka = KafkaConnection(endpoints.kafka)
        api, open_api, worker, extract = free_ports(4)
        self.words = {
            "python": sys.executable,
            "kafka": endpoints.kafka,
            "redis": endpoints.redis,
            "api_port": str(api),
            "open_api_port": str(open_api),
            "worker_port": str(worker),
            "extract_port": str(extract),
            "mastodon": platforms.mastodon,
            "feed": platforms.feed,
        }
        (folder / ".curlrc").write_text("fail\nsilent\n", encoding="utf-8")
        self._own = {
            "CURL_HOME": str(folder),  # an answer of 404 is a failure
            "VOXPOP_DATA_DIR": str(stack),
            "VOXPOP_METRICS_PORT": str(worker),
            "VOXPOP_SESSION_TIMEOUT_S": "6",
            "VOXPOP_BLUESKY_JETSTREAM": platforms.jetstream,
        }

    def environment(self, page: str) -> dict[str, str]:
        """What a page's commands find in their environment at first."""
        rest = {k: v for k, v in os.environ.items() if not k.startswith("VOXPOP_")}
        if page in manifest().from_nothing:
            return rest | self._own
        servers = {"VOXPOP_KAFKA": self.words["kafka"], "VOXPOP_REDIS": self.words["redis"]}
        return rest | self._own | servers | {"PATH": f"{VENV}:{rest['PATH']}"}

    def filled(self, text: str) -> str:
        """A text with its words between %% replaced."""
        for word, own in self.words.items():
            text = text.replace(f"%{word}%", own)
        return text

    async def prepare(self) -> None:
        """Topics, posts on three tracks, and a post that is rejected."""
        await create_topics(self.kafka, voxpop_topics("", partitions=8))
        async with PostProducer(self.kafka) as producer:
            for number in range(SEEDED):
                await producer.send(make_post(number))
            bad = make_post(SEEDED)
            bad["features"]["text"]["shape"][0] = 9  # its data has 2 rows
            await producer.send_raw(bad["conversation_id"].encode(), json.dumps(bad).encode())

    async def find_dead_letter(self) -> None:
        """Wait for the rejected post, and remember where it lies."""
        async with asyncio.timeout(WITHIN_S):
            while "dead_letter" not in self.words:
                async for record in read_topic(self.kafka, "posts.dlq"):
                    self.words["dead_letter"] = f"{record.partition}:{record.offset}"
                await asyncio.sleep(0.2)

    def raw_posts(self) -> int:
        """Posts that sources have brought."""

        async def count() -> int:
            return len([each async for each in read_topic(self.kafka, "posts.raw")])

        return asyncio.run(count())


def wait_for(effect: Callable[[], bool], going_on: Callable[[], bool], told: str) -> None:
    """Wait for an effect.

    Args:
        effect: whether it is there.
        going_on: whether it may still come.
        told: of it, where it does not.
    """
    until = time.monotonic() + WITHIN_S
    while not effect():
        assert time.monotonic() < until, f"{told}: not within {WITHIN_S:.0f} s"
        assert going_on(), f"{told}: it ended before"
        time.sleep(0.1)


def effect_of(name: str, world: World, said: Callable[[], str]) -> Callable[[], bool]:
    """What shows that a command works which does not end by itself.

    Args:
        name: as in `commands.toml`.
        world: where it works.
        said: all that it said so far.
    """
    if name.startswith("says: "):
        return lambda: name.removeprefix("says: ") in said()
    if name == "raw posts":
        before = world.raw_posts()
        return lambda: world.raw_posts() > before
    port = world.words[f"{name.replace(' ', '_')}_port"]
    address = f"http://127.0.0.1:{port}/readyz"
    return lambda: _answers(address)


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def show_project(folder: Path) -> None:
    """Let a folder look like a checkout: what is there leads to the project's own files."""
    for path in ROOT.iterdir():
        if path.name not in {".git", ".cache", "docs"}:
            (folder / path.name).symlink_to(path)

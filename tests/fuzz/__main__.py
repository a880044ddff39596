"""`python -m tests.fuzz`: malformed posts through the decoder, and through Kafka and a worker.

Prints what it found as JSON; exit code 1 where a post was lost or the worker ended.
"""

import argparse
import asyncio
import secrets
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import orjson

from deploy.local.progress import silent
from stream_app.trial.servers import trial_servers
from tests.fuzz.decoder import decode_many
from tests.fuzz.through_kafka import through_kafka

OVERSIZED = 20


def main() -> None:
    """Run both, one after the other."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--decoder", type=int, default=1_100_000, help="posts for the decoder")
    parser.add_argument("--kafka", type=int, default=55_000, help="posts for Kafka; 0: none")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    asked = parser.parse_args()
    _say({"seed": asked.seed})
    began = time.monotonic()
    decoded = decode_many(asked.seed, 0, asked.decoder)
    _say({"decoder": decoded, "took_s": round(time.monotonic() - began)})
    if not asked.kafka:
        return
    with (
        TemporaryDirectory(prefix="voxpop-fuzz-") as folder,
        trial_servers(Path(folder), "fuzz", silent) as settings,
    ):
        began = time.monotonic()
        found = asyncio.run(
            through_kafka(settings, Path(folder) / "run", asked.seed, asked.kafka, OVERSIZED)
        )
    _say({"kafka": found, "took_s": round(time.monotonic() - began)})
    if found.lost or found.senseless or found.restarts or found.refused != OVERSIZED:
        sys.exit(1)


def _say(what: dict[str, object]) -> None:
    sys.stdout.write(orjson.dumps(what, option=orjson.OPT_INDENT_2).decode() + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()

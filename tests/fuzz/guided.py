"""The decoder under atheris, which keeps what reaches new lines and breaks it further.

`make fuzz` installs atheris beside the environment. Only the project's own lines guide it: orjson
and pydantic are compiled.
"""

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import atheris
import orjson

with atheris.instrument_imports(include=["connectors.schemas"]):
    import connectors.schemas.codec
    import connectors.schemas.event_time
    import connectors.schemas.post
    import connectors.schemas.tensors  # noqa: F401 - instrumented before anything else brings it

from tests.fuzz.judging import judge
from tests.fuzz.malformed import MEBIBYTE, NOW, MalformedPosts

SEEDS = 400
LONGEST = 64 * 1024


def one_record(value: bytes) -> None:
    """Decode a value, under the key that it asks for where it asks for one."""
    key: bytes | None = b"c0"
    try:
        document = orjson.loads(value)
        key = document["conversation_id"].encode()
    except (orjson.JSONDecodeError, AttributeError, KeyError, TypeError):
        pass
    judge(key, value, now=NOW, max_bytes=MEBIBYTE)


def main() -> None:
    """Fuzz until the runs are done; what breaks the decoder is left as a file `crash-…`."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.guided", description=__doc__)
    parser.add_argument("--runs", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    source = MalformedPosts(asked.seed)
    with TemporaryDirectory(prefix="voxpop-fuzz-") as folder:
        for number in range(SEEDS):
            value = source.post(number).value
            if value is not None and len(value) <= LONGEST:
                Path(folder, str(number)).write_bytes(value)
        options = [f"-runs={asked.runs}", f"-seed={asked.seed}", f"-max_len={LONGEST}"]
        options += ["-rss_limit_mb=1024", "-timeout=10", "-print_final_stats=1", "-verbosity=0"]
        atheris.Setup([sys.argv[0], *options, folder], one_record)
        atheris.Fuzz()


if __name__ == "__main__":
    main()

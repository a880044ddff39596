"""One peer at work until it is ended: `python -m benchmarks.peers NAME --form eager|engine`.

Started by `process`, which hands it its job in the environment; not for people.
"""

import argparse
import importlib
import sys

from benchmarks.peers.catalogue import FORMS, PEERS
from benchmarks.peers.job import Job


def main() -> None:
    """Put the peer's packages last on the path and run it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers")
    parser.add_argument("name", choices=[peer.name for peer in PEERS])
    parser.add_argument("--form", choices=FORMS, required=True)
    given = parser.parse_args()
    job = Job.from_environment(given.form)
    if job.packages is not None:
        sys.path.append(str(job.packages))  # last: what the project has comes from the project
    importlib.import_module(f"benchmarks.peers.{given.name}").work_on(job)


if __name__ == "__main__":
    main()

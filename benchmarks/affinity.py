"""`python -m benchmarks.affinity`: does it help to keep worker and model each on a core of its own?

Backlogs as `pipeline` counts them, by one worker: free, then kept apart, in turn. Not for how long
posts wait, since that is measured at a part of each one's own rate.
"""

import argparse
import asyncio
import contextlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import psutil

from benchmarks import pipeline
from benchmarks.pipeline_figures import Figures
from benchmarks.steady import BenchmarkStoppedError
from stream_app.cli.json_file import write_json
from stream_app.cli.progress import drawn_progress
from stream_app.trial.worker_process import WorkerProcess

POSTS: Final = 12_000
SECONDS: Final = 5.0
START_S: Final = 60.0
_LOOK_S: Final = 0.02


async def free(workers: Sequence[WorkerProcess]) -> None:
    """Let the system choose cores."""


async def kept_apart(workers: Sequence[WorkerProcess]) -> None:
    """Keep each worker on the first core, and the process of its model on the last.

    The model has hardly begun to load then, so that all its threads come to be there.

    Raises:
        BenchmarkStoppedError: a worker has ended.
        TimeoutError: a worker starts no model.
    """
    cores = sorted(os.sched_getaffinity(0))
    for worker in workers:
        async with asyncio.timeout(START_S):
            while not (models := _process(worker).children()):  # noqa: ASYNC110 - a start sets no event
                await asyncio.sleep(_LOOK_S)
        _keep(_process(worker), cores[0])
        for model in models:
            _keep(model, cores[-1])


def _process(worker: WorkerProcess) -> psutil.Process:
    if worker.pid is None:
        raise BenchmarkStoppedError("a worker ended before it could be kept on a core")
    return psutil.Process(worker.pid)


def _keep(process: psutil.Process, core: int) -> None:
    """Keep all threads on a core; those that they make later have it of them."""
    kept: set[int] = set()
    while new := {thread.id for thread in process.threads()} - kept:
        for thread in new:
            with contextlib.suppress(ProcessLookupError):  # it has ended
                os.sched_setaffinity(thread, {core})
        kept |= new


def main() -> None:
    """Print the figures, and write them where `--json` says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="of each")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    arguments = parser.parse_args()
    if not hasattr(os, "sched_setaffinity"):
        parser.error("this system keeps no thread on a core")
    figures: list[tuple[str, Figures]] = []
    for _ in range(arguments.runs):
        for arrange in (free, kept_apart):
            with drawn_progress() as progress:
                found = pipeline.run(POSTS, 1, progress, SECONDS, workers=(1,), arrange=arrange)
            figures.append((arrange.__name__, found))
            (run,) = found.runs
            print(
                f"{arrange.__name__:12}{run.pipeline:8,.0f} posts/s, "
                f"{run.beside_producer:8,.0f} beside the producer, "
                f"{sum(run.cpu_ms.values()):.3f} ms of a core a post",
                flush=True,
            )
            if arguments.json:
                write_json(arguments.json, figures)


if __name__ == "__main__":
    main()

"""The workers of one run: real processes, started again whenever they end, ended with the run.

Not for the process itself: that is `worker_process`.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from stream_app.settings import Settings
from stream_app.trial.worker_process import WorkerProcess, worker_environment


@contextlib.asynccontextmanager
async def running_workers(
    settings: Settings, count: int, folder: Path, metrics_ports: Sequence[int | None] = ()
) -> AsyncIterator[list[WorkerProcess]]:
    """Start workers and supervise them while the body runs.

    Args:
        settings: of the run; every worker gets a data folder of its own.
        count: how many, at least one.
        folder: each gets a folder in it, with its log.
        metrics_ports: where each shows its metrics; without any, none does.

    Raises:
        ValueError: some ports, but not one for each.
    """
    folders = [folder / f"worker-{number}" for number in range(1, count + 1)]
    ports = metrics_ports or [None] * count
    workers = [
        worker_process(settings, own, port) for own, port in zip(folders, ports, strict=True)
    ]
    try:
        for worker in workers:
            worker.start()
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(worker.supervise()) for worker in workers]
            yield workers
            for task in tasks:
                task.cancel()
    finally:
        for worker in workers:
            worker.stop()


def worker_process(
    settings: Settings, folder: Path, metrics_port: int | None = None
) -> WorkerProcess:
    """A worker of a run, not started, with a folder of its own that is made here."""
    folder.mkdir(parents=True)
    variables = {
        "VOXPOP_ROLE": settings.role,
        "VOXPOP_KAFKA": settings.kafka,
        "VOXPOP_REDIS": settings.redis.get_secret_value(),
        "VOXPOP_TOPIC_PREFIX": settings.topic_prefix,
        "VOXPOP_DATA_DIR": str(folder),
        "VOXPOP_AFFINITY": settings.affinity,
        "VOXPOP_MEDIA": settings.media,
        "VOXPOP_MEDIA_HOSTS": settings.media_hosts,
    }
    if metrics_port is not None:
        variables["VOXPOP_METRICS_PORT"] = str(metrics_port)
    return WorkerProcess(worker_environment(variables), folder)

"""Servers of a run's own: only of those that it started can it tell what cores they use."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from benchmarks.steady import BenchmarkStoppedError
from deploy.local.progress import Progress
from stream_app.settings import Settings
from stream_app.trial.servers import trial_servers


@contextlib.contextmanager
def own_servers(folder: Path, name: str, progress: Progress) -> Iterator[Settings]:
    """Start a Kafka and a Valkey for one run; see `trial_servers`.

    Raises:
        BenchmarkStoppedError: the environment names others.
    """
    if named := [each for each in ("VOXPOP_KAFKA", "VOXPOP_REDIS") if os.environ.get(each)]:
        raise BenchmarkStoppedError(
            f"{' and '.join(named)} names a server whose cores are not seen from here: unset it, "
            "and servers are started for this"
        )
    with trial_servers(folder, name, progress) as settings:
        yield settings


def apart(settings: Settings, name: str) -> Settings:
    """The same servers with topics and keys that no other run of these servers has."""
    return settings.model_copy(update={"topic_prefix": f"{settings.topic_prefix}{name}-"})

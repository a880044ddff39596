"""What one peer's process is to do, handed over in its environment. Not how it does it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from benchmarks.peers.catalogue import Form
from stream_app.settings import Settings

_POSTS = "VOXPOP_PEER_POSTS"
_PREDICTIONS = "VOXPOP_PEER_PREDICTIONS"
_COUNTS = "VOXPOP_PEER_COUNTS"
_PACKAGES = "VOXPOP_PEER_PACKAGES"


@dataclass(frozen=True, slots=True)
class Job:
    """Where posts come from and where results go.

    Attributes:
        settings: servers, consumer group, model and window as for a worker.
        form: how posts are scored.
        posts: full name of the topic to read from its beginning.
        predictions: full name of the topic to write.
        counts: what the names of the Redis hashes with the counts begin with.
        packages: folder of the peer's own packages, if it has any.
    """

    settings: Settings
    form: Form
    posts: str
    predictions: str
    counts: str
    packages: Path | None

    @classmethod
    def from_environment(cls, form: Form) -> Self:
        """The job that this process was given.

        Raises:
            KeyError: it was given none.
        """
        packages = os.environ.get(_PACKAGES)
        return cls(
            Settings(),
            form,
            os.environ[_POSTS],
            os.environ[_PREDICTIONS],
            os.environ[_COUNTS],
            Path(packages) if packages else None,
        )

    def environment(self) -> Mapping[str, str]:
        """Variables that hand it to a process."""
        given = {
            "VOXPOP_KAFKA": self.settings.kafka,
            "VOXPOP_REDIS": self.settings.redis.get_secret_value(),
            "VOXPOP_GROUP": self.settings.group,
            "VOXPOP_DATA_DIR": str(self.settings.data_dir),
            _POSTS: self.posts,
            _PREDICTIONS: self.predictions,
            _COUNTS: self.counts,
        }
        return given if self.packages is None else {**given, _PACKAGES: str(self.packages)}

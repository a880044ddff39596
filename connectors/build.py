"""Which Voxpop this is: its version, and the commit it was built of. Not for choosing either.

The version stands in pyproject.toml alone; an installation's own metadata tell it everywhere else.
"""

import json
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, version

PACKAGE = "voxpop"
COMMIT_FILE = "extra_metadata/commit"  # hatch_build.py writes it
INSTALLED_FROM = "direct_url.json"  # PEP 610: an installer writes it


@dataclass(frozen=True, slots=True)
class Build:
    """What is installed.

    Attributes:
        version: as in pyproject.toml.
        commit: what it was built of; None where nobody told, as in a checkout.
    """

    version: str
    commit: str | None

    def __str__(self) -> str:
        return self.version if self.commit is None else f"{self.version} ({self.commit})"

    @property
    def labels(self) -> dict[str, str]:
        """For a metric that is always 1 and tells what it is by its labels."""
        return {"version": self.version, "commit": self.commit or ""}


def this_build() -> Build:
    """What is installed here.

    Raises:
        importlib.metadata.PackageNotFoundError: nothing is; the code is run without installing it.
    """
    installed = Distribution.from_name(PACKAGE)
    return Build(installed.version, _commit(installed))


def user_agent(purpose: str) -> str:
    """How this program names itself to servers; `0` where it is not installed."""
    try:
        told = version(PACKAGE)
    except PackageNotFoundError:
        told = "0"
    return f"{PACKAGE}/{told} ({purpose})"


def _commit(installed: Distribution) -> str | None:
    if told := installed.read_text(COMMIT_FILE):
        return told.strip()
    origin = json.loads(installed.read_text(INSTALLED_FROM) or "{}")
    commit: str | None = origin.get("vcs_info", {}).get("commit_id")
    return commit

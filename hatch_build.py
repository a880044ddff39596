"""Puts the commit into what hatchling builds. Not for versions: those are in pyproject.toml.

A wheel has it as `extra_metadata/commit` beside its metadata, where `voxpop --version` finds it; a
source archive as the file COMMIT, from which its wheel takes it. An editable install has none: it
would be old after the next commit.
"""

import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

LEFT_BY_SDIST = "COMMIT"
OF_WHEEL = "commit"


class CommitHook(BuildHookInterface[Any]):
    """hatchling's way to add a file to what it builds."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Before a build; `version` is its kind."""
        commit = "" if version == "editable" else commit_of(Path(self.root))
        if not commit:
            return
        self._folder = tempfile.TemporaryDirectory(prefix="voxpop-build-")
        file = Path(self._folder.name, OF_WHEEL)
        file.write_text(f"{commit}\n", encoding="utf-8")
        if self.target_name == "wheel":
            build_data["extra_metadata"][str(file)] = OF_WHEEL
        else:
            build_data["force_include"][str(file)] = LEFT_BY_SDIST


def commit_of(root: Path) -> str:
    """SOURCE_COMMIT, else what the source archive or git says; empty where nobody knows.

    Changes that are not committed make git's answer end in `-dirty`.
    """
    left = root / LEFT_BY_SDIST
    if told := os.environ.get("SOURCE_COMMIT"):
        return told
    if left.is_file():
        return left.read_text(encoding="utf-8").strip()
    try:
        done = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"],  # noqa: S607 - as found on the PATH
            cwd=root,
            env={**os.environ, "GIT_CEILING_DIRECTORIES": str(root.parent)},  # not another's
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.strip()

"""Figures say of which code they are."""

import subprocess
from pathlib import Path

import pytest

from benchmarks.machine import commit_of


def git(folder: Path, *arguments: str) -> None:
    who = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    subprocess.run(["git", "-C", str(folder), *who, *arguments], check=True, capture_output=True)


@pytest.fixture
def measured(tmp_path: Path) -> Path:
    """A file of a project that has one commit."""
    file = tmp_path / "measured.py"
    file.write_text("before")
    git(tmp_path, "init")
    git(tmp_path, "add", "measured.py")
    git(tmp_path, "commit", "-m", "first")
    return file


def test_the_commit_is_named_and_whether_files_differ_from_it(measured: Path) -> None:
    clean = commit_of(measured)
    assert clean is not None
    assert len(clean) >= 7
    assert set(clean) <= set("0123456789abcdef")
    measured.write_text("after")
    assert commit_of(measured) == f"{clean}-dirty"


def test_the_commit_of_a_project_around_an_installed_file_is_not_its_own(measured: Path) -> None:
    installed = measured.with_name("installed.py")
    installed.write_text("anything")
    assert commit_of(installed) is None


def test_outside_a_checkout_there_is_no_commit(tmp_path: Path) -> None:
    (tmp_path / "alone.py").write_text("anything")
    assert commit_of(tmp_path / "alone.py") is None

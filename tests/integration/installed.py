"""Voxpop as people install it: built, and in environments of its own that do not see the checkout.

Packages come from uv's cache by hard links, as `make install` left them there: no environment takes
more than a second or any space.
"""

import os
import subprocess
import sys
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.images.requirements import Image, requirements

CHECKOUT = Path(__file__).resolve().parents[2]
UV = Path(sys.executable).with_name("uv")
COMMIT = "0123456789ab"
SLOWEST_S = 170


@dataclass(frozen=True)
class Built:
    """A source archive, a wheel made of it, and a wheel made of the checkout."""

    archive: Path
    wheel: Path
    wheel_of_checkout: Path


def build(folder: Path) -> Built:
    """Build all of them, below the folder."""
    archive = _hatchling("sdist", CHECKOUT, folder, {"SOURCE_COMMIT": COMMIT})
    with tarfile.open(archive) as packed:
        packed.extractall(folder / "unpacked", filter="data")
    (source,) = (folder / "unpacked").iterdir()
    return Built(
        archive,
        _hatchling("wheel", source, folder / "of-archive", {}),
        _hatchling("wheel", CHECKOUT, folder / "of-checkout", {"SOURCE_COMMIT": COMMIT}),
    )


@dataclass(frozen=True)
class Environment:
    """A virtual environment that holds Voxpop.

    Args:
        folder: where it is.
        work: where its commands are run.
    """

    folder: Path
    work: Path

    def command(self, program: str, *arguments: str) -> list[str]:
        return [str(self.folder / "bin" / program), *arguments]

    def variables(self, settings: Mapping[str, str]) -> dict[str, str]:
        """What its commands see: nothing of the checkout's environment."""
        kept = {name: os.environ[name] for name in ("HOME", "XDG_CACHE_HOME") if name in os.environ}
        path = f"{self.folder / 'bin'}:/usr/bin:/bin"
        return {**kept, "PATH": path, "NUMBA_CACHE_DIR": str(self.work / "numba"), **settings}

    def run(
        self, program: str, *arguments: str, settings: Mapping[str, str], code: int = 0
    ) -> subprocess.CompletedProcess[str]:
        """Run one of its commands to its end."""
        done = subprocess.run(
            self.command(program, *arguments),
            cwd=self.work,
            env=self.variables(settings),
            capture_output=True,
            text=True,
            timeout=SLOWEST_S,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done


def install(wheel: Path, image: Image, folder: Path, work: Path) -> Environment:
    """An environment with the locked packages of an image, and the wheel."""
    work.mkdir(exist_ok=True)
    packages = folder.with_suffix(".txt")
    lock = (CHECKOUT / "requirements.lock").read_text(encoding="utf-8")
    packages.write_text("".join(f"{line}\n" for line in requirements(lock, image)))
    _uv("venv", "--python", sys.executable, str(folder))
    into = ("--python", str(folder / "bin" / "python"), "--no-deps")
    _uv("pip", "install", *into, "--require-hashes", "--requirement", str(packages))
    _uv("pip", "install", *into, str(wheel))
    return Environment(folder, work)


def cache_folder() -> Path:
    """Where uv keeps packages: only on the same file system can they be linked."""
    return Path(_uv("cache", "dir").strip())


def check_requirements(environment: Environment) -> None:
    """Fails where an installed package lacks another, or has another version than it wants."""
    _uv("pip", "check", "--python", str(environment.folder / "bin" / "python"))


def _uv(*arguments: str) -> str:
    """Without a network, since all is in the cache; with it where somebody emptied the cache."""
    for network in ({"UV_OFFLINE": "1"}, {}):
        done = subprocess.run(
            [UV, *arguments],
            env={**os.environ, **network, "UV_NO_CONFIG": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode == 0:
            return done.stdout
    raise AssertionError(done.stderr)


def _hatchling(kind: str, source: Path, folder: Path, extra: Mapping[str, str]) -> Path:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", folder],
        cwd=source,
        env={**os.environ, "SOURCE_DATE_EPOCH": "1764000000", **extra},
        capture_output=True,
        check=True,
        timeout=SLOWEST_S,
    )
    (made,) = (each for each in folder.iterdir() if each.suffix in {".whl", ".gz"})
    return made

"""Packages of the peers, pinned in `requirements/` and kept apart from the project's own.

They lie in a folder that only a peer's process puts last on its path: what the project has itself
is taken from the project. Not for what the project needs: that is requirements.lock.
"""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

REQUIREMENTS: Final = Path(__file__).with_name("requirements")
INSTALL_S: Final = 900.0
_MARK: Final = ".installed"


class InstallError(Exception):
    """The packages of a peer cannot be installed; says why."""


def needed(name: str) -> Path | None:
    """The file with the pins of a peer; None: it needs nothing that the project has not."""
    file = REQUIREMENTS / f"{name}.txt"
    return file if file.is_file() else None


def install(name: str, folder: Path) -> Path | None:
    """Install what a peer needs, unless these very pins lie there already.

    Args:
        name: of the peer.
        folder: gets a folder for each peer.

    Returns:
        Where the packages lie; None: it needs none.

    Raises:
        InstallError: it did not work.
    """
    pins = needed(name)
    if pins is None:
        return None
    target = folder / name
    mark = target / _MARK
    wanted = pins.read_text(encoding="utf-8")
    if mark.is_file() and mark.read_text(encoding="utf-8") == wanted:
        return target
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    _run_uv(pins, target)
    mark.write_text(wanted, encoding="utf-8")
    return target


def _run_uv(pins: Path, target: Path) -> None:
    uv = Path(sys.executable).with_name("uv")
    command: list[str | Path] = [uv, "pip", "install", "--quiet", "--no-deps"]
    command += ["--python", sys.executable, "--target", target, "--requirement", pins]
    try:
        subprocess.run(  # noqa: S603 - our own command, no shell
            command,
            check=True,
            capture_output=True,
            text=True,
            timeout=INSTALL_S,
        )
    except FileNotFoundError:
        raise InstallError(f"{uv} is missing; run `make install`") from None
    except subprocess.TimeoutExpired:
        raise InstallError(f"{pins.name} is not installed after {INSTALL_S:.0f} s") from None
    except subprocess.CalledProcessError as error:
        last = (error.stderr.strip().splitlines() or ["uv said nothing"])[-1]
        raise InstallError(f"{pins.name} cannot be installed: {last.strip()}") from error

"""Checks of this machine: Python, packages, Java, Kafka's jars, Valkey, settings, disk."""

import platform
import shutil
import subprocess
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from pydantic import ValidationError

from connectors.kafka.errors import ConnectionSettingsError
from connectors.redis_connection import RedisSettingsError
from deploy.local import StackError
from deploy.local.jars import jar_cache, missing_jars, read_lock
from deploy.local.kafka import java
from deploy.local.valkey import valkey_binary
from stream_app.doctor.finding import Finding
from stream_app.settings import Settings, settings_problem

GIBIBYTE = 1024**3
DISK_NEEDED = GIBIBYTE
DISK_WANTED = 5 * GIBIBYTE
RUN_S = 30
INSTALL = "run `make install`"
SETTINGS_PAGE = "docs/settings.md lists what each may be"


def python() -> Finding:
    """The interpreter's version."""
    found = platform.python_version()
    if (3, 11) <= sys.version_info[:2] < (3, 14):
        return Finding("python", "ok", f"{found} at {sys.executable}")
    return Finding("python", "fail", f"{found}; 3.11 to 3.13 are supported", "install Python 3.11")


def packages() -> Finding:
    """Whether the packages with an exact version have it."""
    try:
        needed = requires("voxpop") or []
    except PackageNotFoundError:
        return Finding("packages", "fail", "voxpop itself is not installed", INSTALL)
    pinned = pinned_versions(needed)
    wrong = [
        f"{name} is {found or 'missing'}, not {wanted}"
        for name, wanted in pinned
        if (found := _version(name)) != wanted
    ]
    if wrong:
        return Finding("packages", "fail", "; ".join(wrong), INSTALL)
    return Finding("packages", "ok", f"{len(pinned)} pinned packages as they should be")


def pinned_versions(requirements: Sequence[str]) -> list[tuple[str, str]]:
    """Packages that everybody needs in an exact version; those of extras are left out.

    Args:
        requirements: as a package's metadata tell them, `name==1.0` or `name==1.0; marker`.

    Returns:
        Name and version.
    """
    pinned = []
    for requirement in requirements:
        needed, _, marker = requirement.partition(";")
        name, exact, wanted = needed.partition("==")
        if exact and "extra" not in marker:
            pinned.append((name.strip(), wanted.strip()))
    return pinned


def java_runtime() -> Finding:
    """The Java of the local Kafka."""
    return _program("java", [str(java()), "-version"])


def valkey() -> Finding:
    """The server of the local Redis."""
    try:
        return _program("valkey", [str(valkey_binary()), "--version"])
    except StackError as error:
        return Finding("valkey", "warn", str(error), "set VOXPOP_REDIS to a server of yours")


def jars() -> Finding:
    """Whether the local Kafka is fetched."""
    locked = read_lock()
    missing = missing_jars(locked, jar_cache())
    if not missing:
        return Finding("jars", "ok", f"{len(locked)} verified in {jar_cache()}")
    detail = f"{len(missing)} of {len(locked)} not fetched yet"
    return Finding("jars", "warn", detail, "`voxpop stack up` fetches them, about 44 MB")


def settings() -> tuple[Settings | None, Finding]:
    """The settings of the environment; None where one of them is wrong."""
    try:
        found = Settings()
        found.kafka_connection().client_options()
        found.redis_connection().open_sync().close()
        address = found.redis_connection().address
    except ValidationError as error:
        return None, Finding("settings", "fail", settings_problem(error), SETTINGS_PAGE)
    except (ConnectionSettingsError, RedisSettingsError) as error:
        return None, Finding("settings", "fail", str(error), SETTINGS_PAGE)
    detail = f"Kafka {found.kafka}, Redis {address}, prefix {found.topic_prefix!r}"
    return found, Finding("settings", "ok", detail)


def disk(folder: Path) -> Finding:
    """Space where the local stack and the workers keep files."""
    existing = next(each for each in (folder, *folder.parents) if each.exists())
    free = shutil.disk_usage(existing).free
    detail = f"{free / GIBIBYTE:.1f} GiB free for {folder}"
    if free < DISK_NEEDED:
        return Finding("disk", "fail", detail, "free some, or set VOXPOP_DATA_DIR elsewhere")
    if free < DISK_WANTED:
        return Finding("disk", "warn", detail, "Kafka keeps posts for seven days: free some")
    return Finding("disk", "ok", detail)


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _program(what: str, command: list[str]) -> Finding:
    try:
        done = subprocess.run(  # noqa: S603 - our own command, no shell
            command, capture_output=True, text=True, timeout=RUN_S, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        return Finding(what, "fail", f"{command[0]} does not run: {error}", INSTALL)
    return Finding(what, "ok", (done.stdout or done.stderr).splitlines()[0])

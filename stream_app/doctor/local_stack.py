"""Checks of the local stack: its Java, Kafka's jars, its Valkey. Nobody else needs them."""

import subprocess
from collections.abc import Iterator

from deploy.local import StackError
from deploy.local.jars import jar_cache, missing_jars, read_lock
from deploy.local.kafka import java
from deploy.local.valkey import valkey_binary
from stream_app.doctor.finding import Finding
from stream_app.doctor.packages import INSTALL

RUN_S = 30


def local_stack() -> Iterator[Finding]:
    """Every part of it."""
    yield java_runtime()
    yield jars()
    yield valkey()


def java_runtime() -> Finding:
    """The Java of the local Kafka."""
    try:
        return _program("java", [str(java()), "-version"])
    except StackError as error:
        return Finding("java", "warn", str(error), "set VOXPOP_KAFKA to a server of yours")


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


def _program(what: str, command: list[str]) -> Finding:
    try:
        done = subprocess.run(  # noqa: S603 - our own command, no shell
            command, capture_output=True, text=True, timeout=RUN_S, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        return Finding(what, "fail", f"{command[0]} does not run: {error}", INSTALL)
    return Finding(what, "ok", (done.stdout or done.stderr).splitlines()[0])

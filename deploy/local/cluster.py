"""Kafka brokers of one cluster on one machine, each of which can be killed and started again.

For tests of what happens when one is lost. Not for demonstrations: `stack` starts one that stays.
"""

import signal
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from deploy.local.kafka import STOP_S, Node, new_cluster_id, start_kafka, wait_for_kafka
from deploy.local.processes import LOCALHOST, ServerProcess, free_ports

KILL_S = 10.0


class KafkaCluster:
    """Brokers that are controllers as well; topics may have as many copies as there are brokers.

    Args:
        folder: each broker gets a folder in it.
        classpath: the verified jars.
        brokers: how many; with three the cluster lives on when one is lost.
    """

    def __init__(self, folder: Path, classpath: Sequence[Path], brokers: int = 1) -> None:
        ports = free_ports(2 * brokers)
        cluster_id = new_cluster_id()
        self.size = brokers
        self._folder = folder
        self._classpath = classpath
        self._ports = ports[:brokers]
        self._nodes = [
            Node(number, tuple(ports[brokers:]), cluster_id) for number in range(1, brokers + 1)
        ]
        self._servers: dict[int, ServerProcess] = {}

    @property
    def bootstrap_servers(self) -> str:
        """`host:port,…` of all brokers, running or not."""
        return ",".join(f"{LOCALHOST}:{port}" for port in self._ports)

    def start(self) -> None:
        """Have every broker running and ready.

        Raises:
            StackError: one does not become ready.
        """
        missing = [node for node in self._nodes if not self.runs(node.number)]
        for node in missing:
            self._servers[node.number] = start_kafka(
                self._place(node), self._classpath, self._ports[node.number - 1], node=node
            )
        for node in missing:
            wait_for_kafka(self._servers[node.number], self._place(node))

    def runs(self, number: int) -> bool:
        """Whether a broker's process is there; the first is number 1."""
        server = self._servers.get(number)
        return server is not None and server.is_alive()

    def pids(self) -> list[int]:
        """Process ids of the brokers that were started."""
        return [server.pid for server in self._servers.values()]

    def kill(self, number: int) -> None:
        """End a broker as a power cut would; its data stays."""
        with suppress(psutil.NoSuchProcess):
            process = psutil.Process(self._servers[number].pid)
            process.send_signal(signal.SIGKILL)
            process.wait(KILL_S)

    def stop(self) -> None:
        """End all of them.

        Raises:
            StackError: one does not end.
        """
        for server in self._servers.values():
            server.stop(STOP_S if self.size == 1 else 0.0)  # without a quorum none ends politely

    def _place(self, node: Node) -> Path:
        return self._folder / f"broker-{node.number}"

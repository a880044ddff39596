"""Judges a worker from its progress: may it be sent work, and does it get on?

The event loop tells what it sees; another thread asks, so that a loop that stands still is found
out as well. Not for answering HTTP: that is `status_server`.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

Server = Literal["Kafka", "Redis"]
SERVERS: Final[Sequence[Server]] = ("Kafka", "Redis")

PROBE_EVERY_S: Final = 10.0
SILENT_FOR_S: Final = 35.0  # three probes without an answer, and their time-outs
LOOP_LATE_S: Final = 2.0
STANDING_FOR_S: Final = 30.0  # healing takes 3 s, and gives up after 10


@dataclass(frozen=True, slots=True)
class Position:
    """How far an assigned partition is.

    Attributes:
        done: offset after the last post that is done; None while it is being started.
        end: offset after the last post that Kafka has, as far as known.
        held_back: whether it waits for media, for as long as there are many: no restart helps.
    """

    done: int | None
    end: int
    held_back: bool = False

    @property
    def lag(self) -> int:
        """Posts that are not done; 0 while that is not known."""
        return 0 if self.done is None else max(0, self.end - self.done)

    @property
    def behind(self) -> bool:
        """Whether something is to be done now: posts, or the start itself."""
        return self.done is None or (self.lag > 0 and not self.held_back)


@dataclass(frozen=True, slots=True)
class Verdict:
    """An answer, as JSON shows it.

    Attributes:
        status: `ok` or `failing`.
        problems: what stands still or is missing, a line each.
        partitions: partition -> its figures.
        model: version of the model; None before it is loaded.
    """

    status: Literal["ok", "failing"]
    problems: list[str]
    partitions: dict[str, dict[str, float | None]]
    model: str | None


class Health:
    """What the event loop said last, and what follows from it.

    Args:
        servers: that the worker cannot do without.
        rebalance_s: longest time that a rebalance may take, in which partitions have no start.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        servers: Sequence[Server] = SERVERS,
        rebalance_s: float = 0.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._servers = servers
        self._starting_for_s = rebalance_s + STANDING_FOR_S
        self._clock = clock
        self._model: str | None = None
        self._joined = False
        self._leaving = False
        self._looked_s: float | None = None
        self._answered_s: dict[Server, float] = {}
        self._failures: dict[Server, str] = {}
        self._positions: Mapping[int, Position] = {}
        self._standing_since_s: dict[int, float] = {}

    def model_loaded(self, version: str) -> None:
        """The model can work."""
        self._model = version

    def joined(self) -> None:
        """The group has given this worker its partitions, be they none."""
        self._joined = True

    def leaving(self) -> None:
        """The worker finishes what it has and takes no more."""
        self._leaving = True

    def answered(self, server: Server) -> None:
        """A server answered just now."""
        self._answered_s[server] = self._clock()
        self._failures.pop(server, None)

    def failed(self, server: Server, why: str) -> None:
        """A server did not answer, or refused."""
        self._failures[server] = why

    def look(self, positions: Mapping[int, Position]) -> None:
        """How far the assigned partitions are; tell it every second, also when there are none."""
        now_s = self._clock()
        before, since = self._positions, self._standing_since_s
        self._standing_since_s = {
            partition: since.get(partition, now_s)
            if position.behind and _same(before.get(partition), position)
            else now_s
            for partition, position in positions.items()
        }
        self._positions = dict(positions)
        self._looked_s = now_s

    def ready(self) -> Verdict:
        """May it be sent work: recovered, model loaded, servers reachable?"""
        problems = self._of_the_loop()
        if self._model is None:
            problems.append("the model is being loaded")
        elif not self._joined:
            problems.append("the consumer group has not given out partitions yet")
        if self._leaving:
            problems.append("the worker is leaving")
        now_s = self._clock()
        for server in self._servers:
            silent_s = now_s - self._answered_s.get(server, now_s - SILENT_FOR_S)
            if why := self._failures.get(server):
                problems.append(f"{server} does not answer: {why}")
            elif silent_s >= SILENT_FOR_S:
                problems.append(f"{server} has not answered yet, or not for {silent_s:.0f} s")
        for partition, position in sorted(self._positions.items()):
            if position.done is None:
                problems.append(f"partition {partition} is being started")
        return self._verdict(problems)

    def healthy(self) -> Verdict:
        """Does it get on: do offsets advance wherever there is lag?"""
        problems = self._of_the_loop()
        for partition, standing_s in sorted(self._standing().items()):
            position = self._positions[partition]
            if position.done is None and standing_s >= self._starting_for_s:
                problems.append(f"partition {partition} has been starting for {standing_s:.0f} s")
            elif position.done is not None and standing_s >= STANDING_FOR_S:
                problems.append(
                    f"partition {partition} has stood at offset {position.done} for "
                    f"{standing_s:.0f} s, {position.lag} posts behind"
                )
        return self._verdict(problems)

    def _of_the_loop(self) -> list[str]:
        if self._looked_s is None:
            return []
        late_s = self._clock() - self._looked_s
        if late_s < LOOP_LATE_S:
            return []
        return [f"the event loop has stood still for {late_s:.0f} s"]

    def _standing(self) -> dict[int, float]:
        """Seconds that each partition with lag, or without a start, has stood still."""
        now_s, positions = self._clock(), self._positions
        return {
            partition: now_s - since_s
            for partition, since_s in self._standing_since_s.copy().items()
            if partition in positions and positions[partition].behind
        }

    def _verdict(self, problems: list[str]) -> Verdict:
        standing = self._standing()
        return Verdict(
            status="failing" if problems else "ok",
            problems=problems,
            partitions={
                str(partition): {
                    "done": position.done,
                    "end": position.end,
                    "lag": position.lag,
                    "standing_s": round(standing.get(partition, 0.0), 1),
                }
                for partition, position in sorted(self._positions.items())
            },
            model=self._model,
        )


def _same(before: Position | None, now: Position) -> bool:
    return before is not None and before.done == now.done

"""The guard before each effect: are these partitions still ours, and is the batch young enough?"""

import time
from collections.abc import Callable, Collection

from stream_app.broker import Broker
from stream_app.exits import CannotGoOn, ExitCode

SAFE_PART_OF_SESSION = 0.6


class Membership:
    """Checks a batch against the consumer group.

    Args:
        broker: the group as this member sees it.
        session_timeout_s: after so long without a heartbeat the group gives partitions away.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        broker: Broker,
        session_timeout_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._broker = broker
        self._limit_s = session_timeout_s * SAFE_PART_OF_SESSION
        self._clock = clock

    def now_s(self) -> float:
        """Monotonic seconds, as `check` reads them."""
        return self._clock()

    def check(self, partitions: Collection[int], generation: int, began_s: float) -> None:
        """Raise unless a batch may have an effect now.

        Args:
            partitions: source partitions of the batch.
            generation: generation in which its records were fetched.
            began_s: monotonic seconds at which its processing began.

        Raises:
            CannotGoOn: the partitions may be somebody else's.
        """
        if generation != self._broker.generation() or not self._broker.assigned().issuperset(
            partitions
        ):
            raise CannotGoOn(
                ExitCode.PARTITION_LOST,
                f"partitions {sorted(partitions)} were taken away while a batch was in flight",
            )
        age_s = self._clock() - began_s
        if age_s > self._limit_s:
            raise CannotGoOn(
                ExitCode.BATCH_TOO_OLD,
                f"a batch took {age_s:.1f} s of a safe {self._limit_s:.1f} s; "
                "lower VOXPOP_BATCH_MAX or raise VOXPOP_SESSION_TIMEOUT_S",
            )

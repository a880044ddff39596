"""What a worker may do next: take a fetch, form a batch, or wait. Its bounds stand here.

The worker (`stream_app.worker`) and the simulation (`stream_app.capacity`) ask here, so that
neither can decide otherwise. It knows no clock, waits for nothing and reads nothing.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import Final, Generic, TypeVar

from stream_app.core.batching import Item, MicroBatcher

BATCH_MOST: Final = 256  # posts of a batch, unless VOXPOP_BATCH_MAX says otherwise
BATCH_MOST_ON_GPU: Final = 1024  # what deployments with GPUs set it to
FETCH_RECORDS: Final = 256  # most records of one fetch: bounds what a rebalance throws away
FETCHES_WAITING: Final = 4  # fetches between the consumer and the worker; past it the next waits
FEW_RECORDS: Final = 64  # a fetch of fewer, all that there were, is not followed at once
APART_FOR_EACH_S: Final = (
    0.002  # from its begin to the next, for each record: a fetch costs as much
)
LEAST_APART_S: Final = 0.01
MOST_APART_S: Final = 0.03
DECODED_AT_ONCE: Final = 32  # posts; between them others have their turn
WAITING_BATCHES: Final = 4  # decoded posts that may wait, in batches; past it no fetch is taken
BATCHES_HELD: Final = 3  # one takes effect, one is scored, one is read and encoded meanwhile

Fetched = TypeVar("Fetched")


class Flow(Generic[Item]):
    """Posts that wait for a batch, and how many batches are under way.

    Args:
        batcher: says what a batch is and when one is due.

    Attributes:
        held: batches between their forming and their last effect.
    """

    def __init__(self, batcher: MicroBatcher[Item]) -> None:
        self.held = 0
        self._batcher = batcher

    def __len__(self) -> int:
        return len(self._batcher)

    @property
    def has_room(self) -> bool:
        """Whether another fetch may be taken; all of it, though it be more than there is room."""
        return self._batcher.cost < WAITING_BATCHES * self._batcher.most

    def add(self, items: Collection[Item], now_s: float) -> None:
        """Let decoded posts wait.

        Args:
            items: in the order of their offsets within each partition.
            now_s: monotonic seconds.
        """
        self._batcher.add(items, now_s)

    def due_in_s(self, now_s: float) -> float | None:
        """Seconds until a batch is to be formed; 0 or less: now; None: not before something ends.

        Args:
            now_s: monotonic seconds.
        """
        if self.held >= BATCHES_HELD:
            return None
        return self._batcher.due_in_s(now_s, busy=self.held > 0)

    def take(self) -> tuple[list[Item], float]:
        """The next batch, which is held from now on, and when its first post came.

        Raises:
            IndexError: nothing waits.
        """
        taken = self._batcher.take()
        self.held += 1
        return taken

    def let_go(self) -> None:
        """A batch had its last effect."""
        self.held -= 1

    def clear(self) -> None:
        """Forget what waits: the partitions were revoked. What is held goes its way."""
        self._batcher.clear()


def fetch_pause_s(brought: int, more: bool, took_s: float) -> float:
    """Seconds to wait after a fetch before the next is taken.

    Where posts come slowly a short pause lets none wait long; where they come fast a longer one
    makes fetches fewer. Where more lie there than a fetch may bring, few records are large ones.

    Args:
        brought: records, of all partitions.
        more: whether some partition has more that could not be brought.
        took_s: how long the fetch was waited for and passed on, seconds.
    """
    if more or not 0 < brought < FEW_RECORDS:
        return 0.0
    apart_s = min(MOST_APART_S, max(LEAST_APART_S, brought * APART_FOR_EACH_S))
    return max(0.0, apart_s - took_s)


def portions(fetched: Sequence[Fetched]) -> Iterator[Sequence[Fetched]]:
    """Records of a fetch in the portions that are decoded without a pause."""
    for start in range(0, len(fetched), DECODED_AT_ONCE):
        yield fetched[start : start + DECODED_AT_ONCE]

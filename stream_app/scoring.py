"""The work of a scoring worker: posts become predictions, and predictions counts.

Not for wiring its parts: that is `scoring_role`.
"""

from typing import Final, Protocol

from connectors.conversations.source import SourcePartition
from connectors.schemas.post import DecodedPost
from stream_app.batch import Batch, Decoder, Item
from stream_app.core.record import Record
from stream_app.decider import Decider
from stream_app.decisions import FixedBatch, ScoredBatch
from stream_app.effects import Effects
from stream_app.exits import CannotGoOn, ExitCode


class IntentStore(Protocol):
    """Where the results of each partition's last batch are kept."""

    async def load_intent(self, partition: SourcePartition) -> FixedBatch | None:
        """The last fixed batch, None if there was none."""


class Scoring:
    """Scores batches; see `Work` for what each step is.

    Args:
        decoder: reads the posts.
        decider: decides what becomes of a batch.
        effects: gives decisions their effects.
        intents: results that are fixed already.
    """

    commits: Final = False

    def __init__(
        self, decoder: Decoder, decider: Decider, effects: Effects, intents: IntentStore
    ) -> None:
        self._decoder = decoder
        self._decider = decider
        self._effects = effects
        self._intents = intents
        self._fixed: dict[SourcePartition, FixedBatch | None] = {}

    def decode(self, record: Record, now: float) -> Item[DecodedPost]:
        """The post of a record, or its rejection."""
        return self._decoder.decode(record, now)

    def begin(self, item: Item[DecodedPost]) -> None:
        """Nothing of a post takes long by itself."""

    async def take_over(self, source: SourcePartition, end: int) -> tuple[int, int] | None:
        """Find the batch that was fixed last: its results stand, whoever fixed it.

        Raises:
            CannotGoOn: Kafka does not have it any more.
        """
        fixed = await self._intents.load_intent(source)
        if fixed and fixed.last >= end:
            raise CannotGoOn(
                ExitCode.HOLE,
                f"partition {source.partition} ends at {end}, before offset {fixed.last} that was "
                "read: Kafka lost records; if it stays so, delete the topic and make it again",
            )
        self._fixed[source] = fixed
        return (fixed.first, fixed.last) if fixed else None

    async def resume(self, source: SourcePartition, start: int) -> None:
        """Count again what Redis may have lost of the batch fixed last."""
        fixed = self._fixed.pop(source, None)
        if fixed:
            await self._effects.count_again(source, fixed, start)
        self._decider.assign(source, fixed)

    async def release(self) -> None:
        """Forget windows and results: the partitions are somebody else's."""
        self._fixed.clear()
        self._decider.revoke_all()

    async def assemble(self, batch: Batch[DecodedPost]) -> None:
        """Read the windows that a batch needs."""
        await self._decider.assemble(batch)

    async def decide(self, batch: Batch[DecodedPost]) -> ScoredBatch:
        """Score a batch: all that a decision waits for."""
        return await self._decider.score(batch)

    async def conclude(self, decided: ScoredBatch) -> None:
        """Make predictions of scores, while the next batch is scored; fix, deliver and count."""
        await self._effects.conclude(self._decider.decide(decided))

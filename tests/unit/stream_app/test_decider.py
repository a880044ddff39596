"""What the decider holds of a conversation is never older than what was scored of it."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from connectors.conversations.source import SourcePartition
from connectors.conversations.store import Conversation
from connectors.schemas.author import AuthorHasher
from stream_app.batch import Batch, Decoder
from stream_app.core.scoring import Scorer
from stream_app.core.shedding import Shedding
from stream_app.core.windows import ConversationKey, Windows
from stream_app.decider import Decider
from stream_app.membership import Membership
from stream_app.metrics import Metrics
from tests.unit.stream_app.fakes import (
    STAMP,
    FakeBroker,
    FakeEngine,
    FakeStore,
    features,
    post_record,
)

KEY = ConversationKey(0, "c")


class SlowStore(FakeStore):
    """Answers with what it had when it was asked, after another batch was scored meanwhile."""

    meanwhile: Windows

    async def windows(self, wanted: Iterable[Conversation]) -> dict[Conversation, list[bytes]]:
        answer = await super().windows(wanted)
        (records,) = answer.values()
        self.meanwhile.load(KEY, records)
        self.meanwhile.append(KEY, [STAMP + b"scored meanwhile"])
        return answer


async def test_a_late_answer_of_the_store_does_not_undo_what_was_scored_meanwhile() -> None:
    broker, engine, store = FakeBroker({0: range(3)}), FakeEngine(), SlowStore()
    windows = store.meanwhile = Windows(4, STAMP, 100)
    with ThreadPoolExecutor(1) as threads:
        decider = Decider(
            scorer=Scorer(engine, windows, features(999)),
            windows=windows,
            model_version=engine.version,
            stands_for=1,
            authors=AuthorHasher(None),
            store=store,
            membership=Membership(broker, 10.0, clock=lambda: 0.0),
            executor=threads,
            metrics=Metrics(),
        )
        decider.assign(SourcePartition("posts", "id1", 0), None)
        item = Decoder("default@1", 1 << 20, Shedding(1, "posts")).decode(
            post_record(0), 1_764_000_000.0
        )
        await decider.assemble(Batch([item], 1))
    assert windows.window(KEY).records == (STAMP + b"scored meanwhile",)

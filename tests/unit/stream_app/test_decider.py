"""What the decider holds of a conversation is never older than what was scored of it."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from connectors.conversations.source import SourcePartition
from connectors.conversations.store import Conversation, Intent
from connectors.schemas.author import AuthorHasher
from connectors.schemas.post import DecodedPost
from connectors.schemas.prediction import Prediction
from connectors.schemas.rejection import Reason
from connectors.schemas.scoring import Features, Score, WindowRequest
from stream_app.batch import Batch, Decoder
from stream_app.core.outcome import Rejected, encode_outcomes
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

SOURCE = SourcePartition("posts", "id1", 0)
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


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as own:
        yield own


def make_decider(
    engine: FakeEngine,
    windows: Windows,
    store: FakeStore,
    threads: ThreadPoolExecutor,
    encoder: ThreadPoolExecutor | None = None,
) -> Decider:
    decider = Decider(
        scorer=Scorer(engine, windows, features(999)),
        windows=windows,
        model_version=engine.version,
        stands_for=1,
        authors=AuthorHasher(None),
        store=store,
        membership=Membership(FakeBroker({0: range(3)}), 10.0, clock=lambda: 0.0),
        executor=threads,
        encoder=encoder or threads,
        metrics=Metrics(),
    )
    decider.assign(SOURCE, None)
    return decider


def batch_of(*numbers: int) -> Batch[DecodedPost]:
    decoder = Decoder("default@1", 1 << 20, Shedding(1, "posts"))
    return Batch([decoder.decode(post_record(number), 1_764_000_000.0) for number in numbers], 1)


async def assembled(
    decider: Decider, batch: Batch[DecodedPost], threads: ThreadPoolExecutor
) -> None:
    """Assemble a batch, its records made."""
    await decider.assemble(batch)
    await asyncio.wrap_future(threads.submit(bool))


async def test_a_late_answer_of_the_store_does_not_undo_what_was_scored_meanwhile(
    threads: ThreadPoolExecutor,
) -> None:
    store = SlowStore()
    windows = store.meanwhile = Windows(4, STAMP, 100)
    decider = make_decider(FakeEngine(), windows, store, threads)
    await decider.assemble(batch_of(0))
    assert windows.window(KEY).records == (STAMP + b"scored meanwhile",)


async def test_posts_are_encoded_once_while_their_batch_is_assembled(
    threads: ThreadPoolExecutor,
) -> None:
    engine = FakeEngine()
    decider = make_decider(engine, Windows(4, STAMP, 100), FakeStore(), threads)
    batch = batch_of(0, 1)
    await assembled(decider, batch, threads)
    engine.poison = {0, 1}  # whoever encodes them again fails
    outcomes = decider.decide(await decider.score(batch)).decisions[0].fresh
    assert [type(outcome) for outcome in outcomes.values()] == [Prediction, Prediction]


async def test_posts_whose_results_were_fixed_before_are_not_encoded(
    threads: ThreadPoolExecutor,
) -> None:
    engine = FakeEngine()
    decider = make_decider(engine, Windows(4, STAMP, 100), FakeStore(), threads)
    before = Rejected(Reason.POISON, "it was", 0.0)
    decider.assign(SOURCE, Intent(0, 0, encode_outcomes({0: before})))
    engine.poison = {0}  # whoever encodes it fails, and the other with it
    batch = batch_of(0, 1)
    await assembled(decider, batch, threads)
    engine.poison = {0, 1}
    decided = decider.decide(await decider.score(batch)).decisions[0]
    assert decided.replayed == {0: before}
    assert [type(outcome) for outcome in decided.fresh.values()] == [Prediction]


async def test_records_of_a_batch_that_was_taken_away_are_not_kept(
    threads: ThreadPoolExecutor,
) -> None:
    engine = FakeEngine()
    decider = make_decider(engine, Windows(4, STAMP, 100), FakeStore(), threads)
    batch = batch_of(0)
    await assembled(decider, batch, threads)
    decider.revoke_all()
    decider.assign(SOURCE, None)
    engine.poison = {0}
    outcomes = decider.decide(await decider.score(batch)).decisions[0].fresh
    assert [type(outcome) for outcome in outcomes.values()] == [Rejected]


class SlowEncoder(FakeEngine):
    """Encodes when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.may_encode, self.has_scored = Event(), Event()

    def encode(self, posts: Sequence[Features]) -> list[bytes]:
        self.may_encode.wait(10)
        return super().encode(posts)

    def score(self, windows: Sequence[WindowRequest]) -> list[list[Score]]:
        scores = super().score(windows)
        self.has_scored.set()
        return scores


async def test_posts_are_scored_once_they_are_encoded_however_busy_the_event_loop_is(
    threads: ThreadPoolExecutor,
) -> None:
    engine = SlowEncoder()
    with ThreadPoolExecutor(1) as encoder:
        decider = make_decider(engine, Windows(4, STAMP, 100), FakeStore(), threads, encoder)
        batch = batch_of(0, 1)
        await decider.assemble(batch)
        scoring = asyncio.create_task(decider.score(batch))
        await asyncio.sleep(0.05)
        assert not engine.has_scored.is_set()
        engine.may_encode.set()
        assert engine.has_scored.wait(10)  # nothing else runs on the loop meanwhile
        outcomes = decider.decide(await scoring).decisions[0].fresh
    assert [type(outcome) for outcome in outcomes.values()] == [Prediction, Prediction]


async def test_decisions_wait_for_nothing_and_need_no_partition_any_more(
    threads: ThreadPoolExecutor,
) -> None:
    decider = make_decider(FakeEngine(), Windows(4, STAMP, 100), FakeStore(), threads)
    scored = await decider.score(batch_of(0))
    decider.revoke_all()
    (outcome,) = decider.decide(scored).decisions[0].fresh.values()
    assert isinstance(outcome, Prediction)
    assert outcome.source.topic == SOURCE.topic

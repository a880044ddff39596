"""The process of the model answers every question, with what was asked or with why it cannot."""

from collections.abc import Iterator
from math import nan

import pytest

from connectors.schemas.scoring import WindowRequest
from stream_app.inference.__main__ import answer, answer_next
from stream_app.inference.block import SharedBlock
from stream_app.inference.channel import Channel
from stream_app.inference.wire import Kept, RefusedError, ask_encode, ask_score, told_scores
from tests.unit.stream_app.fakes import FakeEngine

ASKED = [WindowRequest([b"m1"], (0,)), WindowRequest([b"m2", b"m3"], (0, 1))]


@pytest.fixture
def block() -> Iterator[SharedBlock]:
    made = SharedBlock.make(8)
    yield made
    made.close()


def test_scores_are_those_of_the_engine(block: SharedBlock) -> None:
    answered = answer(FakeEngine(), block, ask_score(block, ASKED))
    assert told_scores(answered) == (FakeEngine().score(ASKED), Kept())


def test_a_score_that_is_not_finite_is_refused_and_the_refusal_says_whose(
    block: SharedBlock,
) -> None:
    engine = FakeEngine()
    engine.sure = nan
    with pytest.raises(RefusedError, match=r"^window 0 of the batch, target 0 of its 1: .* nan"):
        told_scores(answer(engine, block, ask_score(block, ASKED)))


def test_of_two_questions_that_wait_the_one_for_scores_is_answered_first() -> None:
    ours, theirs = zip(Channel.make(), Channel.make(), strict=True)
    records, scores = ours
    records.connection.send_bytes(ask_encode(records.block, []))
    scores.connection.send_bytes(ask_score(scores.block, ASKED))
    answer_next(FakeEngine(), theirs)
    assert (records.connection.poll(), scores.connection.poll()) == (False, True)
    answer_next(FakeEngine(), theirs)
    assert records.connection.poll()
    for channel in (*ours, *theirs):
        channel.close()

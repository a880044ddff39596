"""Kept states change what a score costs, never what it is."""

import itertools
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from connectors.schemas.scoring import Features, Score, WindowRequest
from models.card import CheckpointCard
from models.checkpoint import load_checkpoint
from models.errors import ModelError
from models.records import encode_posts
from models.streaming import states
from models.streaming.arithmetic import ArithmeticName
from models.streaming.compiled_steps import CompiledSteps
from models.streaming.engine import StreamEngine
from models.streaming.steps import Steps, Turn
from models.streaming.tensor_steps import Host, TensorSteps
from models.tmsam import Tmsam
from models.window_engine import WindowEngine
from stream_app.core.scoring import PostToScore, ScoredPost, Scorer, canary_features
from stream_app.core.windows import ConversationKey, Windows
from tests.unit.models.small_networks import post, tiny_network, write_checkpoint

Way = ArithmeticName | Literal["tensors", "tensors of few shapes"]
TENSORS: Final = "tensors"
FEW_SHAPES: Final = "tensors of few shapes"
WINDOW = 6
STEPS = [{"text": 3}, {"text": 1, "audio": 2}, {"visual": 2}, {"text": 5, "audio": 1, "visual": 4}]
POSTS = [post(np.random.default_rng(seed), **STEPS[seed % 4]) for seed in range(7)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_checkpoint(tmp_path_factory.mktemp("model") / "checkpoint", "stream")


@pytest.fixture(autouse=True)
def few_states(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(states, "LEAST_STATES", 3)


def make_steps(folder: Path, way: Way, threads: int, states_mib: int) -> Steps:
    network, card = load_checkpoint(folder)
    if way == TENSORS:
        return TensorSteps(network, card, Host(), window=WINDOW, states_mib=states_mib)
    if way == FEW_SHAPES:
        place = Host(graphs=True)
        return TensorSteps(network, card, place, window=WINDOW, states_mib=states_mib)
    return CompiledSteps(
        network,
        card,
        window=WINDOW,
        states_mib=states_mib,
        threads=threads,
        arithmetic=way,
    )


def make_engine(
    folder: Path, way: Way = "int8", threads: int = 1, states_mib: int = 0
) -> StreamEngine:
    _, card = load_checkpoint(folder)
    return StreamEngine(card, make_steps(folder, way, threads, states_mib))


@lru_cache
def shared_engine(folder: Path, way: Way, threads: int) -> StreamEngine:
    """Made once: its states are of conversations that later examples do not name."""
    return make_engine(folder, way, threads)


@lru_cache
def whole_windows(folder: Path) -> WindowEngine:
    network, card = load_checkpoint(folder)
    return WindowEngine(network, card, torch.device("cpu"))


def flat(scores: Sequence[Score]) -> list[list[float]]:
    return [[*own.sentiment, *own.emotion, *own.modalities] for own in scores]


def assert_near(found: Sequence[Score], wanted: Sequence[Score]) -> None:
    """Probabilities within 1e-3; shares are quotients of what may nearly cancel, and move more."""
    np.testing.assert_allclose(
        [[*own.sentiment, *own.emotion] for own in found],
        [[*own.sentiment, *own.emotion] for own in wanted],
        atol=1e-3,
    )
    np.testing.assert_allclose(
        [own.modalities for own in found], [own.modalities for own in wanted], atol=2e-2
    )


class Stream:
    """Conversations scored batch by batch, as a worker does it; no other has their names."""

    made = itertools.count()

    def __init__(self, engine: StreamEngine) -> None:
        self.number = next(self.made)
        self.windows = Windows(WINDOW, engine.stamp, 1000)
        self.scorer = Scorer(engine, self.windows, canary_features("default@1"))

    def key(self, at: int) -> ConversationKey:
        return ConversationKey(self.number, f"c{at}")

    def score(self, batch: Sequence[tuple[int, int]]) -> list[ScoredPost]:
        posts = [PostToScore(self.key(at), POSTS[own]) for at, own in batch]
        for key in self.windows.missing(own.key for own in posts):
            self.windows.load(key, ())
        results = self.scorer.score(posts)
        assert all(isinstance(own, ScoredPost) for own in results)
        return [own for own in results if isinstance(own, ScoredPost)]


batches = st.lists(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 6)), min_size=1, max_size=12),
    min_size=1,
    max_size=6,
)


@settings(max_examples=25, deadline=None)
@given(batches=batches)
@pytest.mark.parametrize(
    ("way", "threads"),
    [("float32", 1), ("float32", 2), ("int8", 1), ("int8", 2), (TENSORS, 1), (FEW_SHAPES, 1)],
)
def test_a_score_is_that_of_the_whole_pass_whatever_the_batches_the_evictions_and_the_order(
    folder: Path, way: Way, threads: int, batches: list[list[tuple[int, int]]]
) -> None:
    engine = shared_engine(folder, way, threads)
    kept, anew = Stream(engine), Stream(shared_engine(folder, way, 1))
    results = [own for batch in batches for own in kept.score(batch)]
    order = [own for batch in batches for own in batch]
    expected: dict[int, list[ScoredPost]] = {}
    for at in range(5):
        own = [each for each in order if each[0] == at]
        expected[at] = anew.score(own) if own else []
    wanted = [expected[at].pop(0) for at, _ in order]
    assert [own.window_posts for own in results] == [own.window_posts for own in wanted]
    found, expect = ([own.score for own in each] for each in (results, wanted))
    if way == "int8":
        assert found == expect
    else:
        assert_near(found, expect)
    assert engine.states <= 3


@settings(max_examples=15, deadline=None)
@given(batches=batches)
@pytest.mark.parametrize("way", ["float32", TENSORS, FEW_SHAPES])
def test_in_float32_a_score_is_that_of_the_reference(
    folder: Path, way: Way, batches: list[list[tuple[int, int]]]
) -> None:
    kept = Stream(shared_engine(folder, way, 1))
    reference = whole_windows(folder)
    for batch in batches:
        before = {at: Windows.window(kept.windows, key) for at, key in known(kept, batch)}
        for (at, _), own in zip(batch, kept.score(batch), strict=True):
            before[at] = before[at].followed_by((own.record,), WINDOW)
            records = before[at].records
            ((wanted,),) = reference.score([WindowRequest(records, (len(records) - 1,))])
            assert_near([own.score], [wanted])


def known(stream: Stream, batch: Sequence[tuple[int, int]]) -> list[tuple[int, ConversationKey]]:
    keys = [(at, stream.key(at)) for at, _ in batch]
    for _, key in keys:
        if stream.windows.missing([key]):
            stream.windows.load(key, ())
    return keys


def test_int8_stays_near_the_reference(folder: Path) -> None:
    engine, reference = make_engine(folder), whole_windows(folder)
    posts: list[Features] = POSTS[:6]
    windows = [WindowRequest(engine.encode(posts), tuple(range(6)))]
    near, exact = engine.score(windows)[0], reference.score(windows)[0]
    np.testing.assert_allclose(flat(near), flat(exact), atol=0.02)


@pytest.mark.parametrize(("threads", "parts"), [(1, [50, 50, 50]), (2, [37, 37, 38, 38])])
def test_a_record_is_the_same_however_many_posts_are_encoded_at_once(
    folder: Path, threads: int, parts: Sequence[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once = []

    def seen(stamp: bytes, posts: Sequence[Features], *others: Any) -> list[bytes]:
        at_once.append(len(posts))
        return encode_posts(stamp, posts, *others)

    monkeypatch.setattr("models.streaming.compiled_steps.encode_posts", seen)
    engine = make_engine(folder, threads=threads)
    many = [POSTS[at % len(POSTS)] for at in range(150)]
    single = [engine.encode([own])[0] for own in POSTS]
    at_once.clear()
    assert engine.encode(many) == [single[at % len(POSTS)] for at in range(150)]
    assert sorted(at_once) == parts


def test_a_state_is_used_again_and_one_of_other_posts_is_not(folder: Path) -> None:
    engine = make_engine(folder, states_mib=1)
    records = engine.encode(POSTS)
    engine.score([WindowRequest(records[:2], (1,), "c")])
    engine.score([WindowRequest(records[:3], (2,), "c")])
    assert (engine.counts.hits, engine.counts.misses) == (1, 1)
    others = [records[5], *records[1:4]]
    ((own,),) = engine.score([WindowRequest(others, (3,), "c")])
    assert (engine.counts.hits, engine.counts.misses) == (1, 2)
    ((fresh,),) = make_engine(folder).score([WindowRequest(others, (3,))])
    assert own == fresh


def test_states_beyond_the_room_are_given_up_least_recently_used_first(folder: Path) -> None:
    engine = make_engine(folder)
    records = engine.encode(POSTS)
    for name in ("a", "b", "c", "a", "d"):
        engine.score([WindowRequest(records[:1], (0,), name)])
    assert (engine.states, engine.counts.evictions) == (3, 1)
    engine.score([WindowRequest(records[:2], (1,), "a")])
    assert engine.counts.hits == 1
    engine.score([WindowRequest(records[:2], (1,), "b")])
    assert engine.counts.hits == 1


class CountingSteps(CompiledSteps):
    """With room for six new posts; tells of how many conversations each pass was."""

    def __init__(self, network: Tmsam, card: CheckpointCard) -> None:
        super().__init__(network, card, window=WINDOW, states_mib=0)
        self.posts_at_once = 6
        self.passes: list[int] = []

    def advance(self, turns: Sequence[Turn]) -> NDArray[np.float64]:
        self.passes.append(len(turns))
        return super().advance(turns)


def test_only_posts_that_no_state_holds_take_room_in_a_pass(folder: Path) -> None:
    network, card = load_checkpoint(folder)
    steps = CountingSteps(network, card)
    engine = StreamEngine(card, steps)
    records = engine.encode(POSTS)
    engine.score([WindowRequest(records[:4], (3,), name) for name in "abc"])
    engine.score([WindowRequest(records[:5], (4,), name) for name in "abc"])
    assert steps.passes == [1, 1, 1, 3]


def test_nothing_is_kept_of_a_conversation_without_a_name(folder: Path) -> None:
    engine = make_engine(folder)
    engine.score([WindowRequest(engine.encode(POSTS[:2]), (0, 1))])
    assert engine.states == 0


def test_what_a_failed_batch_left_half_done_is_forgotten(folder: Path) -> None:
    engine = make_engine(folder)
    records = engine.encode(POSTS)
    engine.score([WindowRequest(records[:2], (1,), "c")])
    with pytest.raises(ModelError, match="damaged"):
        engine.score([WindowRequest([*records[:2], records[2][:-1]], (2,), "c")])
    assert engine.states == 0
    ((own,),) = engine.score([WindowRequest(records[:3], (2,), "c")])
    ((fresh,),) = make_engine(folder).score([WindowRequest(records[:3], (2,))])
    assert own == fresh


def test_a_window_longer_than_the_engine_was_made_for_is_refused(folder: Path) -> None:
    engine = make_engine(folder)
    records = engine.encode(POSTS)
    with pytest.raises(ModelError, match="7 posts; the engine was made for 6"):
        engine.score([WindowRequest(records, (6,))])


def test_a_network_that_is_not_causal_is_refused(folder: Path) -> None:
    _, card = load_checkpoint(folder)
    with pytest.raises(ModelError, match="the window engine scores all others"):
        CompiledSteps(tiny_network("default"), card, window=WINDOW, states_mib=1)
    with pytest.raises(ModelError, match="the window engine scores all others"):
        TensorSteps(tiny_network("default"), card, Host(), window=WINDOW, states_mib=1)

"""What two processes write to each other arrives to the last bit, or as the refusal that it is."""

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from math import inf, nan

import numpy as np
import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from connectors.schemas.feature_sets import FEATURE_SETS
from connectors.schemas.labels import MODALITIES
from connectors.schemas.scoring import Score, WindowRequest
from models.presets import PRESETS
from models.records import STAMP_BYTES, pack_records
from stream_app.core.flow import BATCH_MOST
from stream_app.core.windows import ConversationKey
from stream_app.inference.block import SharedBlock
from stream_app.inference.wire import (
    Introduction,
    Kept,
    RefusedError,
    ask_encode,
    ask_score,
    asked_posts,
    asked_windows,
    refuse,
    tell_records,
    tell_scores,
    told_records,
    told_scores,
)
from stream_app.settings import Settings

KEPT = Kept(7, 5, 3, 2)
STEPS = st.integers(0, 5).flatmap(
    lambda steps: arrays(np.float32, (steps, 3), elements=st.floats(width=32))
)
POSTS = st.lists(st.dictionaries(st.sampled_from(MODALITIES), STEPS), max_size=4)
RECORDS = st.lists(st.binary(max_size=40), max_size=6)
KEYS = st.none() | st.builds(ConversationKey, st.integers(0, 9), st.text(max_size=8))
SHARE = st.floats(allow_nan=False, allow_infinity=False)
SCORES = st.builds(
    Score,
    st.tuples(*[SHARE] * 3),
    st.tuples(*[SHARE] * 7),
    st.tuples(*[SHARE] * 3),
)
SHARED = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@st.composite
def windows(draw: st.DrawFn) -> WindowRequest:
    records = draw(RECORDS)
    targets = draw(st.sets(st.integers(0, max(0, len(records) - 1))))
    return WindowRequest(records, tuple(sorted(targets)), draw(KEYS))


@pytest.fixture
def ends() -> Iterator[tuple[SharedBlock, SharedBlock]]:
    ours = SharedBlock.make(8)
    theirs = ours.again()
    yield ours, theirs
    ours.close()
    theirs.close()


@SHARED
@given(posts=POSTS)
def test_posts_arrive_with_every_bit(
    ends: tuple[SharedBlock, SharedBlock], posts: list[dict[str, np.ndarray]]
) -> None:
    ours, theirs = ends
    arrived = asked_posts(theirs, orjson.loads(ask_encode(ours, posts))["encode"])
    assert [list(post) for post in arrived] == [list(post) for post in posts]
    for sent, got in zip(posts, arrived, strict=True):
        for name, steps in sent.items():
            assert got[name].shape == steps.shape
            assert got[name].tobytes() == steps.tobytes()  # NaN and infinity too


def test_numbers_of_another_kind_are_refused_and_not_rounded(
    ends: tuple[SharedBlock, SharedBlock],
) -> None:
    with pytest.raises(TypeError, match="float64"):
        ask_encode(ends[0], [{"text": np.full((1, 3), 0.1)}])


@SHARED
@given(records=RECORDS)
def test_records_arrive(ends: tuple[SharedBlock, SharedBlock], records: list[bytes]) -> None:
    ours, theirs = ends
    assert told_records(theirs, tell_records(ours, records)) == records


@SHARED
@given(asked=st.lists(windows(), max_size=4))
def test_windows_arrive(ends: tuple[SharedBlock, SharedBlock], asked: list[WindowRequest]) -> None:
    ours, theirs = ends
    message = orjson.loads(ask_score(ours, asked))
    assert asked_windows(theirs, message["score"], message["records"]) == asked


def test_a_window_of_a_name_that_does_not_travel_is_refused(
    ends: tuple[SharedBlock, SharedBlock],
) -> None:
    with pytest.raises(TypeError, match="ConversationKey"):
        ask_score(ends[0], [WindowRequest([b"a"], (0,), "c")])


@given(scores=st.lists(st.lists(SCORES, max_size=3), max_size=3))
def test_scores_arrive_to_the_last_bit(scores: list[list[Score]]) -> None:
    assert told_scores(tell_scores(scores, KEPT)) == (scores, KEPT)


@pytest.mark.parametrize("name", FEATURE_SETS)
def test_the_largest_batch_of_posts_takes_no_more_memory_than_is_told(
    ends: tuple[SharedBlock, SharedBlock], name: str
) -> None:
    known = FEATURE_SETS[name]
    full = {m: np.ones((known.max_steps[m], known.widths[m]), np.float32) for m in MODALITIES}
    ask_encode(ends[0], [full] * BATCH_MOST)
    assert _memory(ends[0]) <= 54 << 20


def test_the_largest_batch_of_windows_takes_no_more_memory_than_is_told(
    ends: tuple[SharedBlock, SharedBlock],
) -> None:
    vectors = np.ones((1, len(MODALITIES), PRESETS["stream"].post_width), np.float32)
    records = pack_records(bytes(STAMP_BYTES), vectors, np.ones((1, len(MODALITIES)), np.bool_))
    full = WindowRequest(records * Settings().window, (Settings().window - 1,))
    ask_score(ends[0], [full] * Settings().batch_max)
    assert _memory(ends[0]) <= 10 << 20


def _memory(block: SharedBlock) -> int:
    return os.fstat(block.descriptor).st_blocks * 512


@pytest.mark.parametrize("value", [nan, inf, -inf])
def test_a_score_that_is_not_finite_is_refused_by_its_place_and_is_not_lost(value: float) -> None:
    """JSON has no such number: it would arrive as nothing, and fail far from the model."""
    good = Score((0.2, 0.3, 0.5), (1 / 7,) * 7, (1.0, 0.0, 0.0))
    bad = replace(good, emotion=(*good.emotion[:6], value))
    where = rf"^window 1 of the batch, target 2 of its 3: the model's emotion is {value}, "
    with pytest.raises(ValueError, match=where):
        tell_scores([[good], [good, good, bad], [bad]], KEPT)


@pytest.mark.parametrize("read", [told_scores, Introduction.decode])
def test_a_refusal_is_raised_with_its_words_and_its_class(
    read: Callable[[bytes], object],
) -> None:
    with pytest.raises(RefusedError, match="no room") as refused:
        read(refuse(MemoryError("no room")))
    assert refused.value.kind == "MemoryError"


@pytest.mark.parametrize("state_bytes", [None, 466_400])
def test_an_introduction_arrives(state_bytes: int | None) -> None:
    told = Introduction("m-1", "default@1", b"\x00stamp\xff", "cpu", "StreamEngine", state_bytes)
    assert Introduction.decode(told.encode()) == told


def test_an_answer_whose_null_is_no_score_is_refused_too() -> None:
    with pytest.raises(ValueError, match="it is no score"):
        tell_scores([], Kept(hits=None))  # type: ignore[arg-type]  # what no engine says

"""Windows keep the last posts of each conversation, in order, within their capacity."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.schemas.kept_post import kept_post
from connectors.schemas.scoring import surplus
from stream_app.core.windows import ConversationKey, Window, Windows

KEY = ConversationKey(0, "c")


def windows(length: int = 4, capacity: int = 2) -> Windows:
    return Windows(length, b"m", capacity)


def kept(records: list[bytes]) -> list[bytes]:
    return [kept_post(record, "negative") for record in records]


def test_the_sentiment_of_the_newest_post_is_known_whichever_model_said_it() -> None:
    held = windows()
    assert held.missing([KEY]) == [KEY]
    held.load(KEY, [])
    assert held.window(KEY).last is None
    held.load(KEY, [kept_post(b"m1", "negative"), kept_post(b"x2", "positive")])
    assert held.window(KEY).last == "positive"
    held.append(KEY, [b"m3"], "neutral")
    assert held.window(KEY).last == "neutral"


def test_a_post_kept_without_a_sentiment_is_another_models() -> None:
    held = windows()
    held.load(KEY, [b"m1"])
    assert held.window(KEY) == Window(1, ())


def test_records_before_another_models_are_not_shown() -> None:
    held = windows()
    held.load(KEY, kept([b"m1", b"x2", b"m3", b"m4"]))
    assert held.window(KEY).records == (b"m3", b"m4")


def test_the_same_conversation_in_two_partitions_has_two_windows() -> None:
    held = windows()
    other = ConversationKey(1, "c")
    held.load(KEY, kept([b"m1"]))
    assert held.missing([KEY, other, other]) == [other]


def test_a_window_that_is_not_held_must_be_loaded_first() -> None:
    with pytest.raises(KeyError):
        windows().append(KEY, [b"m1"])


def test_the_least_recently_used_goes_first() -> None:
    held = windows(capacity=2)
    keys = [ConversationKey(0, name) for name in "abc"]
    for key in keys:
        held.load(key, [])
    held.window(keys[0])
    assert held.shrink() == 1
    assert held.missing(keys) == [keys[1]]


@given(posts=st.integers(0, 300), window=st.integers(1, 40))
def test_more_than_a_quarter_of_a_window_stays(posts: int, window: int) -> None:
    left = posts - surplus(posts, window)
    if posts <= window:
        assert left == posts
    else:
        assert window / 4 < left <= window


runs = st.lists(st.lists(st.binary(min_size=1, max_size=3), max_size=9), max_size=8)


@given(runs=runs, length=st.integers(1, 6))
def test_a_window_is_the_same_however_its_posts_came(runs: list[list[bytes]], length: int) -> None:
    together, one_by_one = windows(length), windows(length)
    everything: list[bytes] = []
    for held in (together, one_by_one):
        held.load(KEY, [])
    for run in runs:
        together.append(KEY, run)
        for record in run:
            one_by_one.append(KEY, [record])
        everything += run
    assert together.window(KEY) == one_by_one.window(KEY)
    kept = everything[surplus(len(everything), length) :]
    assert list(together.window(KEY).records) == kept


@given(old=st.integers(0, 6), own=st.integers(0, 6), new=st.integers(0, 20))
def test_a_window_held_is_the_one_that_the_store_gives_back(old: int, own: int, new: int) -> None:
    length = 6
    stored = [b"x"] * old + [b"m%d" % number for number in range(own)]
    stored = stored[surplus(len(stored), length) :]
    held = windows(length)
    held.load(KEY, kept(stored))
    added = [b"m+%d" % number for number in range(new)]
    held.append(KEY, added, "negative")
    stored += added
    again = windows(length)
    again.load(KEY, kept(stored[surplus(len(stored), length) :]))
    assert again.window(KEY) == held.window(KEY)


@given(
    foreign=st.integers(0, 3),
    own=st.integers(0, 4),
    new=st.integers(1, 15),
    length=st.integers(1, 6),
)
def test_every_new_post_is_scored_once_in_the_window_behind_it(
    foreign: int, own: int, new: int, length: int
) -> None:
    before = Window(foreign, tuple(b"%d" % number for number in range(own)))
    before = before.followed_by((), length)
    added = [b"+%d" % number for number in range(new)]
    requests = before.requests(added, length, KEY)
    seen = [
        tuple(request.records[: target + 1]) for request in requests for target in request.targets
    ]
    assert seen == [before.followed_by(added[: count + 1], length).records for count in range(new)]
    begins = [request.records[0] for request in requests]
    assert len(begins) == len(set(begins)), "windows with one beginning share a request"
    assert {request.conversation for request in requests} == {KEY}

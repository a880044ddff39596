"""The decoder on posts broken in every way: a reason, a post that holds up, and little memory."""

import itertools
import json
import tracemalloc
from random import Random

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.schemas.rejection import OF_FEATURES_GIVEN, Reason
from tests.fuzz.decoder import decode_many
from tests.fuzz.judging import VALID, judge
from tests.fuzz.malformed import LARGE, MEBIBYTE, NOW, MalformedPosts

POST = MalformedPosts(1).valid(Random(1))
KEY = POST["conversation_id"].encode()
PER_BYTE = 80  # of memory while a value is decoded: an empty list takes three bytes, and 56 here


def judged(value: bytes) -> str:
    return judge(KEY, value, now=NOW, max_bytes=MEBIBYTE)


def test_thousands_of_malformed_posts_are_rejected_or_hold_up() -> None:
    report = decode_many(seed=1, first=0, count=4000)
    assert report.posts == 4000
    expected = {reason.value for reason in OF_FEATURES_GIVEN} - {Reason.POISON.value}
    assert expected | {VALID} == set(report.outcomes)
    assert report.outcomes[VALID] < 1000


def test_a_post_of_a_number_is_always_the_same() -> None:
    posts = MalformedPosts(7)
    later = [posts.post(number) for number in (1, 2, 123)][-1]
    assert MalformedPosts(7).post(123) == later
    assert MalformedPosts(8).post(123) != later


@pytest.mark.parametrize("shape", range(len(LARGE)))
def test_what_is_large_takes_memory_by_its_bytes_alone(shape: int) -> None:
    places = ("text", "tracks", "created_at", "features", "extra")
    for place in places:
        post = {**POST, place: "@"}
        value = orjson.dumps(post).replace(b'"@"', LARGE[shape](MEBIBYTE // 8))
        tracemalloc.start()
        try:
            judged(value)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert peak < PER_BYTE * len(value), place


def test_a_shape_of_a_thousand_million_is_not_allocated() -> None:
    tensor = {"dtype": "float32", "data": "AAAA"}
    shapes = itertools.product((10**9, 2**62, 384), repeat=2)
    tracemalloc.start()
    try:
        for shape in shapes:
            post = {**POST, "features": {"text": {**tensor, "shape": shape}}}
            assert judged(orjson.dumps(post)) == Reason.BAD_TENSOR
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < MEBIBYTE


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.sampled_from(sorted(POST)), JSON)
def test_any_json_in_any_field_is_judged(name: str, value: object) -> None:
    judged(json.dumps({**POST, name: value}).encode())


@given(st.binary(max_size=200))
def test_any_bytes_are_judged(value: bytes) -> None:
    assert judged(value) != VALID

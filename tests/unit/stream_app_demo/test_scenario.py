"""The scenario: the same for the same seed, and with everything that the demonstration shows."""

import time
from collections import Counter
from typing import Any

import numpy as np
import pytest

from connectors.schemas.codec import decode_post, encode_tensor
from connectors.schemas.rejection import Reason, Rejection
from stream_app.demo.breaking import broken_record
from stream_app.demo.phrases import SWINGING, TROUBLES, all_texts
from stream_app.demo.scenario import BREAKABLE, Scenario, ScenarioPost

MAX_BYTES = 1024 * 1024


def posts(count: int, seed: int = 7, swing_after_s: float = 1e9) -> list[ScenarioPost]:
    scenario = Scenario(seed, swing_after_s, "run")
    return [scenario.next_post(float(second)) for second in range(count)]


def test_the_same_seed_gives_the_same_posts_and_another_seed_others() -> None:
    texts = [(post.post_id, post.text, post.fault) for post in posts(300)]
    assert texts == [(post.post_id, post.text, post.fault) for post in posts(300)]
    assert texts != [(post.post_id, post.text, post.fault) for post in posts(300, seed=8)]


def test_about_two_in_a_hundred_posts_are_broken_in_several_ways() -> None:
    faults = [post.fault for post in posts(10_000) if post.fault is not None]
    assert 150 < len(faults) < 250
    assert set(faults) == set(BREAKABLE)


def test_a_reply_names_an_earlier_valid_post_of_its_conversation() -> None:
    seen: dict[str, set[str]] = {}
    replies = 0
    for post in posts(2000):
        earlier = seen.setdefault(post.conversation_id, set())
        if post.parent_id is not None:
            assert post.parent_id in earlier
            replies += 1
        if post.fault is None:
            earlier.add(post.post_id)
    assert replies > 1000


def test_a_conversation_stays_on_its_track_and_platform() -> None:
    places: dict[str, set[tuple[str, str]]] = {}
    for post in posts(2000):
        places.setdefault(post.conversation_id, set()).add((post.track, post.platform))
    assert all(len(found) == 1 for found in places.values())


def test_there_are_several_tracks_and_platforms_and_posts_with_and_without_video() -> None:
    some = posts(1000)
    assert len({post.track for post in some}) >= 5
    assert len({post.platform for post in some}) >= 4
    assert {post.audio is None for post in some} == {True, False}
    with_video = next(post for post in some if post.audio is not None)
    assert with_video.audio is not None
    assert with_video.visual is not None
    assert (with_video.audio.shape[1], with_video.visual.shape[1]) == (8, 35)
    assert np.isfinite(with_video.audio).all()


def test_opinion_swings_over_something() -> None:
    everything = posts(8000, swing_after_s=4000)
    troubled = [post for post in everything if any(own in post.text.lower() for own in TROUBLES)]
    assert {(post.track, post.sentiment) for post in troubled} == {(SWINGING, "negative")}
    after = [post for post in everything[4000:] if post.track == SWINGING]
    complaints = [post for post in after if post.sentiment == "negative"]
    assert not {post.post_id for post in troubled} & {post.post_id for post in everything[:4000]}
    assert 0.5 < len(troubled) / len(complaints) < 0.9


def test_opinion_swings_on_one_track_only() -> None:
    def net(some: list[ScenarioPost]) -> dict[str, float]:
        moods = Counter((post.track, post.sentiment) for post in some)
        return {
            track: (moods[track, "positive"] - moods[track, "negative"])
            / sum(moods[track, mood] for mood in ("negative", "neutral", "positive"))
            for track, _ in moods
        }

    everything = posts(8000, swing_after_s=4000)
    before, after = net(everything[:4000]), net(everything[4000:])
    for track, value in before.items():
        if track == SWINGING:
            assert value > 0.2
            assert after[track] < -0.4
        else:
            assert abs(after[track] - value) < 0.2


def test_every_text_is_among_those_that_can_be_encoded_beforehand() -> None:
    known = set(all_texts())
    assert all(post.text in known for post in posts(2000))


def valid_document() -> dict[str, Any]:
    return {
        "schema_version": 1,
        "post_id": "p1",
        "conversation_id": "c1",
        "parent_id": None,
        "platform": "bluesky",
        "lang": "en",
        "created_at": time.time(),
        "tracks": ["acme"],
        "text": "hello",
        "feature_set": "default@1",
        "features": {"text": encode_tensor(np.ones((3, 384))), "audio": None, "visual": None},
    }


@pytest.mark.parametrize("fault", BREAKABLE)
def test_a_broken_record_is_rejected_for_the_reason_it_was_broken_for(fault: Reason) -> None:
    key, value = broken_record(valid_document(), fault, MAX_BYTES)
    with pytest.raises(Rejection) as rejected:
        decode_post(key, value, now=time.time(), max_bytes=MAX_BYTES)
    assert rejected.value.reason is fault

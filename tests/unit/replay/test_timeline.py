"""The new time axis: inside its span, in order, linear."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_app.replay.comments import Comment
from stream_app.replay.timeline import SPREAD_S, event_times

END = 1_800_000_000.0
SPAN_S = 86_400.0


def comment(name: str, video: str, at: int) -> Comment:
    return Comment(name, video, "acme", "text", at, None)


videos = st.lists(
    st.tuples(st.integers(0, 2_000_000_000), st.integers(1, 5)), min_size=1, max_size=20
)


@given(videos)
def test_every_comment_is_inside_the_span_and_conversations_keep_their_order(
    sizes: list[tuple[int, int]],
) -> None:
    comments = [
        comment(f"{video}-{n}", f"v{video}", at)
        for video, (at, size) in enumerate(sorted(sizes))
        for n in range(size)
    ]
    times = event_times(comments, END, SPAN_S)
    assert all(END - SPAN_S <= at <= END for at in times)
    for video in {each.conversation_id for each in comments}:
        own = [
            at for at, each in zip(times, comments, strict=True) if each.conversation_id == video
        ]
        assert own == sorted(own)


def test_distances_between_videos_are_scaled_by_one_factor() -> None:
    days = (1, 4, 10)
    comments = [comment(f"c{day}", f"v{day}", day * SPREAD_S) for day in days]
    first, second, third = event_times(comments, END, SPAN_S)
    assert second - first == pytest.approx(3 / 10 * SPAN_S)
    assert third - second == pytest.approx(6 / 10 * SPAN_S)


def test_a_video_without_a_time_is_put_at_the_beginning() -> None:
    comments = [comment("a", "v0", 0), comment("b", "v1", 10 * SPREAD_S)]
    first, second = event_times(comments, END, SPAN_S)
    assert first == pytest.approx(second)
    assert first == pytest.approx(END - SPAN_S / 2)

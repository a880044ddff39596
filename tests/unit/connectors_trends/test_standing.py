"""How a track stands beside itself before."""

from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from connectors.trends.layout import Bucket
from connectors.trends.opinion_pages import Counted
from connectors.trends.standing import Span, Standing, span_of
from connectors.trends.standings import NetChanges, Order, Standings
from connectors.trends.timespan import TimeRange, parse_range

Row = tuple[int, ...]  # start of a bucket; its posts, by sentiment, shed, squares of those


def bucket(start: int, negative: int, neutral: int, positive: int, *shed: int) -> Row:
    return start, negative + neutral + positive, negative, neutral, positive, *(shed or (0, 0))


def counted(rows: Sequence[Row]) -> Counted:
    table = np.array(rows, dtype=np.int64).reshape(-1, 7)
    return Counted(table[:, 0], table[:, 1:])


def standings(
    tracks: Mapping[str, Sequence[Row]], span: Span, order: Order = "posts"
) -> list[Standing]:
    found = Standings(span, {name: counted(own) for name, own in tracks.items()}, NetChanges())
    return [found.standing(name) for name in found.ranked(order)]


WHOLE = Span(before=0, start=60, compared_until=180, end=180)


def names(found: list[Standing]) -> list[str]:
    return [standing.track for standing in found]


def test_a_track_is_set_beside_its_window_before() -> None:
    (acme,) = standings(
        {"acme": [bucket(0, 2, 2, 0), bucket(60, 1, 1, 2), bucket(120, 0, 1, 3)]}, WHOLE
    )
    assert (acme.posts, acme.posts_before, acme.posts_change) == (8, 4, 1.0)
    assert (acme.net, acme.net_before, acme.net_change) == (0.5, -0.5, 1.0)
    assert acme.net_change_low is not None
    assert acme.net_change_high is not None
    assert acme.net_change_low < 1.0 < acme.net_change_high
    assert acme.net_change_sure == (acme.net_change_low > 0.0)
    assert acme.sentiment == {"negative": 1, "neutral": 2, "positive": 5}
    assert [(point.start, point.posts, point.net) for point in acme.points] == [
        (60, 4, 0.25),
        (120, 4, 0.75),
    ]


def test_a_sampled_track_is_as_sure_as_what_was_scored_and_says_so() -> None:
    ((sampled,), (scored,)) = (
        standings({"acme": [own]}, WHOLE)
        for own in (bucket(60, 40, 80, 40, 120, 160 * 3), bucket(60, 10, 20, 10))
    )
    assert (sampled.sampled, sampled.posts, sampled.scored_posts) == (True, 160, 40)
    assert (scored.sampled, scored.scored_posts) == (False, 40)
    assert (sampled.net_low, sampled.net_high) == pytest.approx((scored.net_low, scored.net_high))


def test_what_is_not_known_is_null() -> None:
    quiet, new = standings(
        {"new": [bucket(60, 0, 0, 3)], "quiet": [bucket(0, 1, 0, 0)]}, WHOLE, "track"
    )[::-1]
    assert (quiet.posts, quiet.net, quiet.net_change, quiet.posts_change) == (0, None, None, -1.0)
    assert (new.posts_change, new.net_before, new.net_change) == (None, None, None)
    assert (new.net_change_low, new.net_change_high, new.net_change_sure) == (None, None, False)
    assert (quiet.net_low, quiet.net_high) == (-1.0, 1.0)


def test_order_and_share_of_voice() -> None:
    tracks: dict[str, list[Row]] = {
        "a": [bucket(0, 3, 0, 0), bucket(60, 3, 0, 0)],
        "b": [bucket(0, 1, 0, 0), bucket(60, 0, 0, 1)],
        "c": [bucket(60, 0, 4, 0)],
        "d": [],
    }
    assert names(standings(tracks, WHOLE)) == ["c", "a", "b", "d"]
    assert names(standings(tracks, WHOLE, "net")) == ["b", "c", "a", "d"]
    assert names(standings(tracks, WHOLE, "change"))[0] == "b"
    assert names(standings(tracks, WHOLE, "track")) == ["a", "b", "c", "d"]
    shares = {standing.track: standing.share_of_voice for standing in standings(tracks, WHOLE)}
    assert shares == {"a": 3 / 8, "b": 1 / 8, "c": 4 / 8, "d": 0.0}


@pytest.mark.parametrize("window", ["15m", "1h", "6h", "24h", "7d", "30d"])
@pytest.mark.parametrize("now", [1_800_000_000, 1_800_001_234.5, 1_800_003_599])
def test_a_steady_stream_does_not_change_whenever_one_looks(window: str, now: float) -> None:
    """A post every five seconds, each third negative; the last bucket holds what came so far."""
    span = span_of(parse_range(window, None, None, None, now=now), now)
    width = {"15m": 60, "1h": 60, "6h": 60, "24h": 3600, "7d": 3600, "30d": 86400}[window]
    rows = []
    for start in range(span.before, span.end, width):
        posts = int(min(start + width, now) - start) // 5
        rows.append(bucket(start, posts // 3, posts - posts // 3, 0))
    (steady,) = standings({"steady": rows}, span)
    assert steady.posts_change == 0.0
    assert steady.net_change == pytest.approx(0.0, abs=1e-12)
    assert steady.posts == sum(posts for at, posts, *_ in rows if at >= span.start)


def test_a_window_before_that_has_expired_in_part_is_set_beside_nothing() -> None:
    """Of 11 hours that began 44 hours ago; the minutes of 48 hours are kept."""
    now = 1_800_000_000
    span = span_of(TimeRange(now - 44 * 3600, now - 33 * 3600, "1m"), now)
    kept = [at for at in range(span.before, span.end, 60) if Bucket("1m", at).expires_at > now]
    (steady,) = standings({"steady": [bucket(at, 2, 2, 2) for at in kept]}, span)
    assert steady.posts == 11 * 60 * 6
    assert (steady.posts_before, steady.posts_change, steady.net_change) == (0, None, None)


def test_a_change_is_that_of_the_buckets_as_they_are_now() -> None:
    """Of the same windows it is found once; a late post is in another."""
    changes = NetChanges()
    before, whole, late = (
        counted(rows).counts
        for rows in ([bucket(0, 2, 2, 0)], [bucket(60, 1, 1, 2)], [bucket(60, 2, 1, 2)])
    )
    moved = changes.of(whole, before)
    assert changes.of(whole, before) is moved
    assert moved is not None
    assert moved.change == 0.75
    turned, later = changes.of(before, whole), changes.of(late, before)
    assert turned is not None
    assert later is not None
    assert (turned.change, later.change) == (-0.75, 0.5)

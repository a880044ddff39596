"""A consumer that the broker sends back is told from one that was sent on purpose."""

from stream_app.core.falls import Falls


def fetched(falls: Falls, before: int, after: int) -> bool:
    return falls.fetched(0, before, after, falls.seeks())


def sent(falls: Falls, offset: int) -> None:
    with falls.seeking({0: offset}):
        pass


def test_a_partition_falls_where_it_goes_on_before_what_was_read() -> None:
    falls = Falls()
    assert not fetched(falls, 10, 20)
    assert not fetched(falls, 20, 24)
    assert fetched(falls, 0, 5)
    assert falls.fallen(0)
    assert not falls.fallen(1)


def test_it_stays_fallen_though_it_goes_on_where_it_was_until_it_is_assigned_anew() -> None:
    falls = Falls()
    fetched(falls, 10, 20)
    fetched(falls, 0, 20)
    sent(falls, 20)
    assert fetched(falls, 20, 30)
    falls.clear()
    assert not fetched(falls, 0, 5)


def test_to_go_on_further_ahead_is_no_fall() -> None:
    """Retention may have deleted what is between."""
    falls = Falls()
    fetched(falls, 10, 20)
    assert not fetched(falls, 50, 60)


def test_who_is_sent_back_on_purpose_has_not_fallen() -> None:
    falls = Falls()
    fetched(falls, 10, 20)
    sent(falls, 12)
    assert not fetched(falls, 12, 20)
    with falls.seeking():
        pass
    assert not fetched(falls, 3, 20)


def test_who_falls_from_where_it_was_sent_has_fallen() -> None:
    falls = Falls()
    fetched(falls, 10, 20)
    sent(falls, 12)
    assert fetched(falls, 0, 5)


def test_a_seek_while_a_fetch_is_read_is_no_fall() -> None:
    falls = Falls()
    fetched(falls, 10, 20)
    seeks = falls.seeks()
    sent(falls, 15)
    falls.fetched(0, 20, 24, seeks)
    assert not fetched(falls, 15, 24)


def test_what_is_fetched_while_a_seek_is_under_way_is_no_fall() -> None:
    """The position is changed between its beginning and its end, and other fetches go on."""
    falls = Falls()
    fetched(falls, 10, 20)
    with falls.seeking():
        assert not fetched(falls, 20, 30)
        assert not fetched(falls, 12, 14)
    assert not fetched(falls, 14, 20)
    with falls.seeking({0: 15}), falls.seeking({0: 15}):
        assert not fetched(falls, 20, 30)
        assert not fetched(falls, 15, 17)
    assert not fetched(falls, 15, 20)

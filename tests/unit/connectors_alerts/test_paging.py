"""Pages of alerts leave none out and repeat none, however many are of one moment."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.alerts.paging import AlertCursor, AlertPlace, alert_page

PLACES = st.sets(
    st.builds(
        AlertPlace, st.integers(0, 4), st.text("ab:", min_size=1, max_size=3), st.just("acme")
    ),
    max_size=20,
)


@given(places=PLACES, limit=st.integers(1, 4))
def test_cursors_lead_to_every_alert_once(places: set[AlertPlace], limit: int) -> None:
    page, cursor = alert_page(places, limit)
    told = list(page)
    while cursor is not None:
        page, cursor = alert_page(places, limit, cursor=AlertCursor.decode(cursor.encoded))
        assert 0 < len(page) <= limit
        told += page
    assert told == sorted(places, reverse=True)


@given(places=PLACES, limit=st.integers(1, 4))
def test_the_moments_of_last_alerts_lead_to_every_alert_once(
    places: set[AlertPlace], limit: int
) -> None:
    told: list[AlertPlace] = []
    page, _ = alert_page(places, limit)
    while page:
        told += page
        page, _ = alert_page(places, limit, before=page[-1].raised_at)
    assert told == sorted(places, reverse=True)


@pytest.mark.parametrize("encoded", ["", "nothing", "é", "MTA", "eDp5"])
def test_what_is_no_cursor_is_refused(encoded: str) -> None:
    with pytest.raises(ValueError, match="is no cursor"):
        AlertCursor.decode(encoded)

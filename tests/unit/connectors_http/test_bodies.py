"""Which answers are compressed."""

import pytest

from connectors.http.bodies import accepts_gzip


@pytest.mark.parametrize(
    ("header", "accepted"),
    [
        ("", False),
        ("gzip", True),
        ("br, GZIP;q=0.5", True),
        ("gzip;q=0", False),
        ("gzip; q=0.000, *", False),
        ("*", True),
        ("*;q=0", False),
        ("identity", False),
        ("gzip;q=much", False),
        ("x-gzipped", False),
    ],
)
def test_gzip_is_sent_to_who_takes_it_alone(header: str, accepted: bool) -> None:
    assert accepts_gzip(header) is accepted

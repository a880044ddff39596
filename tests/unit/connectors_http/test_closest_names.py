"""Which track somebody may have meant, however many there are."""

from connectors.http.trend_routes import closest_names


def test_among_few_tracks_any_may_be_meant() -> None:
    assert closest_names("Acme", ["acme", "globex"]) == ["acme"]


def test_among_very_many_those_that_begin_alike_are_compared() -> None:
    """To compare all of them would hold up every other reader."""
    many = [f"x{number}" for number in range(10_000)]
    assert closest_names("acne", [*many, "acme"]) == ["acme"]
    assert closest_names("bcme", [*many, "acme"]) == []

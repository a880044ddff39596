"""Which posts are taken, and in which tracks."""

import pytest

from connectors.schemas.post import JsonObject
from connectors.sources.selection import Selection
from connectors.tracks.errors import QueryError
from tests.unit.connectors_sources.fakes import post


class LoudRules:
    """Puts posts with an exclamation mark in a track."""

    def with_tracks(self, post: JsonObject) -> JsonObject:
        return post | {"tracks": [*post["tracks"], *(["loud"] if "!" in post["text"] else [])]}


def test_one_of_the_queries_must_hold() -> None:
    selection = Selection(["acme AND phone", "#acme", "lang:pt"], ["t"])
    assert selection.selected(post("1", "the Acme  phone")) is not None
    assert selection.selected(post("2", "great #ACME")) is not None
    assert selection.selected(post("3", "acme street")) is None
    assert selection.selected(post("4", "bom dia", lang="pt-BR")) is not None


def test_a_post_has_its_own_tracks_then_the_given_ones_then_those_of_rules() -> None:
    selected = Selection([], ["given", "own"], LoudRules()).selected(
        post("1", "well!", tracks=["own"])
    )
    assert selected is not None
    assert selected.tracks == ["own", "given", "loud"]


def test_a_post_in_no_track_is_not_taken() -> None:
    selection = Selection([], [], LoudRules())
    assert selection.selected(post("1", "quiet")) is None
    assert selection.selected(post("2", "loud!")) is not None


def test_a_query_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(QueryError):
        Selection(["acme AND"], ["t"])

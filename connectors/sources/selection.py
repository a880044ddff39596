"""Which posts of a source are taken, and in which tracks they count. Pure.

Not for the language of queries and rules: that is `connectors.tracks`.
"""

from collections.abc import Sequence
from typing import Protocol

from connectors.schemas.post import JsonObject, RawPost
from connectors.tracks.query import AnyOf, parse
from connectors.tracks.reading import PostText, read
from connectors.tracks.rules import compiled


class TrackRules(Protocol):
    """What adds tracks by rules: `connectors.tracks.watched.WatchedTracks`."""

    def with_tracks(self, post: JsonObject) -> JsonObject:
        """The post with the tracks whose rules hold, besides its own."""
        ...


class Selection:
    """Takes posts of which one of the queries holds and that are in a track.

    Args:
        queries: in the language of rules; none takes every post.
        tracks: for each post that is taken, besides those that it brings.
        rules: add tracks of their own; None: there are none.

    Raises:
        QueryError: a query cannot be read.
    """

    def __init__(
        self, queries: Sequence[str], tracks: Sequence[str], rules: TrackRules | None = None
    ) -> None:
        self._wanted = compiled(AnyOf(tuple(map(parse, queries)))) if queries else None
        self._tracks = tuple(tracks)
        self._rules = rules

    def selected(self, post: RawPost) -> RawPost | None:
        """The post in its tracks; None where no query holds or it is in no track."""
        if self._wanted is not None and not self._wanted(read(_text_of(post))):
            return None
        tracks = [*post.tracks, *self._tracks]
        if self._rules is not None:
            tracks = self._rules.with_tracks(post.model_dump() | {"tracks": tracks})["tracks"]
        unique = list(dict.fromkeys(tracks))
        return post.model_copy(update={"tracks": unique}) if unique else None


def _text_of(post: RawPost) -> PostText:
    return PostText(post.text or "", post.platform, post.lang, post.author_id)

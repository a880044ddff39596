"""A file of tracks, YAML: the name of each and its query. Not for trying them: that is `rules`.

tracks:
  acme: '"acme phone" OR #acme OR (acme AND NOT "acme street")'
  globex: globex lang:en
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import yaml
from pydantic import TypeAdapter, ValidationError

from connectors.schemas.post import Track
from connectors.tracks.errors import Problem, QueryError, TracksError
from connectors.tracks.query import Query, parse
from connectors.tracks.rules import Rules

_NAME: Final = TypeAdapter[str](Track)
EXAMPLE: Final = "write tracks: and below it a line for each, as in   acme: acme OR #acme"


def load_rules(path: Path) -> Rules:
    """The rules of a file.

    Raises:
        TracksError: it cannot be read or has faults; names all of them with line and column.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise TracksError([Problem(path, 1, 1, f"is no UTF-8 text ({error.reason})")]) from error
    except OSError as error:
        message = f"cannot be read: {error.strerror}; see VOXPOP_TRACKS"
        raise TracksError([Problem(path, 1, 1, message)]) from error
    return Rules(_File(path, text).queries())


class _File:
    """A file that is being read.

    Args:
        path: for messages.
        text: what it holds.
    """

    def __init__(self, path: Path, text: str) -> None:
        self._path = path
        self._text = text
        self._problems: list[Problem] = []

    def queries(self) -> dict[str, Query]:
        """Track -> its query.

        Raises:
            TracksError: it has faults.
        """
        found: dict[str, Query] = {}
        for name, query in self._entries():
            track = self._name(name)
            if track in found:
                self._fault(name.start_mark, f"{track!r} is there twice: join the queries with OR")
            elif track is not None and (parsed := self._query(query)) is not None:
                found[track] = parsed
        if self._problems:
            raise TracksError(self._problems)
        return found

    def _entries(self) -> Iterator[tuple[yaml.Node, yaml.Node]]:
        try:
            document = yaml.compose(self._text, Loader=yaml.SafeLoader)
        except yaml.MarkedYAMLError as error:
            self._fault(
                error.problem_mark or error.context_mark,
                f"is no YAML: {error.problem}; put each query in single quotes",
            )
            return
        except yaml.YAMLError as error:
            self._fault(None, f"is no YAML: {error}".replace("\n", " "))
            return
        named = dict(self._mapping(document))
        tracks = next((own for key, own in named.items() if key.value == "tracks"), None)
        for key in named:
            if key.value != "tracks":
                self._fault(key.start_mark, f"{key.value!r} is not known here: {EXAMPLE}")
        if tracks is None:
            self._fault(None, f"names no tracks: {EXAMPLE}")
            return
        yield from self._mapping(tracks)

    def _mapping(self, node: yaml.Node | None) -> list[tuple[yaml.Node, yaml.Node]]:
        if isinstance(node, yaml.MappingNode):
            return list(node.value)
        self._fault(node.start_mark if node else None, f"is no list of names: {EXAMPLE}")
        return []

    def _name(self, node: yaml.Node) -> str | None:
        try:
            return _NAME.validate_python(node.value)
        except ValidationError:
            self._fault(
                node.start_mark,
                "is no name for a track: 1 to 128 characters, no braces or control characters",
            )
            return None

    def _query(self, node: yaml.Node) -> Query | None:
        if not isinstance(node, yaml.ScalarNode):
            self._fault(node.start_mark, "is no query: write it in one text, in quotes if need be")
            return None
        try:
            return parse(node.value)
        except QueryError as error:
            index = source_index(self._text, node, error.position)
            line = self._text.count("\n", 0, index) + 1
            column = index - (self._text.rfind("\n", 0, index) + 1) + 1
            self._problems.append(Problem(self._path, line, column, str(error)))
            return None

    def _fault(self, mark: yaml.error.Mark | None, message: str) -> None:
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        self._problems.append(Problem(self._path, line, column, message))


def source_index(text: str, node: yaml.ScalarNode, position: int) -> int:
    """Where a character of a scalar's value stands in the file.

    The value and the file are walked side by side: YAML folds lines, indents them and doubles
    quotes, but keeps the order of what it does not escape. Past an escape with a backslash the
    place is that of the backslash.

    Args:
        text: the whole file.
        node: of the scalar.
        position: in its value, from 0; its end at most.
    """
    at = node.start_mark.index
    if node.style in {"'", '"'}:
        at += 1
    elif node.style in {"|", ">"}:
        at = text.index("\n", at) + 1
    for wanted in node.value[:position]:
        at = _past_layout(text, at, wanted)
        if text[at : at + 1] == "\\" and node.style == '"':
            return at
        at += 2 if node.style == "'" and text[at : at + 2] == "''" else 1
    following = node.value[position : position + 1]
    return _past_layout(text, at, following) if following else at


def _past_layout(text: str, at: int, wanted: str) -> int:
    """Where the next character stands, past line breaks and indentation that it does not hold."""
    if wanted.isspace():
        return at
    while at < len(text) and text[at].isspace():
        at += 1
    return at

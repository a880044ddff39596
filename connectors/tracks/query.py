"""The language of rules: from a query to what it asks for. Pure.

Not for trying it on posts: that is `rules`.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any, Final, TypeAlias

from lark import Lark, Token, Transformer, v_args
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken, VisitError

from connectors.tracks.errors import QueryError
from connectors.tracks.reading import folded, is_mark, words

FIELDS: Final = ("author", "lang", "platform")
DEEPEST: Final = 100
TOO_DEEP: Final = f"parentheses and NOT go more than {DEEPEST} deep: make tracks of the parts"
OPERATORS: Final = ("AND", "OR", "NOT")
GRAMMAR: Final = r"""
    ?start: any
    ?any: all ("OR" all)*
    ?all: not ("AND"? not)*
    ?not: "NOT" not -> negated
        | "(" any ")"
        | PHRASE -> phrase
        | FIELD -> field
        | MARKED -> marked
        | WORD -> word

    PHRASE: /"[^"]*"/
    FIELD.2: /[A-Za-z_]+:("[^"]*"|[^\s()"]+)/
    MARKED: /[#@][^\s()"#]+/
    WORD: /(?!(?:AND|OR|NOT)(?![^\s()"]))[^\s()"#@:-][^\s()":]*/
    %ignore /\s+/
"""


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words side by side; one alone is a phrase of one."""

    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Atom:
    """A `#hashtag`, an `@mention`, or a field as in `lang:en`, folded."""

    name: str


@dataclass(frozen=True, slots=True)
class All:
    """Every part must hold."""

    parts: tuple["Query", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """One of the parts must hold."""

    parts: tuple["Query", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part must not hold."""

    part: "Query"


Query: TypeAlias = Phrase | Atom | All | AnyOf | Not


def parse(text: str) -> Query:
    """What a query asks for.

    Words beside each other must all be there, as with AND; NOT binds closest, then AND, then OR.

    Raises:
        QueryError: it is none; says what is wrong, where, and what to write.
    """
    if not text.strip():
        raise QueryError(
            "the query is empty: name what posts must hold, as in 'acme OR #acme'; one that begins "
            "with # needs quotes",
            0,
        )
    try:
        query: Query = _Reader().transform(_parser().parse(text))
    except UnexpectedInput as error:
        raise _explained(error, text) from None
    except VisitError as error:
        if isinstance(error.orig_exc, QueryError):
            raise error.orig_exc from None
        raise
    except RecursionError:
        raise QueryError(TOO_DEEP, 0) from None
    if _depth(query) > DEEPEST:
        raise QueryError(TOO_DEEP, 0)
    return query


def _depth(query: Query) -> int:
    match query:
        case All(parts=parts) | AnyOf(parts=parts):
            return 1 + max(map(_depth, parts))
        case Not(part=part):
            return 1 + _depth(part)
    return 1


@cache
def _parser() -> Lark:
    return Lark(GRAMMAR, parser="lalr", start="start")


@v_args(inline=True)
class _Reader(Transformer[Token, Any]):
    """Turns what the grammar found into queries."""

    def any(self, *parts: Query) -> Query:
        return AnyOf(parts)

    def all(self, *parts: Query) -> Query:
        return All(parts)

    def negated(self, part: Query) -> Query:
        return Not(part)

    def phrase(self, token: Token) -> Query:
        return Phrase(_words(str(token)[1:-1], token))

    def word(self, token: Token) -> Query:
        if token.upper() in OPERATORS:
            raise QueryError(
                f'write {token.upper()} in capitals, or "{token}" in quotes for the word',
                _position(token),
            )
        _refuse_wildcard(token)
        return Phrase(_words(str(token), token))

    def marked(self, token: Token) -> Query:
        name = folded(str(token))
        if not is_mark(name):
            raise QueryError(
                f"{token} is no hashtag or mention that a post could hold: letters, digits and _ "
                "alone, and . - @ within a mention",
                _position(token),
            )
        return Atom(name)

    def field(self, token: Token) -> Query:
        name, _, value = str(token).partition(":")
        value = folded(value.strip('"')).strip()
        if name not in FIELDS:
            known = ", ".join(f"{known}:" for known in FIELDS)
            raise QueryError(
                f"unknown field {name}: use {known} or put the text in quotes", _position(token)
            )
        if not value:
            raise QueryError(f"{name}: names nothing", _position(token))
        if not token.endswith('"'):
            _refuse_wildcard(token)
        return Atom(f"{name}:{value.replace('_', '-') if name == 'lang' else value}")


def _refuse_wildcard(token: Token) -> None:
    """No word may pass for all that begin with it: posts it was meant for would be missed."""
    if "*" in token:
        raise QueryError(
            f"{token} holds a *, and rules know no wildcards: join the words by OR, as in "
            "sale OR sales",
            _position(token) + token.index("*"),
        )


def _words(text: str, token: Token) -> tuple[str, ...]:
    found = tuple(words(folded(text)))
    if not found:
        raise QueryError(
            f"{token} has no letter, digit or emoji that a post could hold", _position(token)
        )
    return found


def _position(token: Token) -> int:
    return token.start_pos or 0


def _explained(error: UnexpectedInput, text: str) -> QueryError:
    """What a person can do about it."""
    if isinstance(error, UnexpectedCharacters):
        position = error.pos_in_stream or 0
        wrong = text[position]
        remedies = {
            '"': "this quote is never closed",
            "-": "write NOT in place of -",
            "#": "a hashtag needs a name, as in #acme",
            "@": "a mention needs a name, as in @acme",
            ":": "a colon stands between a field and its value, as in lang:en; else use quotes",
        }
        return QueryError(remedies.get(wrong, f"{wrong!r} cannot stand here"), position)
    if isinstance(error, UnexpectedToken):
        token = error.token
        if token.type == "$END":
            open_at = _never_closed(text)
            if open_at is not None:
                return QueryError("this parenthesis is never closed", open_at)
            end = len(text.rstrip())
            return QueryError("the query ends where a word should come", end)
        if token.type == "RPAR":
            return QueryError(
                "this parenthesis closes none, or one without a word in it", _position(token)
            )
        return QueryError(
            f"{token} stands where a word should come: it joins two", _position(token)
        )
    return QueryError("this cannot be read", 0)


def _never_closed(text: str) -> int | None:
    """Where the innermost parenthesis stands that nothing closes; quoted ones do not count."""
    opened: list[int] = []
    quoted = False
    for at, character in enumerate(text):
        if character == '"':
            quoted = not quoted
        elif character == "(" and not quoted:
            opened.append(at)
        elif character == ")" and not quoted and opened:
            opened.pop()
    return opened[-1] if opened else None

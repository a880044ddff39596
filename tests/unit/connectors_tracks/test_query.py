"""Queries are read as they are meant, and a wrong one says what to write."""

import pytest

from connectors.tracks.errors import QueryError
from connectors.tracks.query import All, AnyOf, Atom, Not, Phrase, parse


def word(text: str) -> Phrase:
    return Phrase((text,))


def test_not_binds_closest_then_and_then_or() -> None:
    assert parse("a OR b AND NOT c d") == AnyOf(
        (word("a"), All((word("b"), Not(word("c")), word("d"))))
    )
    assert parse("(a OR b) c") == All((AnyOf((word("a"), word("b"))), word("c")))
    assert parse("NOT (a b)") == Not(All((word("a"), word("b"))))


def test_words_that_begin_like_operators_are_words() -> None:
    assert parse("ANDROID NOTE ORacle") == All((word("android"), word("note"), word("oracle")))


def test_marks_and_fields_are_atoms() -> None:
    assert parse('#\uff21\uff23\uff2d\uff25 @x.y platform:"Blue Sky" lang:pt_BR') == All(
        (Atom("#acme"), Atom("@x.y"), Atom("platform:blue sky"), Atom("lang:pt-br"))
    )


@pytest.mark.parametrize(
    ("query", "position", "says"),
    [
        ("", 0, "is empty"),
        ("acme AND", 8, "ends where a word"),
        ("AND acme", 0, "AND stands where"),
        ("a OR OR b", 5, "OR stands where"),
        ("a (b OR c", 2, "never closed"),
        ('a OR "b', 5, "quote is never closed"),
        ("a) b", 1, "closes none"),
        ("a -b", 2, "write NOT"),
        ("a and b", 2, "in capitals"),
        ("a source:x", 2, "unknown field source"),
        ("lang: en", 4, "colon stands between"),
        ('a lang:""', 2, "names nothing"),
        ('a "!?"', 2, "no letter"),
        ("a #b-c", 2, "is no hashtag"),
        ("a # b", 2, "hashtag needs a name"),
        ("acme foo*", 8, "no wildcards: join the words by OR"),
        ("lang:e*", 6, "no wildcards"),
        ("NOT " * 150 + "a", 0, "100 deep"),
        ("NOT " * 5000 + "a", 0, "100 deep"),
    ],
)
def test_a_wrong_query_says_where_and_what_to_do(query: str, position: int, says: str) -> None:
    with pytest.raises(QueryError, match=says) as caught:
        parse(query)
    assert caught.value.position == position

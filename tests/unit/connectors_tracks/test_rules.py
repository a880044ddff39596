"""Compiled rules find what rules tried one by one find."""

from hypothesis import example, given
from hypothesis import strategies as st

from connectors.tracks.query import All, AnyOf, Atom, Not, Phrase, Query, parse
from connectors.tracks.reading import PostText, folded, words
from connectors.tracks.rules import Rules
from tests.unit.connectors_tracks.naive import holds, spelled

WORDS = (
    "acme",
    "ACME",
    "street",
    "phone",
    "straße",
    "STRASSE",
    "東京",
    "都",
    "ไทย",
    "삼성은",
    "🔥",
    "x_1",
)
PIECES = (
    *WORDS,
    "#acme",
    "\uff03Acme",
    "#東京",
    "@acme",
    "a@acme",
    "&#acme",
    " ",
    " ",
    ", ",
    "\uff21\uff23\uff2d\uff25",
    "ﬁ",
    "é",
    "e\u0301",
    "हिन्दी",
)

leaves = st.one_of(
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map(
        lambda parts: Phrase(tuple(words(folded(" ".join(parts)))))
    ),
    st.sampled_from(
        ["#acme", "#東京", "@acme", "lang:en", "lang:en-gb", "platform:bluesky", "author:ann"]
    ).map(Atom),
)
queries: st.SearchStrategy[Query] = st.recursive(
    leaves,
    lambda inner: st.one_of(
        inner.map(Not),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: All(tuple(parts))),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: AnyOf(tuple(parts))),
    ),
    max_leaves=8,
)
posts = st.builds(
    PostText,
    text=st.lists(st.sampled_from(PIECES), max_size=12).map("".join),
    platform=st.sampled_from(["bluesky", "Reddit"]),
    lang=st.sampled_from([None, "en", "en-GB", "ja"]),
    author_id=st.sampled_from([None, "Ann", "bob"]),
)


@given(asked=st.lists(queries, min_size=1, max_size=6), post=posts)
@example(asked=[Not(Phrase(("acme",)))], post=PostText("", "bluesky"))
def test_the_matcher_equals_a_naive_evaluator(asked: list[Query], post: PostText) -> None:
    rules = Rules({str(at): query for at, query in enumerate(asked)})
    assert rules.match(post) == [str(at) for at, query in enumerate(asked) if holds(query, post)]


# what both databases of Unicode know: that of Python is older than that of the matcher
assigned = st.characters(max_codepoint=0x97F, exclude_categories=("Cn", "Cs"))


@given(st.text(assigned | st.sampled_from("".join(PIECES)), max_size=40))
def test_words_are_those_that_are_spelled(text: str) -> None:
    assert words(folded(text)) == spelled(text)


def match(query: str, text: str, lang: str | None = None) -> bool:
    return bool(Rules({"t": parse(query)}).match(PostText(text, "bluesky", lang, "Ann")))


def test_a_word_is_found_whole_in_any_case_and_width() -> None:
    assert match("acme", "I like \uff21\uff23\uff2d\uff25!")
    assert match("Straße", "in der STRASSE")
    assert match("café", "at the cafe\u0301")
    assert not match("acme", "acmes and unacme")
    assert match("acme", "#acme and @acme")


def test_a_phrase_is_words_side_by_side() -> None:
    assert match('"acme phone"', "my Acme - phone broke")
    assert match("don't", "i don\u2019t know")
    assert not match('"acme phone"', "acme's phone")
    assert not match('"acme phone"', "phone acme")


def test_a_hashtag_is_more_than_a_word() -> None:
    assert match("#acme", "so #Acme, again")
    assert match("#東京", "今日は #東京 です")
    assert not match("#acme", "acme #acmes a#acme")


def test_scripts_without_spaces_are_searched_by_characters() -> None:
    assert match("東京", "東京都に住む")
    assert match("삼성", "삼성은 좋다")
    assert match("ラーメン", "おいしいラーメンだ")
    assert not match("東京", "京東")


def test_marks_belong_to_their_word() -> None:
    assert match("हिन्दी", "हिन्दी में")
    assert not match("हिन", "हिन्दी में")


def test_emojis_are_words() -> None:
    assert match("🔥 NOT 👎", "great🔥🔥")
    assert not match("🔥 NOT 👎", "great🔥👎")


def test_fields_are_those_of_the_post() -> None:
    assert match("lang:en platform:BlueSky author:ann", "x", "en-GB")
    assert not match("lang:en-US", "x", "en-GB")
    assert not match("lang:en", "x")
    assert match("@acme AND @acme@example.org", "hi @Acme@example.org!")
    assert not match("@acme", "mail@acme.org")


def test_only_a_rule_that_needs_nothing_is_tried_on_every_post() -> None:
    asked = {"a": "acme NOT street", "b": "NOT spam", "c": "acme OR NOT spam", "d": "x NOT (a b)"}
    rules = Rules({track: parse(query) for track, query in asked.items()})
    assert rules.always == ("b", "c")

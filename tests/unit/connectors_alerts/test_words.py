"""Words that tell a shift from the time before it, and none that name somebody."""

from itertools import accumulate
from random import Random

import pytest

from connectors.alerts.functional_words import functional_words, functional_words_by_language
from connectors.alerts.words import (
    MOST_SIGNS,
    MOST_WORDS,
    READ,
    WORD,
    Spoken,
    Wording,
    telling_words,
)
from connectors.tracks.reading import folded
from tests.unit.connectors_alerts.texts import spoken, wording


def test_words_go_with_the_label_that_moved() -> None:
    """A party that people like begins while they complain more: it did not carry that."""
    now = wording(["the recall"] * 60, ["the party"] * 40)
    before = wording(["the battery"] * 20, ["the sun"] * 80)
    up = telling_words(now, before, many=True)
    assert [word.word for word in up] == ["recall"]
    down = telling_words(now, before, many=True, up=False)
    assert [word.word for word in down] == ["party"]


def test_where_no_post_has_the_label_any_more_all_words_may_be_told() -> None:
    now, before = wording([], ["the party"] * 40), wording(["the recall"] * 20, ["the sun"] * 20)
    assert [word.word for word in telling_words(now, before, many=True, up=False)] == ["party"]


def test_of_scripts_without_spaces_pairs_of_signs_are_told_and_no_sentence() -> None:
    now = Wording.of(spoken(*["医生说召回电池"] * 40, *["电池 #召回"] * 40))
    before = Wording.of(spoken(*["医生说电池"] * 80))
    found = telling_words(now, before, many=True)
    assert "召回" in {word.word for word in found}
    assert {len(word.word) for word in found} == {2}


def test_marks_are_part_of_their_word() -> None:
    assert set(Wording.of(spoken("हिन्दी can\u2019t\u2019ve")).holding) == {"हिन्दी", "can't've"}


def test_a_long_run_of_signs_is_no_word() -> None:
    assert set(Wording.of(spoken(f"key {'a' * 41} {'b' * 40}")).holding) == {"key", "b" * 40}


def test_a_text_that_grows_as_it_is_folded_is_read_no_further() -> None:
    own = Wording.of(spoken("first " + "\ufdfa" * (READ - 11) + " last", "the last"))
    assert (own.holding["first"], own.holding["last"]) == (1, 1)


def test_posts_of_ever_new_words_fill_no_memory() -> None:
    """Random words, as somebody may send them to end the watch: those that came first go on."""
    own = Wording.of(spoken("fraud"))
    for post in range(200):
        own.add(Spoken(" ".join(f"{post:03}{word:03}" for word in range(600)), post))
    assert len(own.holding) == MOST_WORDS
    own.add(Spoken("fraud news", 1000))
    assert (own.posts, own.holding["fraud"], "news" in own.holding) == (202, 2, False)


def test_a_word_of_two_people_is_not_told_however_often_they_say_it() -> None:
    now = Wording.of([Spoken("fraud", f"author {at % 2}") for at in range(50)])
    before = Wording.of(spoken(*["nice"] * 50))
    assert telling_words(now, before, many=False) == []
    now.add(Spoken("fraud", "author 2"))
    assert [word.word for word in telling_words(now, before, many=False)] == ["fraud"]


def test_of_thousands_of_words_none_is_told_by_chance() -> None:
    """Posts of two times that draw their words alike: 20 times, of 500 words each."""
    random = Random(7)

    def drawn(posts: int) -> Wording:
        return Wording.of(
            spoken(
                *(" ".join(f"w{random.randrange(500):03}" for _ in range(12)) for _ in range(posts))
            )
        )

    pairs = [(drawn(400), drawn(800)) for _ in range(20)]
    told = [len(telling_words(now, before, many=True, most=500)) for now, before in pairs]
    among_few = [len(telling_words(now, before, many=False, most=500)) for now, before in pairs]
    assert sum(told) <= 4
    assert sum(among_few) > sum(told)


def test_a_post_that_repeats_itself_counts_once() -> None:
    now = Wording.of(spoken("fraud " * 50, "fraud", "fraud"))
    found = telling_words(now, Wording.of(spoken(*["nice"] * 20)), many=False)
    assert [word.posts for word in found] == [3]


def test_of_many_long_posts_the_first_are_counted_and_the_count_says_so() -> None:
    """Texts of the greatest length, as somebody may send them to stop the watch."""
    texts = ["fraud " * (READ // 6)] * (MOST_SIGNS // READ + 100)
    own = Wording.of(spoken(*texts))
    assert own.posts == own.holding["fraud"] == MOST_SIGNS // len(texts[0])


@pytest.mark.parametrize(
    "text",
    [
        "late @anna again",
        "late @anna.bsky.social again",
        "late @anna@mastodon.example again",
        "late .@anna: again",
        "late (@anna/@anna.k) again",
        "late @\u2068anna\u2069 again",
        "late \uff20\uff41nna again",
        "late /u/anna-k again",
        "late u/anna again",
        "late anna.k+x@mail.example again",
        "late www.anna.example/anna again",
        "遅い@アンナ again late",
    ],
)
def test_nobody_who_is_named_is_told(text: str) -> None:
    assert set(Wording.of([Spoken(text, 0, "xx")]).holding) - {"遅い"} == {"late", "again"}


def test_words_with_signs_of_addresses_are_words() -> None:
    text = "awww.menu/beer and #recall, 3@ u/ @ said"
    assert set(Wording.of([Spoken(text, 0, "xx")]).holding) == {
        *("awww", "menu", "beer", "and", "#recall", "said"),
    }


def test_words_that_bind_others_are_not_counted_in_their_language() -> None:
    assert set(Wording.of([Spoken("The war isn\u2019t over", 0, "en-GB")]).holding) == {"war"}
    assert set(Wording.of([Spoken("Die Bahn war voll", 0, "de")]).holding) == {"bahn", "voll"}
    assert set(Wording.of([Spoken("the war", 0, None)]).holding) == {"war"}
    assert set(Wording.of([Spoken("the war", 0, "xx")]).holding) == {"the", "war"}


@pytest.mark.parametrize("lang", functional_words_by_language())
def test_functional_words_are_written_as_words_are_counted(lang: str) -> None:
    own = functional_words(lang)
    assert len(own) > 80
    assert [word for word in own if word != folded(word) or not WORD.fullmatch(word)] == []


class People:
    """A simulated public: words of a mood, and of what they write about.

    Rates of words that bind others differ by mood as they do in English, some by more than twice.
    """

    BINDING = (("the", 0.5, 0.5), ("not", 0.3, 0.12), ("why", 0.08, 0.02), ("me", 0.2, 0.12))
    PLANTED = ("strike", "depot", "union", "cancelled")

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self._weights = list(accumulate(1 / (rank + 10) for rank in range(4000)))

    def posts(self, count: int, negative: float, planted: float = 0.0) -> Wording:
        """What they write.

        Args:
            count: posts.
            negative: share of those that complain.
            planted: share of those that complain of the strike.
        """
        own = Wording()
        for voice in range(count):
            complains = self._random.random() < negative
            text = " ".join(self._said(complains, planted))
            own.add(Spoken(text, voice, "xx"), labelled=complains)
        return own

    def _said(self, complains: bool, planted: float) -> list[str]:
        drawn = self._random.choices(range(4000), cum_weights=self._weights, k=10)
        said = [f"w{rank}" for rank in drawn]
        for word, of_complaints, of_others in self.BINDING:
            if self._random.random() < (of_complaints if complains else of_others):
                said.append(word)
        if complains:
            said += [f"bad{self._random.randrange(300)}" for _ in range(2)]
            if self._random.random() < planted:
                said += self._random.sample(self.PLANTED, 2)
        return said


@pytest.mark.parametrize(("many", "before", "now"), [(2000, 0.25, 0.45), (600, 0.25, 0.65)])
def test_planted_words_come_before_those_of_the_mood(many: int, before: float, now: float) -> None:
    """Without the list of words that bind others, which is only for what is left."""
    people = People(3)
    usual, said = people.posts(many, before), people.posts(many, now, planted=0.15)
    told = [own.word for own in telling_words(said, usual, many=True)]
    assert set(told[:4]) == set(People.PLANTED)
    assert not {word for word, *_ in People.BINDING} & set(told)


def test_a_mood_that_swings_over_nothing_tells_hardly_a_word() -> None:
    people = People(4)
    for before, now in ((0.25, 0.25), (0.25, 0.45), (0.25, 0.65)):
        told = telling_words(people.posts(1000, now), people.posts(1000, before), many=True)
        assert len(told) <= 1

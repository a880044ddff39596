"""Evidence is gathered from counts and examples, and from words of all posts where there are."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from connectors.alerts.evidence import Span
from connectors.alerts.gathering import WORDS_WITHIN_S, Gathering
from connectors.alerts.lifecycle import Raised
from connectors.alerts.policy import AlertPolicy
from connectors.alerts.words import Spoken, Wording
from connectors.kafka.parts import While
from connectors.schemas.alert import Evidence
from tests.unit.connectors_alerts.alerts import SWING
from tests.unit.connectors_alerts.turns import turns_taken

AT = 1_764_000_000
RAISED = Raised("acme", AT, SWING)


class Examples:
    """Knows texts of eight example posts at any time."""

    async def span(
        self,
        track: str,
        start: float,
        end: float,
        label: str | None,
        *,
        texts_of_all: bool = False,
    ) -> Span:
        texts = [Spoken("nice day" if texts_of_all else "late train", at) for at in range(8)]
        return Span(end - start, {track: 8}, {track: 8} if label else {}, texts=texts)


@dataclass
class Words:
    """Counts what it is given, and remembers when it was asked of what."""

    answer: list[Wording] | None
    asked: list[Sequence[While]] = field(default_factory=list)
    within_s: list[float] = field(default_factory=list)

    async def count(
        self, track: str, label: str | None, spans: Sequence[While], within_s: float
    ) -> list[Wording] | None:
        assert (track, label) == ("acme", SWING.label)
        self.asked.append(spans)
        self.within_s.append(within_s)
        return self.answer


def wording(text: str, posts: int) -> Wording:
    return Wording.of(Spoken(text, at) for at in range(posts))


async def gathered(words: Words | None, first_post: int | None = None) -> Evidence:
    own = Gathering(AlertPolicy(), Examples(), words)
    own.begin()
    return await own.evidence(RAISED, AT - 130, first_post)


async def test_words_of_all_posts_are_read_up_to_the_moment_at_which_the_shift_began() -> None:
    words = Words([wording("recall now", 90), wording("fine day", 400)])
    found = await gathered(words, first_post=AT - 200)
    assert words.asked == [[While(AT - 130, AT), While(AT - 200, AT - 130)]]
    assert {own.word for own in found.words} == {"recall"}
    assert found.words_counted is not None
    assert found.words_counted.posts == 90


async def test_without_them_words_of_the_examples_are_told() -> None:
    for words in (Words(None), None):
        found = await gathered(words)
        assert {own.word for own in found.words} == {"late", "train"}
        assert found.words_counted is not None
        assert found.words_counted.source == "examples"


async def test_all_alerts_of_a_look_share_its_time_for_words() -> None:
    words = Words(None)
    own = Gathering(AlertPolicy(), Examples(), words)
    own.begin()
    for _ in range(2):
        await own.evidence(RAISED, AT - 130, None)
    assert WORDS_WITHIN_S >= words.within_s[0] > words.within_s[1]


async def test_the_watch_goes_on_while_words_are_compared() -> None:
    """Thirty thousand words, as long posts have."""
    now = Wording()
    for part in range(50):
        for at in range(3):
            now.add(Spoken(" ".join(f"w{part}x{word}" for word in range(700)), at))
    async with turns_taken() as turns:
        await gathered(Words([now, wording("fine day", 400)]))
    assert turns.taken > 10

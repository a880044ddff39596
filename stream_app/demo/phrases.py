"""What the simulated people write: phrases by emotion, with slots for what they write about.

Data of the scenario; the choosing is in `scenario`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class Topic:
    """What a track is about.

    Attributes:
        track: its name.
        things: nouns for the slot `{thing}`, as they stand in the middle of a sentence.
        moods: weights of negative, neutral and positive posts.
    """

    track: str
    things: tuple[str, ...]
    moods: tuple[float, float, float]


TOPICS: Final = (
    Topic("northline-trains", ("the new timetable", "the night train", "my seat"), (0.2, 0.2, 0.6)),
    Topic("aurora-phone", ("the camera", "this phone", "the battery"), (0.25, 0.3, 0.45)),
    Topic("riverside-festival", ("the main stage", "the lineup", "that encore"), (0.1, 0.2, 0.7)),
    Topic("city-budget", ("the council vote", "the budget", "the new tax"), (0.55, 0.35, 0.1)),
    Topic("halo-film", ("the ending", "that film", "the second half"), (0.35, 0.3, 0.35)),
    Topic("greenfield-coffee", ("their espresso", "the new shop", "that cake"), (0.15, 0.3, 0.55)),
)
SWINGING: Final = TOPICS[0].track
SWUNG_MOODS: Final = (0.75, 0.15, 0.1)
# what opinion swings over: most negative posts of that time are about it
TROUBLES: Final = ("the signal failure", "the cancelled train", "the replacement bus")

EMOTIONS_OF: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "negative": ("angry", "sad", "disgust", "fear"),
        "neutral": ("neutral",),
        "positive": ("happy", "happy", "surprise"),
    }
)

PHRASES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "happy": (
            "I love {thing}, thank you so much!",
            "Oh this is great, {thing} is amazing!",
            "Yay! {thing} is perfect, I am so happy!",
            "Haha, {thing} made my whole day, wonderful!",
            "You guys, {thing} is awesome!",
        ),
        "surprise": (
            "Oh my God! Did you see {thing}? Wow!",
            "Wow, I did not expect {thing} to be this good!",
            "What? Really? {thing}? That is incredible!",
        ),
        "neutral": (
            "Okay, I will look at {thing} tomorrow.",
            "So what time is it with {thing} today?",
            "They said something about {thing} this morning.",
            "I am going there later for {thing}.",
            "Has anyone tried {thing} yet?",
        ),
        "angry": (
            "I hate {thing}! This is ridiculous, stop it!",
            "No! Are you kidding me with {thing}? Unbelievable!",
            "I am so mad about {thing}, what is wrong with you people?",
            "Shut up about {thing}, it is terrible!",
        ),
        "sad": (
            "I am so sorry, {thing} just makes me sad.",
            "Oh no, {thing} again. I feel awful.",
            "I miss how it was before {thing}, this hurts.",
        ),
        "disgust": (
            "Ew, {thing} is disgusting.",
            "Ugh, that is gross, keep {thing} away from me.",
        ),
        "fear": (
            "I am scared of what {thing} will do to us.",
            "Oh God, please no, {thing} really worries me.",
        ),
    }
)


def compose(emotion: str, phrase: int, thing: str) -> str:
    """A text: the phrase of that number (any; they repeat) with its slot filled.

    Args:
        emotion: one of `PHRASES`.
        phrase: number of the phrase.
        thing: what it is about.
    """
    known = PHRASES[emotion]
    text = known[phrase % len(known)].format(thing=thing)
    return text[0].upper() + text[1:]


def all_texts() -> list[str]:
    """Every text that can be composed, each once."""
    things = [thing for topic in TOPICS for thing in topic.things]
    texts = {
        compose(emotion, phrase, thing)
        for thing in (*things, *TROUBLES)
        for emotion, known in PHRASES.items()
        for phrase in range(len(known))
    }
    return sorted(texts)

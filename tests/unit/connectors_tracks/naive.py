"""Rules tried one by one, by what they mean: slow, and with nothing of the compiled matcher."""

import unicodedata

from connectors.tracks.query import All, AnyOf, Atom, Not, Phrase, Query
from connectors.tracks.reading import PostText

SPACELESS = ("CJK UNIFIED", "HIRAGANA", "KATAKANA", "HANGUL", "THAI")


def holds(query: Query, post: PostText) -> bool:
    match query:
        case Phrase(words=words):
            found = spelled(post.text)
            starts = range(len(found) - len(words) + 1)
            return any(tuple(found[at : at + len(words)]) == words for at in starts)
        case Atom(name=name):
            return name in marks(post)
        case Not(part=part):
            return not holds(part, post)
        case All(parts=parts):
            return all(holds(part, post) for part in parts)
        case AnyOf(parts=parts):
            return any(holds(part, post) for part in parts)


def spelled(text: str) -> list[str]:
    """Words, character by character."""
    found: list[str] = []
    word = ""
    for character in fold(text) + " ":
        alone = unicodedata.category(character) == "So" or (
            in_word(character) and unicodedata.name(character, "").startswith(SPACELESS)
        )
        if in_word(character) and not alone:
            word += character
            continue
        found += [word] if word else []
        found += [character] if alone else []
        word = ""
    return found


def marks(post: PostText) -> set[str]:
    found = {f"platform:{fold(post.platform)}"}
    if post.lang:
        parts = fold(post.lang).split("-")
        found |= {f"lang:{'-'.join(parts[: at + 1])}" for at in range(len(parts))}
    if post.author_id:
        found.add(f"author:{fold(post.author_id)}")
    text = fold(post.text)
    for at, character in enumerate(text):
        if character in "#@" and not (at and (in_word(text[at - 1]) or text[at - 1] in "&/.")):
            end = at + 1
            while end < len(text) and in_word(text[end]):
                end += 1
            if end > at + 1:
                found.add(text[at:end])
    return found


def in_word(character: str) -> bool:
    return character == "_" or unicodedata.category(character)[0] in "LMN"


def fold(text: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())

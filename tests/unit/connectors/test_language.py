"""A language is told where it can be told, and nothing is guessed."""

import pytest

from connectors.language import LanguageDetector


@pytest.fixture(scope="module")
def detector() -> LanguageDetector:
    return LanguageDetector()


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("this is the best phone I have ever had", "en"),
        ("das ist wirklich eine schöne Überraschung für alle", "de"),
        ("no me gusta nada lo que ha hecho esta empresa con sus clientes", "es"),
        ("これは本当に素晴らしい映画でした", "ja"),
        ("это очень плохая новость для всех нас", "ru"),
    ],
)
def test_a_sentence_has_a_language(detector: LanguageDetector, text: str, language: str) -> None:
    assert detector.language(text) == language


@pytest.mark.parametrize("text", ["", "ok", "lol 😂😂", "!!!", "12345 67890", "hm hm hm hm hm hm"])
def test_what_is_too_short_or_no_language_has_none(detector: LanguageDetector, text: str) -> None:
    assert detector.language(text) is None

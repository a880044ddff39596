"""The language of a text, where it can be told.

Not for what a source says itself: that is always better.
"""

import logging
from typing import Final

from py3langid.langid import MODEL_FILE, LanguageIdentifier

LEAST_BYTES: Final = 10
"""Of letters in UTF-8: ten of the Latin script, four of Chinese."""
LEAST_CONFIDENCE: Final = 0.8
NO_LANGUAGE: Final = frozenset({"und", "zxx"})

logging.getLogger("py3langid").setLevel(logging.WARNING)


class LanguageDetector:
    """Tells the language of short texts by their bytes, out of 140 or so.

    Holds a model of 5 MB; a text of 50 letters takes 40 microseconds.
    """

    def __init__(self) -> None:
        self._identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)

    def language(self, text: str) -> str | None:
        """ISO 639 code of a text's language.

        Args:
            text: words; addresses and handles only mislead.

        Returns:
            The code; None where the text is too short, or no language is 80 % certain.
        """
        letters = sum(len(letter.encode()) for letter in text if letter.isalpha())
        if letters < LEAST_BYTES:
            return None
        code, confidence = self._identifier.classify(text)
        if confidence < LEAST_CONFIDENCE or code in NO_LANGUAGE:
            return None
        return str(code)

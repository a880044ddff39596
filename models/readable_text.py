"""A post's text as the encoder reads it: without addresses, and without whom it is addressed to.

Nothing that the encoder was trained on has addresses of the web or handles, and neither says what
is felt; emoji do, and stay. Not for HTML: sources make plain text of that.
"""

import re
from typing import Final

_ADDRESS: Final = re.compile(
    r"(?:(?<!\w)https?://|(?<!\w)www\.(?=\w))[^\s<>\"]*[^\s<>\".,;:!?'\u2026)\]}]", re.IGNORECASE
)
# a name with a letter, and on networks of servers the server; not what is in an e-mail address
_NAME: Final = r"(?=[\w.-]*[^\W\d_])\w(?:[\w.-]*\w)?"
_HANDLE: Final = re.compile(rf"(?<![\w@./])@({_NAME})(?:@{_NAME})?")
_ADDRESSED: Final = re.compile(rf"(?:\s*{_HANDLE.pattern}[\s,:]*)+")
_SPACES: Final = re.compile(r"[^\S\n]{2,}")


def readable_text(text: str) -> str:
    """What is left to read of a text.

    Args:
        text: as it was posted.

    Returns:
        The text without web addresses and the handles that it begins with; of other handles the
        name alone. Empty where nothing else was there.
    """
    if "@" not in text and "/" not in text and "www." not in text.lower():
        return text
    without = _ADDRESS.sub("", text)
    addressed = _ADDRESSED.match(without)
    if addressed:
        without = without[addressed.end() :]
    return _SPACES.sub(" ", _HANDLE.sub(r"\1", without)).strip()

"""Elements that distinct counts hold already, so that they need not be sent again. Pure.

Redis would take them without effect, but walks all that a small HyperLogLog holds for each. Not a
count: what is forgotten here is sent once more.
"""

from collections.abc import Mapping
from typing import Final

MOST_ELEMENTS: Final = 300_000  # about 40 MB


class SeenElements:
    """Elements by the key that holds them.

    Args:
        most: past so many all are forgotten.
    """

    def __init__(self, most: int = MOST_ELEMENTS) -> None:
        self._most = most
        self._by_key: dict[str, set[str]] = {}
        self._held = 0

    def new(self, key: str, elements: set[str]) -> set[str]:
        """Those of the elements that the key is not known to hold."""
        seen = self._by_key.get(key)
        return elements - seen if seen else elements

    def remember(self, added: Mapping[str, set[str]]) -> None:
        """Keys hold these elements now, which were `new`."""
        self._held += sum(map(len, added.values()))
        if self._held > self._most:
            self._by_key.clear()
            self._held = 0
            return
        for key, elements in added.items():
            if elements:
                self._by_key.setdefault(key, set()).update(elements)

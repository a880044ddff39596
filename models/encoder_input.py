"""What a text encoder takes and gives: names and shapes of its tensors.

Not for texts: `models.text_encoder` makes token numbers of them.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

MAX_TOKENS: Final = 64
"""What goes past it in a text is cut; the two special tokens count."""
IDS: Final = "input_ids"
MASK: Final = "attention_mask"
VECTORS: Final = "last_hidden_state"


def padded(texts: Sequence[Sequence[int]]) -> dict[str, NDArray[np.int64]]:
    """Texts side by side.

    Args:
        texts: token numbers of each.

    Returns:
        Numbers, and a mask that is 1 at them and 0 at padding; [B, L] each, L that of the longest.
    """
    longest = max(map(len, texts))
    ids = np.zeros((len(texts), longest), np.int64)
    mask = np.zeros((len(texts), longest), np.int64)
    for row, numbers in enumerate(texts):
        ids[row, : len(numbers)] = numbers
        mask[row, : len(numbers)] = 1
    return {IDS: ids, MASK: mask}

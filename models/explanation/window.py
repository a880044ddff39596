"""A post and those before it as the network takes them, and the same with parts taken away.

A modality that is taken away is one that the post lacks: the network then reads its learned
vector. Not for what the network says of it: that is `oracle`.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from connectors.schemas.labels import MODALITIES
from models.explanation.shapley import Mask

TEXT = MODALITIES.index("text")


@dataclass(frozen=True, slots=True)
class PostWindow:
    """A window whose last post is the one to explain.

    Attributes:
        vectors: [N, 3, post_width], N posts, oldest first.
        presence: [N, 3], True where a post has the modality.
    """

    vectors: NDArray[np.float32]
    presence: Mask

    def with_posts(self, kept: Mask) -> "PostWindow":
        """As if other posts [N] had not been written; without the last, as if it were empty."""
        held = kept.copy()
        held[-1] = True
        window = PostWindow(self.vectors[held], self.presence[held])
        return window if kept[-1] else window.with_modalities(np.zeros(len(MODALITIES), np.bool_))

    def with_modalities(self, kept: Mask) -> "PostWindow":
        """As if the last post had none but these modalities [3]."""
        presence = self.presence.copy()
        presence[-1] &= kept
        return replace(self, presence=presence)

    def with_text(self, vector: NDArray[np.float32] | None) -> "PostWindow":
        """As if the last post's text had this vector [post_width]; None: as if it had no text."""
        vectors, presence = self.vectors.copy(), self.presence.copy()
        presence[-1, TEXT] = vector is not None
        if vector is not None:
            vectors[-1, TEXT] = vector
        return PostWindow(vectors, presence)

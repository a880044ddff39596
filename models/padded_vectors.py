"""Post vectors (steps 1-2) by torch: posts in groups of like length, padded.

Not for the conversation: that is an engine's.
"""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.padding import pad_steps
from models.tmsam import Tmsam
from models.windows import group_by_length

_STEPS_A_GROUP: Final = 4096
_ROWS_A_GROUP: Final = 256


class PaddedVectors:
    """Encoders of all modalities.

    Args:
        network: in evaluation mode, on its device.
        upload: brings a tensor there.
        dtype: of products; sums are float32.
    """

    def __init__(
        self,
        network: Tmsam,
        upload: Callable[[Tensor], Tensor],
        dtype: torch.dtype = torch.float32,
    ) -> None:
        self._network = network
        self._upload = upload
        self._dtype = dtype

    def __call__(self, modality: str, posts: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
        """Vectors of posts in one modality.

        Args:
            modality: one of `labels.MODALITIES`.
            posts: at least one, each [steps, width], steps >= 1.

        Returns:
            [P, post_width].
        """
        found = np.empty((len(posts), self._network.config.post_width), np.float32)
        lengths = [len(steps) for steps in posts]
        groups = group_by_length(lengths, _STEPS_A_GROUP, _ROWS_A_GROUP)
        # all are begun before one is waited for, so that a GPU has work while posts are padded
        begun = [self._encode(modality, [posts[index] for index in group]) for group in groups]
        for group, vectors in zip(groups, begun, strict=True):
            found[group] = vectors.float().cpu().numpy()
        return found

    def _encode(self, modality: str, posts: Sequence[NDArray[np.float32]]) -> Tensor:
        """[P, post_width], where the network is."""
        steps, mask = map(self._upload, pad_steps(posts))  # [P, L, width], [P, L]
        lower = self._dtype != torch.float32
        with torch.inference_mode(), torch.autocast(steps.device.type, self._dtype, enabled=lower):
            return self._network.encode(modality, steps, mask)

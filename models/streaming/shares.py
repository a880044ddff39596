"""Shares of the modalities by gradient times input, from what the heads computed anyway.

The formula and its sources are those of `models.modality_shares`, which this follows for a network
with residual attention.
"""

import numpy as np
from numpy.typing import NDArray

from models.modality_shares import LEAST_PART, joined_of_nothing
from models.streaming.arithmetic import ArithmeticName, make_product
from models.streaming.causal import TargetRows
from models.streaming.weights import Rows, dense_layers, numbers
from models.tmsam import Tmsam


class StreamShares:
    """Shares of posts that were scored.

    Args:
        network: causal, with residual attention.
        arithmetic: of the products.
    """

    def __init__(self, network: Tmsam, arithmetic: ArithmeticName) -> None:
        self._reference = numbers(joined_of_nothing(network))[0]  # [1, 1200]
        first, second, self._last = zip(
            *([weight for weight, _ in dense_layers(head)] for head in network.heads), strict=True
        )
        self._to_first = make_product(
            arithmetic,
            np.stack([weight.T for weight in second]),
            np.zeros((len(second), second[0].shape[1]), np.float32),
        )
        self._to_joined = make_product(
            arithmetic,
            np.stack([weight.T for weight in first]),
            np.zeros((len(first), first[0].shape[1]), np.float32),
        )

    def __call__(self, rows: TargetRows, present: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Shares of posts.

        Args:
            rows: from `CausalNetwork.advance`.
            present: [T, 3], at least one a post.

        Returns:
            [T, 3], each row sums to 1, 0 where absent. The mean of both tasks.
        """
        shares = present.astype(np.float64)
        several = np.flatnonzero(present.sum(axis=1) > 1)
        if len(several):
            shares[several] = self._shares(rows, several, present[several])
        return shares

    def _shares(
        self, rows: TargetRows, chosen: NDArray[np.int64], present: NDArray[np.bool_]
    ) -> NDArray[np.float64]:
        slopes = [  # einsum: the last bits of @ follow from how many rows there are
            np.einsum("tc,ck->tk", _log_odds_slope(logits[chosen]), last) * (second[chosen] > 0)
            for logits, last, (_, second) in zip(rows.logits, self._last, rows.hidden, strict=True)
        ]  # two of [T, 200]
        slopes = [
            slope * (first[chosen] > 0)
            for slope, (first, _) in zip(self._to_first(slopes), rows.hidden, strict=True)
        ]  # two of [T, 400]
        moved = rows.joined[chosen] - self._reference  # [T, 1200]
        parts = np.stack([slope * moved for slope in self._to_joined(slopes)])  # [2, T, 1200]
        parts = parts.reshape(*parts.shape[:2], present.shape[1], -1)
        sizes = np.abs(parts.sum(axis=-1, dtype=np.float64))  # [2, T, 3]
        sizes = np.maximum(sizes, LEAST_PART) * present
        mean: NDArray[np.float64] = (sizes / sizes.sum(axis=-1, keepdims=True)).mean(axis=0)
        return mean


def _log_odds_slope(logits: Rows) -> Rows:
    """Gradient of the log odds of the most probable class by the logits, [T, C]."""
    best = logits.argmax(axis=1)
    rows = np.arange(len(logits))
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    odds[rows, best] = 0
    slope = -odds / odds.sum(axis=1, keepdims=True)
    slope[rows, best] = 1
    found: Rows = slope
    return found

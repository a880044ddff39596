"""Multi-head attention between posts (Eq. 6-7) and the masks that say who sees whom."""

import torch
from torch import Tensor, nn
from torch.nn import functional


def attention_mask(post_mask: Tensor, causal: bool) -> Tensor:
    """Which post may attend to which.

    Args:
        post_mask: [B, N], True for a prefix of real posts, at least one a row.
        causal: a post sees itself and the posts before it only.

    Returns:
        [B, N, N], True where the query (dim 1) may see the key (dim 2).
    """
    count = post_mask.shape[1]
    seen = post_mask[:, None, :].expand(-1, count, -1)  # [B, N, N]
    if not causal:
        return seen
    past = torch.ones(count, count, dtype=torch.bool, device=post_mask.device).tril()  # [N, N]
    return seen & past


class MultiHeadAttention(nn.Module):
    """Scaled dot-product attention of several heads.

    Args:
        width: numbers of a query, key and value row that come in.
        inner_width: numbers that the heads share; a multiple of `heads`.
        out_width: numbers that go out.
        heads: attention heads.
        dropout: share of attention weights dropped in training.
    """

    def __init__(
        self, width: int, inner_width: int, out_width: int, heads: int, dropout: float
    ) -> None:
        super().__init__()
        self.heads = heads
        self.dropout = dropout
        self.query = nn.Linear(width, inner_width)
        self.key = nn.Linear(width, inner_width)
        self.value = nn.Linear(width, inner_width)
        self.out = nn.Linear(inner_width, out_width)

    def _split(self, rows: Tensor) -> Tensor:
        parts = rows.reshape(*rows.shape[:2], self.heads, -1)  # [B, N, heads, inner/heads]
        return parts.transpose(1, 2)  # [B, heads, N, inner/heads]

    def forward(self, queries: Tensor, keys: Tensor, mask: Tensor) -> Tensor:
        """What each query gathers from the keys it may see.

        Args:
            queries: [B, T, width].
            keys: [B, N, width]; the values come from them as well.
            mask: [B, T, N], True where a query may see a key; at least one a query.

        Returns:
            [B, T, out_width].
        """
        gathered = functional.scaled_dot_product_attention(
            self._split(self.query(queries)),
            self._split(self.key(keys)),
            self._split(self.value(keys)),
            attn_mask=mask[:, None],  # [B, 1, T, N]
            dropout_p=self.dropout if self.training else 0.0,
        )  # [B, heads, T, inner/heads]
        out: Tensor = self.out(gathered.transpose(1, 2).flatten(2))  # [B, T, out]
        return out

"""Recurrent layers whose padded results equal the unpadded ones.

A layer run backwards over a padded row starts in the padding. Here each row is turned round within
its own length, so that no packed sequences are needed and the shapes stay static.
"""

import torch
from torch import Tensor, nn


def flip_by_length(rows: Tensor, lengths: Tensor) -> Tensor:
    """Turn each row round within its length; the padding stays where it is.

    Args:
        rows: [B, L, D].
        lengths: [B], real steps of each row.

    Returns:
        [B, L, D].
    """
    position = torch.arange(rows.shape[1], device=rows.device)[None, :]  # [1, L]
    length = lengths[:, None]  # [B, 1]
    source = torch.where(position < length, length - 1 - position, position)  # [B, L]
    return rows.gather(1, source[:, :, None].expand_as(rows))  # [B, L, D]


class _Bidirectional(nn.Module):
    def __init__(self, layer: type[nn.GRU] | type[nn.LSTM], width: int, out_width: int) -> None:
        super().__init__()
        self.forwards = layer(width, out_width // 2, batch_first=True)
        self.backwards = layer(width, out_width // 2, batch_first=True)

    def forward(self, rows: Tensor, lengths: Tensor) -> Tensor:
        """States of every step, [B, L, D] and [B] -> [B, L, out_width]."""
        ahead: Tensor = self.forwards(rows)[0]  # [B, L, out/2]
        back: Tensor = self.backwards(flip_by_length(rows, lengths))[0]  # [B, L, out/2]
        return torch.cat((ahead, flip_by_length(back, lengths)), dim=-1)  # [B, L, out]


class BidirectionalGru(_Bidirectional):
    """Two one-way GRUs, one of them over the rows turned round.

    Args:
        width: D, numbers per step that come in.
        out_width: numbers per step that go out, half from each direction; even.
    """

    def __init__(self, width: int, out_width: int) -> None:
        super().__init__(nn.GRU, width, out_width)


class BidirectionalLstm(_Bidirectional):
    """Two one-way LSTMs, one of them over the rows turned round.

    Args:
        width: D, numbers per step that come in.
        out_width: numbers per step that go out, half from each direction; even.
    """

    def __init__(self, width: int, out_width: int) -> None:
        super().__init__(nn.LSTM, width, out_width)


class OneWayGru(nn.Module):
    """A GRU that sees the past alone; padding at the end cannot reach the real steps.

    Args:
        width: D, numbers per step that come in.
        out_width: numbers per step that go out.
    """

    def __init__(self, width: int, out_width: int) -> None:
        super().__init__()
        self.forwards = nn.GRU(width, out_width, batch_first=True)

    def forward(self, rows: Tensor, lengths: Tensor) -> Tensor:  # noqa: ARG002 - same call as above
        """States of every step, [B, L, D] and [B] -> [B, L, out_width]."""
        states: Tensor = self.forwards(rows)[0]  # [B, L, out]
        return states

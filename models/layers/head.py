"""The classifier of one task (Fig. 5): two hidden layers, then one number a class."""

from torch import nn


def task_head(width: int, hidden: tuple[int, int], classes: int, dropout: float) -> nn.Sequential:
    """Three dense layers with ReLU and dropout between them.

    Args:
        width: numbers of a post that come in.
        hidden: widths of the two hidden layers.
        classes: logits that go out.
        dropout: share of activations dropped in training.

    Returns:
        [..., width] -> [..., classes].
    """
    first, second = hidden
    return nn.Sequential(
        nn.Linear(width, first),
        nn.ReLU(),
        nn.Dropout(dropout),
        nn.Linear(first, second),
        nn.ReLU(),
        nn.Dropout(dropout),
        nn.Linear(second, classes),
    )

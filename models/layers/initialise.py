"""First weights of a network, so that what its inputs say reaches its outputs.

Under torch's own first weights each layer with ReLU makes what differs between posts three to four
times smaller, and little of it is left at the logits (docs/decisions/0015-first-weights.md).
"""

from itertools import pairwise

from torch import nn

from models.layers.graph import GraphConvolution


def initialise(network: nn.Module) -> None:
    """Draw first weights by torch's global random state.

    Args:
        network: changed in place: convolutions and dense layers in front of a ReLU keep the
            variance of what comes in (He et al. 2015, ICCV), with biases of 0. All others stay
            as they are: attention is added to its queries, and begins small.
    """
    for module in network.modules():
        if isinstance(module, nn.Conv1d):
            _keep_variance(module)
        elif isinstance(module, GraphConvolution):
            _keep_variance(module.dense)
        elif isinstance(module, nn.Sequential):
            for layer, after in pairwise(module):
                if isinstance(layer, nn.Linear) and isinstance(after, nn.ReLU):
                    _keep_variance(layer)


def _keep_variance(layer: nn.Linear | nn.Conv1d) -> None:
    nn.init.kaiming_uniform_(layer.weight, nonlinearity="relu")
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)

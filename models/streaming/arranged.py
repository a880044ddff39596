"""A causal network's weights, put side by side for one step a post: products that run as one.

Every engine that keeps states takes them from here. Not for how they are multiplied, nor for steps
1-2 (`models.post_encoder`) and the heads.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from torch import nn

from connectors.schemas.labels import MODALITIES
from models.errors import ModelError
from models.layers.attention import MultiHeadAttention
from models.streaming.weights import Layer, dense, pad_heads, padded_width, recurrent
from models.tmsam import Tmsam, pairs


@dataclass(frozen=True, slots=True)
class Heads:
    """Heads of an attention: how many, and numbers of one."""

    count: int
    width: int

    @property
    def row(self) -> int:
        """Numbers of the queries, or keys, or values, of one post."""
        return self.count * self.width


@dataclass(frozen=True, slots=True)
class PairColumns:
    """Where one directed pair stands in the products of `ArrangedWeights.of_context`.

    Attributes:
        source: modality whose posts are attended to.
        kept: first column of the keys in its product; the values stand behind them.
        target: modality that attends.
        asked: first column of the queries in its product.
    """

    source: int
    kept: int
    target: int
    asked: int


@dataclass(frozen=True, slots=True)
class ArrangedWeights:
    """Weights [G, out, in] and biases [G, out]; heads are padded, queries scaled.

    Attributes:
        inputs: of the context GRUs, G = 3 modalities.
        memory: the same for their states.
        cross: heads of one directed pair.
        columns: of each pair, in the order of `models.tmsam.pairs`.
        of_context: keys, values and queries of all pairs, G = 3 modalities.
        cross_out: G = 6 pairs.
        within: heads of one modality's self-attention.
        of_pair: its queries, keys and values one after the other, G = 3.
        within_out: G = 3.
        fusion: heads of the fusion.
        fusion_kept: keys and values, G = 1.
        fusion_query, fusion_out: G = 1.
    """

    inputs: Layer
    memory: Layer
    cross: Heads
    columns: Sequence[PairColumns]
    of_context: Layer
    cross_out: Layer
    within: Heads
    of_pair: Layer
    within_out: Layer
    fusion: Heads
    fusion_kept: Layer
    fusion_query: Layer
    fusion_out: Layer


def arrange(network: Tmsam, lanes: int) -> ArrangedWeights:
    """The weights of steps 3-7.

    Args:
        network: causal, with residual attention (the preset `stream`).
        lanes: heads are padded to a multiple of it; 1: as they are.

    Raises:
        ModelError: the network is of another form.
    """
    if not (network.config.causal and network.config.residual):
        raise ModelError(
            "one step a post needs a causal network with residual attention, preset stream; "
            "the window engine scores all others"
        )
    grus = [gru.forwards for gru in network.context]
    crosses = [_multi_head(network.cross[f"{source}_to_{target}"]) for source, target in pairs()]
    withins = [_multi_head(own) for own in network.within]
    cross = _heads(crosses[0], lanes)
    return ArrangedWeights(
        inputs=recurrent(grus, "ih"),
        memory=recurrent(grus, "hh"),
        cross=cross,
        columns=_columns(cross.row),
        of_context=_context_projections(crosses, lanes),
        cross_out=_outputs(crosses, lanes),
        within=_heads(withins[0], lanes),
        of_pair=stacked([_projections(own, lanes, "query", "key", "value") for own in withins]),
        within_out=_outputs(withins, lanes),
        fusion=_heads(network.fusion, lanes),
        fusion_kept=stacked([_projections(network.fusion, lanes, "key", "value")]),
        fusion_query=stacked([_projections(network.fusion, lanes, "query")]),
        fusion_out=_outputs([network.fusion], lanes),
    )


def stacked(layers: Sequence[Layer]) -> Layer:
    """Layers of one shape as groups."""
    weights, biases = zip(*layers, strict=True)
    return np.stack(weights), np.stack(biases)


def _columns(row: int) -> list[PairColumns]:
    """Keys and values of the pairs that a modality is source of, then queries of its own pairs."""
    taken = [0] * len(MODALITIES)
    kept = {}
    for source, target in pairs():
        at = MODALITIES.index(source)
        kept[source, target] = taken[at]
        taken[at] += 2 * row
    columns = []
    for source, target in pairs():
        at = MODALITIES.index(target)
        columns.append(PairColumns(MODALITIES.index(source), kept[source, target], at, taken[at]))
        taken[at] += row
    return columns


def _context_projections(crosses: Sequence[MultiHeadAttention], lanes: int) -> Layer:
    """For each modality: keys and values of the pairs it is source of, queries of its own."""
    by_pair = dict(zip(pairs(), crosses, strict=True))
    groups = []
    for modality in MODALITIES:
        kept = [
            _projections(own, lanes, "key", "value")
            for (source, _), own in by_pair.items()
            if source == modality
        ]
        asked = [
            _projections(own, lanes, "query")
            for (_, target), own in by_pair.items()
            if target == modality
        ]
        weights, biases = zip(*kept, *asked, strict=True)
        groups.append((np.concatenate(weights), np.concatenate(biases)))
    return stacked(groups)


def _projections(attention: MultiHeadAttention, lanes: int, *names: str) -> Layer:
    """Projections one after the other, heads padded, queries scaled: [rows, in] and [rows]."""
    weights, biases = [], []
    for name in names:
        weight, bias = dense(getattr(attention, name))
        if name == "query":
            scale = np.float32((attention.query.out_features // attention.heads) ** -0.5)
            weight, bias = weight * scale, bias * scale
        weights.append(pad_heads(weight, attention.heads, lanes))
        biases.append(pad_heads(bias, attention.heads, lanes))
    return np.concatenate(weights), np.concatenate(biases)


def _outputs(attentions: Sequence[MultiHeadAttention], lanes: int) -> Layer:
    """Output projections of padded heads: [G, out, heads * width] and [G, out]."""
    layers = []
    for own in attentions:
        weight, bias = dense(own.out)
        layers.append((np.ascontiguousarray(pad_heads(weight.T, own.heads, lanes).T), bias))
    return stacked(layers)


def _heads(attention: MultiHeadAttention, lanes: int) -> Heads:
    width = attention.query.out_features // attention.heads
    return Heads(attention.heads, padded_width(width, lanes))


def _multi_head(attention: nn.Module) -> MultiHeadAttention:
    if not isinstance(attention, MultiHeadAttention):
        raise TypeError(f"{type(attention).__name__} is no multi-head attention")
    return attention

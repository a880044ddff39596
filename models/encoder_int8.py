"""A text encoder in int8, so that a token's vector depends on its own text alone.

Weights have a scale for each output, word vectors one for each word. Activations:

- behind a LayerNorm a fixed scale, from the range that random tokens reach; channels that are far
  larger than others are made smaller before, and their weights larger (SmoothQuant);
- elsewhere, behind attention and behind the activation, a scale for each token, from its own
  largest value.

ONNX Runtime's own dynamic quantisation takes one scale from a whole batch, and a text's vectors
then change with the texts that happen to be beside it (docs/decisions/0014-int8-encoder.md).

Source: Xiao et al. 2023, ICML (SmoothQuant); Dettmers et al. 2022, NeurIPS, for scales by token.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnx import TensorProto, numpy_helper

from models.encoder_graph import (
    MICROSOFT,
    Float32,
    GraphBuilder,
    encoder_graph,
    normalised_sites,
)
from models.encoder_input import IDS, MASK, MAX_TOKENS, padded
from models.encoder_weights import Array, EncoderWeights

SMOOTHING: Final = 0.65
"""How much of a channel's size goes into the weights: 0 nothing, 1 all."""
MARGIN: Final = 1.1
"""How far past the range that was seen a fixed scale reaches."""

_LEVELS: Final = 127  # of a weight, on each side of 0
_TOP: Final = 255  # level of the largest activation; the least has 0
_GELU_LEAST: Final = 0.17  # how far below 0 the activation goes
_GELU_ZERO: Final = 44  # its level of 0; with 1 level in 6 below, no value is cut off
_TEXTS: Final = 256
_TEXTS_A_BATCH: Final = 32


@dataclass(frozen=True, slots=True)
class Range:
    """Least and largest value of each channel, [width] each."""

    least: Array
    largest: Array


def int8_arithmetic(weights: EncoderWeights, special: tuple[int, int]) -> "Int8":
    """Scales for an encoder, from texts of random tokens: no data are needed.

    Args:
        weights: of the encoder.
        special: tokens that begin and end every text.
    """
    return Int8(measured_ranges(weights, random_texts(weights.vocabulary, special)))


def random_texts(vocabulary: int, special: tuple[int, int], seed: int = 0) -> list[list[int]]:
    """Texts of random tokens between the special ones, up to the longest that an encoder reads.

    Args:
        vocabulary: how many tokens there are.
        special: tokens that begin and end every text.
        seed: the same texts for the same seed.
    """
    generator = np.random.default_rng(seed)
    first, last = special
    return [
        [first, *generator.integers(vocabulary, size=length).tolist(), last]
        for length in np.sort(generator.integers(1, MAX_TOKENS - 1, size=_TEXTS))
    ]


def measured_ranges(weights: EncoderWeights, texts: Sequence[Sequence[int]]) -> dict[str, Range]:
    """Ranges behind each LayerNorm that dense layers follow, in float32.

    Args:
        weights: of the encoder.
        texts: token numbers of each; near ones best of like length.
    """
    sites = normalised_sites(weights)
    model = encoder_graph(weights, Float32(), sites).SerializeToString()
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    least: dict[str, list[Array]] = {site: [] for site in sites}
    largest: dict[str, list[Array]] = {site: [] for site in sites}
    for start in range(0, len(texts), _TEXTS_A_BATCH):
        inputs = padded(texts[start : start + _TEXTS_A_BATCH])
        real = inputs[MASK].reshape(-1) == 1
        for site, tokens in zip(sites, session.run(sites, inputs), strict=True):
            least[site].append(tokens[real].min(axis=0))
            largest[site].append(tokens[real].max(axis=0))
    return {site: Range(np.min(least[site], 0), np.max(largest[site], 0)) for site in sites}


class Int8:
    """Arithmetic with 8-bit integers; see `models.encoder_graph.Arithmetic`.

    Args:
        ranges: site -> range of its input.
    """

    gelu = "tanh"  # differs from the exact one by less than a level

    def __init__(self, ranges: Mapping[str, Range]) -> None:
        self._ranges = ranges

    def embed(self, graph: GraphBuilder, words: Array) -> str:
        """See `Arithmetic.embed`."""
        levels, scales = _levels(words.T)  # a scale a word
        numbers = graph.node("Gather", [graph.constant("words", levels.T), IDS])
        numbers = graph.node("Cast", [numbers], to=TensorProto.FLOAT)
        own = graph.node("Gather", [graph.constant("words.scales", scales[:, None]), IDS])
        return graph.node("Mul", [numbers, own])

    def normalised(
        self, graph: GraphBuilder, site: str, tokens: str, layers: Sequence[tuple[Array, Array]]
    ) -> list[str]:
        """See `Arithmetic.normalised`."""
        seen = self._ranges[site]
        sizes = np.maximum(np.abs(seen.least), np.abs(seen.largest))
        shares = _smoothing(sizes, [matrix for matrix, _ in layers])  # [in]
        least = min(0.0, float((seen.least / shares).min())) * MARGIN
        largest = max(0.0, float((seen.largest / shares).max())) * MARGIN
        step = (largest - least) / _TOP
        scale = graph.constant(f"{site}.scale", np.float32(step))
        zero = graph.constant(f"{site}.zero", np.uint8(round(-least / step)))
        smooth = graph.node("Mul", [tokens, graph.constant(f"{site}.smoothing", 1 / shares)])
        numbers = graph.node("QuantizeLinear", [smooth, scale, zero])
        return [
            _product(
                graph, f"{site}.{index}", (numbers, scale, zero), matrix * shares[:, None], bias
            )
            for index, (matrix, bias) in enumerate(layers)
        ]

    def gathered(
        self, graph: GraphBuilder, site: str, tokens: str, layer: tuple[Array, Array]
    ) -> str:
        """See `Arithmetic.gathered`."""
        sizes = graph.node("Abs", [tokens])
        return _by_token(graph, site, tokens, sizes, _LEVELS + 1, 1e-6, layer)

    def activated(
        self, graph: GraphBuilder, site: str, tokens: str, layer: tuple[Array, Array]
    ) -> str:
        """See `Arithmetic.activated`."""
        floor = _GELU_LEAST / _GELU_ZERO
        return _by_token(graph, site, tokens, tokens, _GELU_ZERO, floor, layer)


def _by_token(
    graph: GraphBuilder,
    site: str,
    tokens: str,
    sizes: str,
    zero_level: int,
    floor: float,
    layer: tuple[Array, Array],
) -> str:
    """A dense layer whose input has a scale for each token: its largest size by the levels."""
    matrix, bias = layer
    axis = graph.constant("token_axis", np.array([1]))
    largest = graph.node("ReduceMax", [sizes, axis], keepdims=0)  # [T]
    step = graph.constant(f"{site}.step", np.float32(1 / (_TOP - zero_level)))
    scales = graph.node(
        "Max",
        [graph.node("Mul", [largest, step]), graph.constant(f"{site}.floor", np.float32(floor))],
    )
    zeros = graph.node(
        "ConstantOfShape",
        [graph.node("Shape", [scales])],
        value=numpy_helper.from_array(np.array([zero_level], np.uint8)),
    )
    numbers = graph.node("QuantizeLinear", [tokens, scales, zeros], axis=0)
    unit = graph.constant("unit", np.float32(1))
    zero = graph.constant(f"{site}.zero", np.uint8(zero_level))
    product = _product(graph, site, (numbers, unit, zero), matrix, None)
    scaled = graph.node("Mul", [product, graph.node("Unsqueeze", [scales, axis])])
    return graph.node("Add", [scaled, graph.constant(f"{site}.bias", bias)])


def _product(
    graph: GraphBuilder,
    name: str,
    numbers: tuple[str, str, str],
    matrix: Array,
    bias: Array | None,
) -> str:
    """Product with a matrix [in, out] in integers, given in float32."""
    values, scale, zero = numbers
    levels, scales = _levels(matrix)
    inputs = [
        values,
        graph.constant(f"{name}.matrix", levels),
        scale,
        graph.constant(f"{name}.scales", scales),
        zero,
        "",
    ]
    if bias is not None:
        inputs.append(graph.constant(f"{name}.bias", bias))
    return graph.node("MatMulIntegerToFloat", inputs, MICROSOFT)


def _levels(matrix: Array) -> tuple[NDArray[np.int8], Array]:
    """Columns of [in, out] as integers from -127 to 127, and the scale of each, [out]."""
    scales = np.abs(matrix).max(axis=0) / _LEVELS
    scales[scales == 0] = 1
    return np.round(matrix / scales).astype(np.int8), scales.astype(np.float32)


def _smoothing(sizes: Array, matrices: Sequence[Array]) -> Array:
    """By what each channel is divided, so that none is far larger than the others, [in]."""
    weights = np.max([np.abs(matrix).max(axis=1) for matrix in matrices], axis=0)
    tiny = np.float32(1e-5)
    shares = np.maximum(sizes, tiny) ** SMOOTHING / np.maximum(weights, tiny) ** (1 - SMOOTHING)
    found: Array = (shares / np.exp(np.log(shares).mean())).astype(np.float32)
    return found

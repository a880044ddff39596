"""A text encoder as an ONNX graph: float32 as it was trained, or int8 for two cores.

One form, two arithmetics: what differs is how a dense layer and the word embeddings are computed.
Not for the scales of int8, which `models.encoder_int8` sets, nor for running a graph.
"""

from collections.abc import Sequence
from typing import Any, Final, Protocol

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from models.encoder_input import IDS, MASK, MAX_TOKENS, VECTORS
from models.encoder_weights import Array, EncoderWeights

OPSET: Final = 23  # the first with Attention
MICROSOFT: Final = "com.microsoft"
_IR_VERSION: Final = 11
_ATTENTION_PARTS: Final = ("query", "key", "value")


class GraphBuilder:
    """Nodes and constants of a graph, in the order in which they are added."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._constants: dict[str, onnx.TensorProto] = {}

    def constant(self, name: str, value: NDArray[Any] | np.generic) -> str:
        """The name of a constant; one that is there already is taken for the same."""
        self._constants.setdefault(name, numpy_helper.from_array(np.asarray(value), name))
        return name

    def node(self, operator: str, inputs: Sequence[str], domain: str = "", **fields: Any) -> str:
        """The name of an operator's only result."""
        name = f"{operator}_{len(self._nodes)}"
        self._nodes.append(
            helper.make_node(operator, inputs, [name], name, domain=domain, **fields)
        )
        return name

    def publish(self, name: str, result: str) -> None:
        """Give a result under a name of its own."""
        self._nodes.append(helper.make_node("Identity", [result], [name], name))

    def model(
        self, inputs: Sequence[onnx.ValueInfoProto], outputs: Sequence[onnx.ValueInfoProto]
    ) -> onnx.ModelProto:
        """The whole as a model that ONNX Runtime takes."""
        graph = helper.make_graph(
            self._nodes, "text encoder", inputs, outputs, list(self._constants.values())
        )
        return helper.make_model(
            graph,
            ir_version=_IR_VERSION,
            producer_name="voxpop",
            opset_imports=[helper.make_opsetid("", OPSET), helper.make_opsetid(MICROSOFT, 1)],
        )


class Arithmetic(Protocol):
    """How the heavy parts of a layer are computed. Tokens lie one under the other: [T, width]."""

    gelu: str
    """`approximate` of ONNX's Gelu."""

    def embed(self, graph: GraphBuilder, words: Array) -> str:
        """Word vectors [B, L, width] of the input's tokens."""

    def normalised(
        self, graph: GraphBuilder, site: str, tokens: str, layers: Sequence[tuple[Array, Array]]
    ) -> list[str]:
        """Dense layers side by side on the result of a LayerNorm, [T, in] -> [T, out] each."""

    def gathered(
        self, graph: GraphBuilder, site: str, tokens: str, layer: tuple[Array, Array]
    ) -> str:
        """The dense layer behind attention, [T, in] -> [T, out]."""

    def activated(
        self, graph: GraphBuilder, site: str, tokens: str, layer: tuple[Array, Array]
    ) -> str:
        """The dense layer behind the activation, [T, in] -> [T, out]."""


class Float32:
    """As it was trained."""

    gelu = "none"

    def embed(self, graph: GraphBuilder, words: Array) -> str:
        """See `Arithmetic.embed`."""
        return graph.node("Gather", [graph.constant("words", words), IDS])

    def normalised(
        self, graph: GraphBuilder, site: str, tokens: str, layers: Sequence[tuple[Array, Array]]
    ) -> list[str]:
        """See `Arithmetic.normalised`."""
        return [
            self.gathered(graph, f"{site}.{index}", tokens, layer)
            for index, layer in enumerate(layers)
        ]

    def gathered(
        self, graph: GraphBuilder, site: str, tokens: str, layer: tuple[Array, Array]
    ) -> str:
        """See `Arithmetic.gathered`."""
        matrix, bias = layer
        product = graph.node("MatMul", [tokens, graph.constant(f"{site}.matrix", matrix)])
        return graph.node("Add", [product, graph.constant(f"{site}.bias", bias)])

    activated = gathered


def encoder_graph(
    weights: EncoderWeights, arithmetic: Arithmetic, looked_at: Sequence[str] = ()
) -> onnx.ModelProto:
    """The encoder as a model.

    Args:
        weights: of the encoder.
        arithmetic: how to compute it.
        looked_at: sites of `normalised` whose input, float32 [T, width], is a further result.

    Returns:
        Takes `input_ids` and `attention_mask`, int64 [B, L] with L <= 64, the mask 1 for a prefix
        of real tokens; gives `last_hidden_state`, float16 [B, L, width], in which rows of padding
        mean nothing. B and L are free.
    """
    graph = GraphBuilder()
    form = _Form(graph, weights, arithmetic)
    tokens, inputs = form.embedded(), dict[str, str]()
    for layer in range(weights.layers):
        tokens = form.layer(layer, tokens, inputs)
    form.publish(tokens)
    floats = [helper.make_tensor_value_info(site, TensorProto.FLOAT, None) for site in looked_at]
    for site in looked_at:
        graph.publish(site, inputs[site])
    shape: list[str | int | None] = ["B", "L", weights.width]
    return graph.model(
        [helper.make_tensor_value_info(name, TensorProto.INT64, shape[:2]) for name in (IDS, MASK)],
        [helper.make_tensor_value_info(VECTORS, TensorProto.FLOAT16, shape), *floats],
    )


def normalised_sites(weights: EncoderWeights) -> list[str]:
    """Names of the places where dense layers stand on the result of a LayerNorm, in order."""
    return [
        f"layer.{layer}.{part}"
        for layer in range(weights.layers)
        for part in ("attention", "feed_forward")
    ]


class _Form:
    """The parts of the encoder that no arithmetic changes."""

    def __init__(
        self, graph: GraphBuilder, weights: EncoderWeights, arithmetic: Arithmetic
    ) -> None:
        self._graph = graph
        self._weights = weights
        self._arithmetic = arithmetic
        count = graph.node("Shape", [IDS], start=0, end=1)
        self._length = graph.node("Shape", [IDS], start=1, end=2)
        width = graph.constant("width", np.array([weights.width]))
        self._batch_shape = graph.node("Concat", [count, self._length, width], axis=0)
        self._token_shape = graph.constant("token_shape", np.array([-1, weights.width]))
        self._mask = self._attention_mask(count)  # [B, 1, L, L]

    def embedded(self) -> str:
        """The normalised sum of word, position and sentence vectors, [T, width]."""
        graph, tensors = self._graph, self._weights.tensors
        sentence = tensors["embeddings.token_type_embeddings.weight"][0]
        positions = tensors["embeddings.position_embeddings.weight"][:MAX_TOKENS] + sentence
        zero = graph.constant("zero", np.array([0]))
        found = graph.node(
            "Slice", [graph.constant("positions", positions), zero, self._length, zero]
        )  # [L, width]
        words = self._arithmetic.embed(graph, tensors["embeddings.word_embeddings.weight"])
        summed = graph.node("Add", [words, found])  # [B, L, width]
        tokens = graph.node("Reshape", [summed, self._token_shape])  # [T, width]
        return self._normalise(tokens, "embeddings.LayerNorm")

    def layer(self, number: int, tokens: str, inputs: dict[str, str]) -> str:
        """One layer, [T, width] -> [T, width]; adds to `inputs` what stands before each site."""
        graph, weights, arithmetic = self._graph, self._weights, self._arithmetic
        name = f"encoder.layer.{number}"
        attention, feed_forward = f"layer.{number}.attention", f"layer.{number}.feed_forward"
        inputs[attention] = tokens
        parts = [weights.linear(f"{name}.attention.self.{part}") for part in _ATTENTION_PARTS]
        projected = [
            graph.node("Reshape", [own, self._batch_shape])
            for own in arithmetic.normalised(graph, attention, tokens, parts)
        ]  # [B, L, width] each
        heads = weights.heads
        gathered = graph.node(
            "Attention", [*projected, self._mask], q_num_heads=heads, kv_num_heads=heads
        )
        gathered = graph.node("Reshape", [gathered, self._token_shape])
        mixed = arithmetic.gathered(
            graph, f"{attention}.out", gathered, weights.linear(f"{name}.attention.output.dense")
        )
        tokens = self._add_and_normalise(tokens, mixed, f"{name}.attention.output.LayerNorm")
        inputs[feed_forward] = tokens
        (hidden,) = arithmetic.normalised(
            graph, feed_forward, tokens, [weights.linear(f"{name}.intermediate.dense")]
        )
        active = graph.node("Gelu", [hidden], approximate=arithmetic.gelu)  # [T, 4 width]
        mixed = arithmetic.activated(
            graph, f"{feed_forward}.out", active, weights.linear(f"{name}.output.dense")
        )
        return self._add_and_normalise(tokens, mixed, f"{name}.output.LayerNorm")

    def publish(self, tokens: str) -> None:
        """Give the tokens' vectors as the result."""
        halves = self._graph.node("Cast", [tokens], to=TensorProto.FLOAT16)
        self._graph.publish(VECTORS, self._graph.node("Reshape", [halves, self._batch_shape]))

    def _attention_mask(self, count: str) -> str:
        graph = self._graph
        one = graph.constant("one", np.array([1]))
        shape = graph.node("Concat", [count, one, self._length, self._length], axis=0)
        real = graph.node("Cast", [MASK], to=TensorProto.BOOL)  # [B, L]
        axes = graph.constant("mask_axes", np.array([1, 2]))
        return graph.node("Expand", [graph.node("Unsqueeze", [real, axes]), shape])

    def _add_and_normalise(self, tokens: str, added: str, name: str) -> str:
        return self._normalise(self._graph.node("Add", [tokens, added]), name)

    def _normalise(self, tokens: str, name: str) -> str:
        own = self._weights.tensors
        constants = [
            self._graph.constant(full, own[full]) for full in (f"{name}.weight", f"{name}.bias")
        ]
        return self._graph.node(
            "LayerNormalization", [tokens, *constants], axis=-1, epsilon=self._weights.epsilon
        )

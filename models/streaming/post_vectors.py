"""Steps 1-2 of a network: the steps of posts become one vector a modality, without padding.

The posts of a batch stand one after the other. Only the text graph of neighbouring tokens is known
here: envelopes carry no other. Not for the conversation: that is `models.streaming.causal`.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.layers.normalise import FURTHEST
from models.post_encoder import StepsEncoder, TextEncoderBranch
from models.streaming.arithmetic import ArithmeticName, make_product
from models.streaming.compiled import compiled, exponential, hyperbolic_tangent, sigmoid
from models.streaming.gates import next_states
from models.streaming.weights import Rows, dense, numbers, recurrent
from models.tmsam import Tmsam

_ZERO: Final = np.float32(0.0)
_ONE: Final = np.float32(1.0)
_FLOOR: Final = np.float32(-3e38)


class PostVectors:
    """Encoders of all modalities.

    Args:
        network: whose weights are taken.
        arithmetic: of the products.
    """

    def __init__(self, network: Tmsam, arithmetic: ArithmeticName) -> None:
        self._text = _TextSteps(network.text, arithmetic)
        self._others = {
            "audio": _Steps(network.audio, arithmetic),
            "visual": _Steps(network.visual, arithmetic),
        }

    def __call__(self, modality: str, posts: Sequence[Rows]) -> Rows:
        """Vectors of posts in one modality.

        Args:
            modality: one of `labels.MODALITIES`.
            posts: at least one, each [steps, width], steps >= 1.

        Returns:
            [P, post_width].
        """
        counts = np.array([len(steps) for steps in posts])
        steps = np.concatenate(posts).astype(np.float32, copy=False)  # [T, width]
        if modality == "text":
            return self._text(steps, counts)
        return self._others[modality](steps, counts)


class _Convolution:
    """Normalisation in front of a convolution, and the mean behind it; the product is between.

    Attributes:
        weight: the taps as one product, [kernel * post, width].
        bias: zeros for it: the convolution's own is added once, by `pooled`.
    """

    def __init__(self, encoder: StepsEncoder) -> None:
        convolution = encoder.convolution
        if convolution.bias is None:
            raise TypeError("a convolution without bias")
        self._mean = numbers(encoder.normalise.mean)
        self._scale = np.float32(1) / numbers(encoder.normalise.deviation)
        self._bias = numbers(convolution.bias)  # [post]
        self._kernel = convolution.kernel_size[0]
        taps = numbers(convolution.weight).transpose(2, 0, 1)  # [kernel, post, width]
        self.weight = taps.reshape(-1, taps.shape[-1])
        self.bias = np.zeros(len(self.weight), np.float32)

    def normalised(self, steps: Rows) -> Rows:
        """[T, width] -> [T, width]."""
        scaled = np.empty_like(steps)
        _normalise(steps, self._mean, self._scale, scaled)
        return scaled

    def pooled(self, products: Rows, counts: NDArray[np.int64]) -> Rows:
        """Products whose first columns are those of the taps, [T, columns] -> [P, post]."""
        out = np.empty((len(counts), len(self._bias)), np.float32)
        starts = np.cumsum(counts) - counts
        _pool_convolution(products, self._kernel, starts, counts, self._bias, out)
        return out


class _Steps:
    """Normalisation, convolution, ReLU and mean over the steps of each post."""

    def __init__(self, encoder: StepsEncoder, arithmetic: ArithmeticName) -> None:
        self._convolution = own = _Convolution(encoder)
        self._taps = make_product(arithmetic, own.weight[None], own.bias[None])

    def __call__(self, steps: Rows, counts: NDArray[np.int64]) -> Rows:
        (products,) = self._taps([self._convolution.normalised(steps)])  # [T, kernel * post]
        return self._convolution.pooled(products, counts)


class _TextSteps:
    """Beside the convolution: BiGRU, two graph convolutions, attention pooling and the gate."""

    def __init__(self, encoder: TextEncoderBranch, arithmetic: ArithmeticName) -> None:
        self._convolution = own = _Convolution(encoder)
        grus = (encoder.recurrence.forwards, encoder.recurrence.backwards)
        weights, biases = recurrent(grus, "ih")
        self._inputs = make_product(
            arithmetic,
            np.concatenate([own.weight, *weights])[None],
            np.concatenate([own.bias, *biases])[None],
        )
        self._gru_column = len(own.bias)
        self._memory = make_product(arithmetic, *recurrent(grus, "hh"))
        self._state_width = grus[0].hidden_size
        self._graph = [
            make_product(arithmetic, weight[None], bias[None])
            for weight, bias in (dense(encoder.graph_in.dense), dense(encoder.graph_out.dense))
        ]
        query, self._query_bias = dense(encoder.pooling.query)
        self._query = query[0]
        weight, bias = dense(encoder.gate)
        self._gate = make_product(arithmetic, weight[None], bias[None])

    def __call__(self, steps: Rows, counts: NDArray[np.int64]) -> Rows:
        (products,) = self._inputs([self._convolution.normalised(steps)])
        local = self._convolution.pooled(products, counts)  # [P, post]
        tokens = self._recur(products, counts)  # [T, 2 * state]
        starts = np.cumsum(counts) - counts
        for product in self._graph:
            (dense_tokens,) = product([tokens])
            tokens = np.empty_like(dense_tokens)
            _mix_neighbours(dense_tokens, starts, counts, tokens)
        linked = np.empty_like(local)
        _attention_pool(tokens, starts, counts, self._query, self._query_bias[0], linked)
        (gate,) = self._gate([np.concatenate((local, linked), axis=1)])  # [P, post]
        _blend(gate, local, linked)
        return local

    def _recur(self, products: Rows, counts: NDArray[np.int64]) -> Rows:
        """States of both directions for every token, [T, 2 * state]."""
        width = self._state_width
        order = np.argsort(-counts, kind="stable")
        lengths = counts[order]
        turns = np.arange(lengths[0])[:, None]
        posts = (lengths > turns).sum(axis=1).tolist()  # those that have such a token
        starts = (np.cumsum(counts) - counts)[order]
        rows = (starts + turns, starts + lengths - 1 - turns)  # of both ways, [turns, P]
        out = np.empty((len(products), 2 * width), np.float32)
        states = [np.zeros((len(counts), width), np.float32) for _ in rows]
        for turn, count in enumerate(posts):
            moved = [own[:count] for own in states]  # two of [count, state]
            memory = self._memory(moved)
            for way, own in enumerate(rows):
                column = self._gru_column + 3 * width * way
                here = own[turn, :count]
                next_states(products, here, column, memory[way], moved[way], out, width * way)
        return out


@compiled
def _normalise(steps: Rows, mean: Rows, scale: Rows, out: Rows) -> None:
    """See `models.layers.normalise`."""
    furthest = np.float32(FURTHEST)
    for at in range(steps.shape[0]):
        row = steps[at]
        own = out[at]
        for i in range(row.shape[0]):
            own[i] = min(max((row[i] - mean[i]) * scale[i], -furthest), furthest)


@compiled
def _pool_convolution(
    products: Rows,
    taps: int,
    starts: NDArray[np.int64],
    counts: NDArray[np.int64],
    bias: Rows,
    out: Rows,
) -> None:
    """Taps of neighbouring steps summed, ReLU, and the mean over a post's steps (Eq. 1-2).

    The taps stand in the first columns, [T, kernel * post]; what is behind them is another's.
    """
    width = bias.shape[0]
    half = taps // 2
    local = np.empty(width, np.float32)
    for post in range(starts.shape[0]):
        start, count = starts[post], counts[post]
        total = out[post]
        total[:] = _ZERO
        for step in range(count):
            local[:] = bias
            for tap in range(taps):
                other = step + tap - half
                if 0 <= other < count:
                    own = products[start + other, tap * width : (tap + 1) * width]
                    for i in range(width):
                        local[i] += own[i]
            for i in range(width):
                total[i] += max(local[i], _ZERO)
        for i in range(width):
            total[i] /= np.float32(count)


@compiled
def _mix_neighbours(
    tokens: Rows, starts: NDArray[np.int64], counts: NDArray[np.int64], out: Rows
) -> None:
    """The graph of neighbouring tokens, and ReLU; see `models.layers.graph`."""
    width = tokens.shape[1]
    for post in range(starts.shape[0]):
        start, count = starts[post], counts[post]
        for step in range(count):
            own = out[start + step]
            own[:] = _ZERO
            first, last = max(step - 1, 0), min(step + 1, count - 1)
            degree = np.float32(_degree(step, count))
            for other in range(first, last + 1):
                weight = _ONE / np.sqrt(degree * np.float32(_degree(other, count)))
                token = tokens[start + other]
                for i in range(width):
                    own[i] += weight * token[i]
            for i in range(width):
                own[i] = max(own[i], _ZERO)


@compiled
def _degree(step: int, count: int) -> int:
    """How many tokens a token is joined to, itself included."""
    return 1 + (1 if step > 0 else 0) + (1 if step < count - 1 else 0)


@compiled
def _attention_pool(
    tokens: Rows,
    starts: NDArray[np.int64],
    counts: NDArray[np.int64],
    query: Rows,
    bias: np.float32,
    out: Rows,
) -> None:
    """See `models.layers.pooling.AttentionPooling`."""
    width = tokens.shape[1]
    weights = np.empty(np.max(counts), np.float32)
    for post in range(starts.shape[0]):
        start, count = starts[post], counts[post]
        largest = _FLOOR
        for step in range(count):
            token = tokens[start + step]
            energy = _ZERO
            for i in range(width):
                energy += query[i] * hyperbolic_tangent(token[i])
            weights[step] = energy + bias
            largest = max(largest, weights[step])
        total = _ZERO
        for step in range(count):
            weights[step] = exponential(weights[step] - largest)
            total += weights[step]
        own = out[post]
        own[:] = _ZERO
        for step in range(count):
            weight = weights[step] / total
            token = tokens[start + step]
            for i in range(width):
                own[i] += weight * token[i]


@compiled
def _blend(gate: Rows, local: Rows, linked: Rows) -> None:
    """The gate between both views of a text, written into `local`."""
    for post in range(gate.shape[0]):
        for i in range(gate.shape[1]):
            share = sigmoid(gate[post, i])
            local[post, i] = share * local[post, i] + (_ONE - share) * linked[post, i]

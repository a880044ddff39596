"""Steps 3-8 of a causal network for new posts alone: what came before is in kept states.

Rows are posts of any conversations, each with its place in its window; several of one conversation
stand one after the other. Not for who holds which state (`models.streaming.states`), nor for steps
1-2 (`models.streaming.post_vectors`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from connectors.schemas.labels import MODALITIES
from models.streaming.arithmetic import ArithmeticName, make_product
from models.streaming.arranged import Heads, arrange, stacked
from models.streaming.attention import HeadLayout, Where, attend, keep
from models.streaming.gates import next_states
from models.streaming.weights import Rows, dense_layers
from models.tmsam import Tmsam


@dataclass(frozen=True, slots=True)
class Turns:
    """New posts, those of a conversation together and in order, the longest conversation first.

    Attributes:
        slots: [C], state of each conversation.
        known: [C], posts that its state holds already.
        counts: [C], new posts of each, at least 1, descending.
        vectors: [3, R, post_width], a learned vector where a post lacks a modality.
        targets: [T], rows whose scores are wanted, ascending.
    """

    slots: NDArray[np.int64]
    known: NDArray[np.int64]
    counts: NDArray[np.int64]
    vectors: Rows
    targets: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class KeptStates:
    """States by slot.

    Attributes:
        attended: [S, `CausalNetwork.numbers`], keys and values as bits of float16.
        recurrent: [S, 3, context_width], state of the context GRU behind the last post.
    """

    attended: NDArray[np.uint16]
    recurrent: Rows


@dataclass(frozen=True, slots=True)
class TargetRows:
    """What the heads say of the target posts, and what they say it from.

    Attributes:
        joined: [T, 1200], before step 7.
        hidden: for each task, outputs of its two hidden layers, [T, width] each.
        logits: for each task, [T, classes].
    """

    joined: Rows
    hidden: Sequence[tuple[Rows, Rows]]
    logits: Sequence[Rows]


class CausalNetwork:
    """A network's weights, arranged for one step a post.

    Args:
        network: causal, with residual attention (the preset `stream`).
        arithmetic: of its products.
        posts: places in a state, the longest window.

    Attributes:
        numbers: float16 numbers in a state.

    Raises:
        ModelError: the network is of another form.
    """

    def __init__(self, network: Tmsam, arithmetic: ArithmeticName, posts: int) -> None:
        arranged = arrange(network)
        self._context_width = network.config.context_width
        self._inputs = make_product(arithmetic, *arranged.inputs)
        self._memory = make_product(arithmetic, *arranged.memory)
        self._columns = arranged.columns
        self._crosses, start = _layouts(arranged.cross, len(self._columns), posts, 0)
        self._withins, start = _layouts(arranged.within, len(MODALITIES), posts, start)
        (self._fusion,), self.numbers = _layouts(arranged.fusion, 1, posts, start)
        self._of_context = make_product(arithmetic, *arranged.of_context)
        self._cross_out = make_product(arithmetic, *arranged.cross_out)
        self._of_pair = make_product(arithmetic, *arranged.of_pair)
        self._within_out = make_product(arithmetic, *arranged.within_out)
        self._fusion_kept = make_product(arithmetic, *arranged.fusion_kept)
        self._fusion_query = make_product(arithmetic, *arranged.fusion_query)
        self._fusion_out = make_product(arithmetic, *arranged.fusion_out)
        first, second, self._last = zip(
            *(dense_layers(head) for head in network.heads), strict=True
        )
        self._first = make_product(
            arithmetic,
            np.concatenate([weight for weight, _ in first])[None],
            np.concatenate([bias for _, bias in first])[None],
        )
        self._second = make_product(arithmetic, *stacked(second))

    def advance(self, turns: Turns, states: KeptStates) -> tuple[TargetRows, Rows]:
        """Score new posts, and write their keys and values into the states.

        Args:
            turns: the posts.
            states: of their conversations; what a slot holds of posts from `known` on is written.

        Returns:
            What is said of the targets, and [C, 3, context_width]: recurrent states behind each
            conversation's last post, to be put into `states` once all went well.
        """
        slots = np.repeat(turns.slots, turns.counts)  # [R]
        starts = np.cumsum(turns.counts) - turns.counts  # [C]
        places = np.repeat(turns.known - starts, turns.counts) + np.arange(len(slots))  # [R]
        where = Where(states.attended, slots, places)
        context, recurrent = self._recur(turns, starts, states.recurrent)  # [3, R, 400]
        joined = self._within(self._cross(context, where), where)  # [R, 1200]
        keep(where, self._fusion, self._fusion_kept(joined[None])[0], 0)
        targets = turns.targets
        chosen = joined if len(targets) == len(joined) else joined[targets]  # [T, 1200]
        queries = self._fusion_query(chosen[None])[0]  # [T, row]
        gathered = np.empty_like(queries)
        asked = Where(states.attended, slots[targets], places[targets])
        attend(asked, self._fusion, queries, 0, gathered)
        fusion = chosen + self._fusion_out(gathered[None])[0]  # [T, 1200]
        return self._classify(chosen, fusion), recurrent

    def _recur(self, turns: Turns, starts: NDArray[np.int64], kept: Rows) -> tuple[Rows, Rows]:
        """Context of each row, [3, R, 400], and the states behind each conversation's last."""
        inputs = self._inputs(turns.vectors)  # [3, R, 3 * 400]
        context = np.empty((*turns.vectors.shape[:2], self._context_width), np.float32)
        state = kept[turns.slots] * (turns.known > 0)[:, None, None]  # [C, 3, 400]
        state = np.ascontiguousarray(state.transpose(1, 0, 2))  # [3, C, 400]
        for turn in range(int(turns.counts[0])):
            count = int(np.searchsorted(-turns.counts, -turn, side="left"))  # counts > turn
            rows = starts[:count] + turn
            own = np.ascontiguousarray(state[:, :count])  # [3, count, 400]
            product = self._memory(own)
            for modality in range(len(MODALITIES)):
                next_states(
                    inputs[modality],
                    rows,
                    0,
                    product[modality],
                    own[modality],
                    context[modality],
                    0,
                )
            state[:, :count] = own
        return context, state.transpose(1, 0, 2)

    def _cross(self, context: Rows, where: Where) -> Rows:
        """Step 5: [3, R, 400] -> [3, R, 400]."""
        projected = self._of_context(context)  # [3, R, 6 * row]
        for layout, pair in zip(self._crosses, self._columns, strict=True):
            keep(where, layout, projected[pair.source], pair.kept)
        row = self._crosses[0].row
        gathered = np.empty((len(self._crosses), context.shape[1], row), np.float32)
        for layout, pair, out in zip(self._crosses, self._columns, gathered, strict=True):
            attend(where, layout, projected[pair.target], pair.asked, out)
        crossed = self._cross_out(gathered)  # [6, R, 200], two a target
        crossed = crossed.reshape(len(MODALITIES), -1, *crossed.shape[1:])  # [3, 2, R, 200]
        return context + crossed.transpose(0, 2, 1, 3).reshape(context.shape)  # [3, R, 400]

    def _within(self, pair: Rows, where: Where) -> Rows:
        """Step 6, and the modalities joined: [3, R, 400] -> [R, 1200]."""
        projected = self._of_pair(pair)  # [3, R, 3 * row]
        row = self._withins[0].row
        gathered = np.empty((*pair.shape[:2], row), np.float32)
        for layout, own, out in zip(self._withins, projected, gathered, strict=True):
            keep(where, layout, own, row)
            attend(where, layout, own, 0, out)
        parts = pair + self._within_out(gathered)  # [3, R, 400]
        return np.ascontiguousarray(parts.transpose(1, 0, 2)).reshape(pair.shape[1], -1)

    def _classify(self, joined: Rows, fusion: Rows) -> TargetRows:
        """Step 8."""
        first = np.maximum(self._first(fusion[None])[0], 0)  # [T, 2 * 400]
        tasks = len(self._last)
        split = np.ascontiguousarray(first.reshape(len(first), tasks, -1).transpose(1, 0, 2))
        second = np.maximum(self._second(split), 0)  # [2, T, 200]
        logits = [
            own @ weight.T + bias for own, (weight, bias) in zip(second, self._last, strict=True)
        ]
        hidden = [(split[task], second[task]) for task in range(tasks)]
        return TargetRows(joined, hidden, logits)


def _layouts(heads: Heads, count: int, posts: int, start: int) -> tuple[list[HeadLayout], int]:
    """Places of so many attentions of one form, one after the other, and what is behind them."""
    layouts = []
    for _ in range(count):
        layouts.append(HeadLayout(heads.count, heads.width, start, posts))
        start = layouts[-1].stop
    return layouts, start

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
from models.streaming.attention import BEHIND, HeadLayout, Where, attend, keep
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
        vectors: of each modality [R, post_width], a learned one where a post lacks it.
        targets: [T], rows whose scores are wanted, ascending.
    """

    slots: NDArray[np.int64]
    known: NDArray[np.int64]
    counts: NDArray[np.int64]
    vectors: Sequence[Rows]
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
        arranged = arrange(network, lanes=1)
        self._context_width = network.config.context_width
        self._inputs = make_product(arithmetic, *arranged.inputs)
        self._memory = make_product(arithmetic, *arranged.memory)
        self._columns = arranged.columns
        self._crosses, start = _layouts(arranged.cross, len(self._columns), posts, 0)
        self._withins, start = _layouts(arranged.within, len(MODALITIES), posts, start)
        (self._fusion,), stop = _layouts(arranged.fusion, 1, posts, start)
        self.numbers = stop + BEHIND
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
        context, recurrent = self._recur(turns, starts, states.recurrent)
        joined = self._within(self._cross(context, where), where)  # [R, 1200]
        keep(where, self._fusion, self._fusion_kept([joined])[0], 0)
        targets = turns.targets
        chosen = joined if len(targets) == len(joined) else joined[targets]  # [T, 1200]
        queries = self._fusion_query([chosen])[0]  # [T, row]
        gathered = np.empty_like(queries)
        asked = Where(states.attended, slots[targets], places[targets])
        attend(asked, self._fusion, queries, 0, gathered)
        fusion = chosen + self._fusion_out([gathered])[0]  # [T, 1200]
        return self._classify(chosen, fusion), recurrent

    def _recur(
        self, turns: Turns, starts: NDArray[np.int64], kept: Rows
    ) -> tuple[list[Rows], Rows]:
        """Context of rows, three of [R, 400], and the states behind each conversation's last."""
        inputs = self._inputs(turns.vectors)  # three of [R, 3 * 400]
        rows = len(inputs[0])
        context = [np.empty((rows, self._context_width), np.float32) for _ in MODALITIES]
        goes_on = turns.known > 0
        states = [kept[turns.slots, at] * goes_on[:, None] for at in range(len(MODALITIES))]
        for turn in range(int(turns.counts[0])):
            count = int(np.searchsorted(-turns.counts, -turn, side="left"))  # counts > turn
            moved = [own[:count] for own in states]  # three of [count, 400]
            products = self._memory(moved)
            for new, old, state, out in zip(inputs, products, moved, context, strict=True):
                next_states(new, starts[:count] + turn, 0, old, state, out, 0)
        return context, np.stack(states, axis=1)

    def _cross(self, context: Sequence[Rows], where: Where) -> list[Rows]:
        """Step 5: three of [R, 400] -> three of [R, 400]."""
        projected = self._of_context(context)  # three of [R, 6 * row]
        for layout, pair in zip(self._crosses, self._columns, strict=True):
            keep(where, layout, projected[pair.source], pair.kept)
        gathered = []
        for layout, pair in zip(self._crosses, self._columns, strict=True):
            gathered.append(np.empty((len(where.slots), layout.row), np.float32))
            attend(where, layout, projected[pair.target], pair.asked, gathered[-1])
        crossed = self._cross_out(gathered)  # six of [R, 200], two a target
        return [
            own + np.concatenate(parts, axis=1)
            for own, *parts in zip(context, crossed[::2], crossed[1::2], strict=True)
        ]

    def _within(self, pair: Sequence[Rows], where: Where) -> Rows:
        """Step 6, and the modalities joined: three of [R, 400] -> [R, 1200]."""
        projected = self._of_pair(pair)  # three of [R, 3 * row]
        gathered = []
        for layout, own in zip(self._withins, projected, strict=True):
            keep(where, layout, own, layout.row)
            gathered.append(np.empty((len(own), layout.row), np.float32))
            attend(where, layout, own, 0, gathered[-1])
        parts = self._within_out(gathered)  # three of [R, 400]
        return np.concatenate([own + part for own, part in zip(pair, parts, strict=True)], axis=1)

    def _classify(self, joined: Rows, fusion: Rows) -> TargetRows:
        """Step 8."""
        first = np.maximum(self._first([fusion])[0], 0)  # [T, 2 * 400]
        tasks = len(self._last)
        split = [np.ascontiguousarray(own) for own in np.split(first, tasks, axis=1)]
        second = [np.maximum(own, 0) for own in self._second(split)]  # two of [T, 200]
        logits = [  # einsum: the last bits of @ follow from how many rows there are
            np.einsum("tk,ck->tc", own, weight) + bias
            for own, (weight, bias) in zip(second, self._last, strict=True)
        ]
        return TargetRows(joined, list(zip(split, second, strict=True)), logits)


def _layouts(heads: Heads, count: int, posts: int, start: int) -> tuple[list[HeadLayout], int]:
    """Places of so many attentions of one form, one after the other, and what is behind them."""
    layouts = []
    for _ in range(count):
        layouts.append(HeadLayout(heads.count, heads.width, start, posts))
        start = layouts[-1].stop
    return layouts, start

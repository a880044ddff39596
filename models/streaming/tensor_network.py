"""Steps 3-8 of a causal network for new posts alone, as one function of tensors of fixed shape.

What it does follows from its inputs' shapes and never from their numbers, so that a GPU can capture
it as a graph. States lie where it runs. Not for what is put into the inputs (`tensor_steps`), nor
for steps 1-2.
"""

import math
from typing import Final, NamedTuple

import torch
from torch import Tensor

from connectors.schemas.labels import MODALITIES
from models.modality_shares import ModalityShares
from models.streaming.arranged import ArrangedWeights, Heads
from models.streaming.states import room
from models.streaming.weights import Layer
from models.tmsam import Tmsam

_MODALITIES: Final = len(MODALITIES)


class StepInputs(NamedTuple):
    """New posts of B conversations, at most N of each; where there are fewer, the rest is padding.

    Attributes:
        vectors: [B, N, 3, post_width], float16; where a modality is absent they are not read.
        presence: [B, N, 3], bool.
        turns: [B, 3], int64: slot, posts known, new posts. A conversation without new posts is
            padding. Slots of the others differ.
        targets: [B, M], int64, which of the new posts are scored.
    """

    vectors: Tensor
    presence: Tensor
    turns: Tensor
    targets: Tensor


class _Places(NamedTuple):
    """Where new posts stand.

    Attributes:
        slots: [B], each conversation's state.
        owners: [B, N], the state that each new post is written to; padding has one of its own.
        places: [B, N], each new post's place there.
        real: [B, N], False for padding.
        seen: [B, N, P], the places that each new post sees: those up to its own.
    """

    slots: Tensor
    owners: Tensor
    places: Tensor
    real: Tensor
    seen: Tensor


class TensorNetwork:
    """A network's weights, and the states of conversations by slot.

    Args:
        network: on the device, in evaluation mode.
        arranged: its weights.
        posts: P, places in a state, the longest window.
        states_mib: memory for states, MiB; all of it is taken at once.
        dtype: of products, keys and values; sums and heads are float32.

    Attributes:
        slots: S, states that there is room for.
        state_bytes: memory of one.
    """

    def __init__(
        self,
        network: Tmsam,
        arranged: ArrangedWeights,
        *,
        posts: int,
        states_mib: int,
        dtype: torch.dtype,
    ) -> None:
        device = network.missing.device

        def product(layer: Layer) -> _Product:
            return _Product(layer, device, dtype)

        self._missing = network.missing.detach()  # [3, post]
        self._inputs = product(arranged.inputs)
        self._memory = product(arranged.memory)
        self._columns = arranged.columns
        self._cross_row = arranged.cross.row
        self._of_context = product(arranged.of_context)
        self._cross_out = product(arranged.cross_out)
        self._of_pair = product(arranged.of_pair)
        self._within_out = product(arranged.within_out)
        self._fusion_kept = product(arranged.fusion_kept)
        self._fusion_query = product(arranged.fusion_query)
        self._fusion_out = product(arranged.fusion_out)
        heads = (
            Heads(len(self._columns) * arranged.cross.count, arranged.cross.width),
            Heads(_MODALITIES * arranged.within.count, arranged.within.width),
            arranged.fusion,
        )
        recurrent = (_MODALITIES, network.config.context_width)
        attended_bytes = 2 * posts * sum(own.row for own in heads) * dtype.itemsize
        self.state_bytes = attended_bytes + 4 * math.prod(recurrent)
        self.slots = room(states_mib, self.state_bytes)
        self._cross, self._within, self._fusion = (
            _KeptHeads(own, (self.slots + 1, posts), device, dtype) for own in heads
        )
        self._recurrent = torch.zeros(self.slots + 1, *recurrent, device=device)
        self._classify = network.classify
        self._shares = ModalityShares(network)
        self._posts = posts
        self._padding = self.slots  # the last state is that of padding

    def step(self, inputs: StepInputs) -> Tensor:
        """Score new posts, and move the states of their conversations on.

        Args:
            inputs: of the network's device.

        Returns:
            [B, M, 13] in float32: logits of sentiment and of emotion, shares of the modalities;
            without meaning for padding.
        """
        where = self._where(inputs)
        context = self._recur(inputs, where)  # [3, B, N, 400]
        joined = self._attend_within(self._attend_cross(context, where), where)  # [B, N, 1200]
        targets = inputs.targets[:, :, None]  # [B, M, 1]
        chosen = joined.gather(1, targets.expand(-1, -1, joined.shape[2]))  # [B, M, 1200]
        fusion = self._attend_fused(joined, chosen, inputs.targets, where)  # [B, M, 1200]
        logits = self._classify(fusion)
        present = inputs.presence.gather(1, targets.expand(-1, -1, _MODALITIES))  # [B, M, 3]
        shares = self._shares.measured(chosen, fusion, present)  # [B, M, 3]
        return torch.cat((logits.sentiment, logits.emotion, shares.float()), dim=-1)

    def clear(self, slots: Tensor) -> None:
        """Make states zeros: a value that is no number would hurt whoever gets the slot next."""
        for kept in (self._cross, self._within, self._fusion):
            kept.keys[slots] = 0
            kept.values[slots] = 0
        self._recurrent[slots] = 0

    def _where(self, inputs: StepInputs) -> _Places:
        slots, known, new = inputs.turns.unbind(dim=1)  # [B]
        device = slots.device
        order = torch.arange(inputs.vectors.shape[1], device=device)  # [N]
        real = order < new[:, None]  # [B, N]
        owners = torch.where(real, slots[:, None], self._padding)  # [B, N]
        places = (known[:, None] + order).clamp(max=self._posts - 1)  # [B, N]
        seen = torch.arange(self._posts, device=device) <= places[:, :, None]  # [B, N, P]
        return _Places(slots, owners, places, real, seen)

    def _recur(self, inputs: StepInputs, where: _Places) -> Tensor:
        """Context of each new post, [3, B, N, 400]; states behind the last ones are kept."""
        posts = torch.where(inputs.presence[..., None], inputs.vectors, self._missing)
        posts = posts.permute(2, 0, 1, 3)  # [3, B, N, post]
        gates = self._inputs(posts.flatten(1, 2)).reshape(*posts.shape[:3], -1)  # [3, B, N, 1200]
        known = inputs.turns[:, 1, None, None]  # [B, 1, 1]
        state = self._recurrent[where.slots].masked_fill(known == 0, 0)  # [B, 3, 400]
        state = state.transpose(0, 1)  # [3, B, 400]
        context = []
        for turn in range(posts.shape[2]):
            moved = _next_state(gates[:, :, turn], self._memory(state), state)
            state = torch.where(where.real[:, turn, None], moved, state)
            context.append(state)
        self._recurrent[where.owners[:, 0]] = state.transpose(0, 1)
        return torch.stack(context, dim=2)

    def _attend_cross(self, context: Tensor, where: _Places) -> Tensor:
        """Step 5: [3, B, N, 400] -> [3, B, N, 400]."""
        size, row = context.shape[1:3], self._cross_row
        projected = self._of_context(context.flatten(1, 2))  # [3, BN, 6 * row]

        def of_pairs(columns: list[tuple[int, int]]) -> Tensor:
            parts = [projected[at, :, column : column + row] for at, column in columns]
            return torch.cat(parts, dim=1).reshape(*size, -1)  # [B, N, 6 * row]

        pairs = self._columns
        gathered = self._cross.attend(
            of_pairs([(pair.target, pair.asked) for pair in pairs]),
            of_pairs([(pair.source, pair.kept) for pair in pairs]),
            of_pairs([(pair.source, pair.kept + row) for pair in pairs]),
            where,
            where.seen,
        )  # [B, N, 6 * row]
        gathered = gathered.reshape(-1, len(pairs), row).transpose(0, 1)  # [6, BN, row]
        crossed = self._cross_out(gathered)  # [6, BN, 200], two a target
        crossed = crossed.reshape(_MODALITIES, -1, *crossed.shape[1:])  # [3, 2, BN, 200]
        return context + crossed.transpose(1, 2).reshape(context.shape)

    def _attend_within(self, pair: Tensor, where: _Places) -> Tensor:
        """Step 6, and the modalities joined: [3, B, N, 400] -> [B, N, 1200]."""
        projected = self._of_pair(pair.flatten(1, 2)).reshape(*pair.shape[:3], -1)
        queries, keys, values = (
            part.permute(1, 2, 0, 3).flatten(2) for part in projected.chunk(3, dim=-1)
        )  # [B, N, 3 * row] each
        gathered = self._within.attend(queries, keys, values, where, where.seen)
        rows = gathered.reshape(-1, _MODALITIES, gathered.shape[2] // _MODALITIES)
        parts = pair + self._within_out(rows.transpose(0, 1)).reshape(pair.shape)
        return parts.permute(1, 2, 0, 3).flatten(2)

    def _attend_fused(
        self, joined: Tensor, chosen: Tensor, targets: Tensor, where: _Places
    ) -> Tensor:
        """Step 7: all posts are kept, [B, N, 1200], the chosen ones ask, [B, M, 1200]."""
        keys, values = _one(self._fusion_kept, joined).chunk(2, dim=-1)  # [B, N, row]
        seen = where.seen.gather(1, targets[:, :, None].expand(-1, -1, self._posts))  # [B, M, P]
        queries = _one(self._fusion_query, chosen)  # [B, M, row]
        gathered = self._fusion.attend(queries, keys, values, where, seen)
        return chosen + _one(self._fusion_out, gathered)


class _Product:
    """Dense layers without activation, one for each of G groups: [G, R, in] -> [G, R, out]."""

    def __init__(self, layer: Layer, device: torch.device, dtype: torch.dtype) -> None:
        weight, bias = (torch.from_numpy(part).to(device, dtype) for part in layer)
        self._weight = weight.transpose(1, 2)  # [G, in, out]
        self._bias = bias[:, None]  # [G, 1, out]

    def __call__(self, rows: Tensor) -> Tensor:
        return torch.baddbmm(self._bias, rows.to(self._weight.dtype), self._weight)


class _KeptHeads:
    """Keys and values of heads, [S + 1, heads, P, width] each."""

    def __init__(
        self, heads: Heads, size: tuple[int, int], device: torch.device, dtype: torch.dtype
    ) -> None:
        states, posts = size
        shape = (states, heads.count, posts, heads.width)
        self.keys = torch.zeros(shape, device=device, dtype=dtype)
        self.values = torch.zeros(shape, device=device, dtype=dtype)
        self._heads = heads

    def attend(
        self, queries: Tensor, keys: Tensor, values: Tensor, where: _Places, seen: Tensor
    ) -> Tensor:
        """Keep what is new, then gather for each query what it sees.

        Args:
            queries: [B, M, heads * width], scaled.
            keys: of the new posts, [B, N, heads * width].
            values: likewise.
            where: the new posts.
            seen: [B, M, P], the places that each query sees, at least one.

        Returns:
            [B, M, heads * width].
        """
        self.keys[where.owners, :, where.places] = self._split(keys)
        self.values[where.owners, :, where.places] = self._split(values)
        known = self.keys[where.slots].transpose(2, 3)  # [B, heads, width, P]
        energies = self._split(queries).transpose(1, 2) @ known  # [B, heads, M, P]
        energies = energies.float().masked_fill(~seen[:, None], -torch.inf)
        weights = energies.softmax(dim=-1).to(values.dtype)  # [B, heads, M, P]
        gathered = weights @ self.values[where.slots]  # [B, heads, M, width]
        return gathered.transpose(1, 2).flatten(2)

    def _split(self, rows: Tensor) -> Tensor:
        return rows.reshape(*rows.shape[:2], self._heads.count, self._heads.width)


def _one(product: _Product, rows: Tensor) -> Tensor:
    """A product of one group: [B, N, in] -> [B, N, out]."""
    return product(rows.flatten(0, 1)[None]).reshape(*rows.shape[:2], -1)


def _next_state(inputs: Tensor, memory: Tensor, state: Tensor) -> Tensor:
    """States of GRUs one step on; see `gates.next_states`.

    Args:
        inputs: [3, B, 3 * width], products of the inputs.
        memory: [3, B, 3 * width], products of the states.
        state: [3, B, width].
    """
    new_reset, new_update, new_candidate = inputs.float().chunk(3, dim=-1)
    old_reset, old_update, old_candidate = memory.float().chunk(3, dim=-1)
    update = torch.sigmoid(new_update + old_update)
    candidate = torch.tanh(new_candidate + torch.sigmoid(new_reset + old_reset) * old_candidate)
    return (1 - update) * candidate + update * state

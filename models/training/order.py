"""In which order an epoch takes its conversations, from the seed and the epoch's number alone.

So a run that was ended goes on at the very batch where it stood, and no state of a generator has to
be kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

_BATCHES_A_POOL: Final = 8


@dataclass(frozen=True, slots=True)
class SourceShape:
    """What the order needs to know of a data set.

    Attributes:
        lengths: posts of each of its training conversations, at least one.
        weight: passes over it in an epoch.
        batch: conversations a step.
        until: last epoch that takes it; None: all do.
    """

    lengths: Sequence[int]
    weight: float
    batch: int
    until: int | None = None


@dataclass(frozen=True, slots=True)
class PlannedBatch:
    """One step: these conversations of one source."""

    source: int
    conversations: tuple[int, ...]


def epoch_order(shapes: Sequence[SourceShape], seed: int, epoch: int) -> list[PlannedBatch]:
    """The batches of an epoch; each is of one source, and the sources' batches are mixed.

    Args:
        shapes: of the sources.
        seed: of the run.
        epoch: from 1.

    Returns:
        As many batches in every epoch that takes the same sources. Each whole pass holds each
        conversation once; what is left of a weight is that share of the conversations, drawn anew.
    """
    planned = []
    for source, shape in enumerate(shapes):
        if shape.until is not None and epoch > shape.until:
            continue
        generator = np.random.default_rng([seed, epoch, source])
        for chosen in _passes(shape, generator):
            lengths = [shape.lengths[index] for index in chosen]
            planned += [
                PlannedBatch(source, tuple(chosen[index] for index in batch))
                for batch in shuffled_batches(lengths, shape.batch, generator)
            ]
    mixed = np.random.default_rng([seed, epoch, len(shapes)]).permutation(len(planned))
    return [planned[index] for index in mixed]


def shuffled_batches(
    lengths: Sequence[int], batch: int, generator: np.random.Generator
) -> list[list[int]]:
    """A random order of conversations in batches of like length, so that padding stays low.

    Args:
        lengths: posts of each conversation.
        batch: conversations a batch; the last of a pool may have fewer.
        generator: where the order comes from.

    Returns:
        Batches in random order that hold each index once; like lengths meet only within pools of
        eight batches, so that batches differ from epoch to epoch.
    """
    order = generator.permutation(len(lengths)).tolist()
    batches: list[list[int]] = []
    pool = batch * _BATCHES_A_POOL
    for start in range(0, len(order), pool):
        near = sorted(order[start : start + pool], key=lengths.__getitem__)
        batches.extend(near[first : first + batch] for first in range(0, len(near), batch))
    return [batches[index] for index in generator.permutation(len(batches))]


def step_generator(seed: int, epoch: int, step: int) -> np.random.Generator:
    """Where the chance of one step comes from, and of no other."""
    return np.random.default_rng([seed, epoch, step, 1])


def _passes(shape: SourceShape, generator: np.random.Generator) -> list[list[int]]:
    count = len(shape.lengths)
    whole = int(shape.weight)
    passes = [list(range(count)) for _ in range(whole)]
    rest = round((shape.weight - whole) * count)
    if rest or not whole:
        drawn = generator.permutation(count)[: max(rest, 1)]
        passes.append(sorted(drawn.tolist()))
    return passes

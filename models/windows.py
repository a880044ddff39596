"""How requests become runs of the network, grouped so that padding is low.

Not for keeping windows between batches: the caller does that.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from connectors.schemas.scoring import WindowRequest
from models.errors import ModelError


@dataclass(frozen=True, slots=True)
class Job:
    """A run of posts that go through the network together, with posts after the last target cut.

    Attributes:
        request: index of the request it belongs to.
        posts: posts from the window's first on.
        targets: positions to score.
    """

    request: int
    posts: int
    targets: tuple[int, ...]


def plan_jobs(requests: Sequence[WindowRequest], causal: bool) -> list[Job]:
    """Split requests so that each target sees the past alone.

    A causal network scores all targets of a window in one run; another needs one run a target.

    Raises:
        ModelError: a target is no position of its window.
    """
    jobs = []
    for index, request in enumerate(requests):
        for target in request.targets:
            if not 0 <= target < len(request.records):
                raise ModelError(f"target {target} of a window of {len(request.records)} posts")
        if causal and request.targets:
            jobs.append(Job(index, max(request.targets) + 1, request.targets))
        elif not causal:
            jobs.extend(Job(index, target + 1, (target,)) for target in request.targets)
    return jobs


def group_by_length(lengths: Sequence[int], budget: int, most: int) -> list[list[int]]:
    """Indices of rows in groups of like length.

    Args:
        lengths: rows' lengths, each at least 1.
        budget: most padded cells in a group of more than one row.
        most: most rows in a group.

    Returns:
        Groups that hold each index once; in a group the longest row is at most twice, or three
        cells more than, the shortest.
    """
    groups: list[list[int]] = []
    shortest = 0
    for index in sorted(range(len(lengths)), key=lengths.__getitem__):
        length = lengths[index]
        fits = (
            groups
            and len(groups[-1]) < most
            and (len(groups[-1]) + 1) * length <= budget
            and length <= max(2 * shortest, shortest + 3)
        )
        if not fits:
            groups.append([])
            shortest = length
        groups[-1].append(index)
    return groups

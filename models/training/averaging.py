"""A running average of a system's weights, which is validated and kept in their place.

Not for its decay, which is the learner's, nor for keeping it in a file (`state`).
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from torch import Tensor

from models.systems import System


def weights_of(system: System) -> dict[str, Tensor]:
    """A copy of all that a system has learned, by name."""
    return {name: own.detach().clone() for name, own in system.state_dict().items()}


def follow(average: Mapping[str, Tensor], system: System, decay: float) -> None:
    """Move an average, in place, towards a system's weights; what is counted is taken as it is.

    Args:
        average: as `weights_of` gave it.
        system: whose weights moved.
        decay: share of the average that stays, in (0, 1).
    """
    for name, own in system.state_dict().items():
        if own.is_floating_point():
            average[name].lerp_(own, 1.0 - decay)
        else:
            average[name].copy_(own)


@contextmanager
def averaged(system: System, average: Mapping[str, Tensor]) -> Iterator[None]:
    """Put averaged weights in the place of the system's, for a while; none leave it as it is."""
    if not average:
        yield
        return
    own = weights_of(system)
    system.load_state_dict(average)
    try:
        yield
    finally:
        system.load_state_dict(own)

"""When posts come: steadily, at random, in bursts, or as a day goes. Pure; seconds since a start.

Source of the random ones: a Poisson process has exponential gaps; one whose rate changes is drawn
at the highest rate and thinned (Lewis & Shedler 1979, Naval Research Logistics 26(3)).
"""

import math
from collections.abc import Callable, Iterator
from random import Random
from typing import Final

from stream_app.capacity.load import Arrivals

BURST_EVERY_S: Final = 5.0
BURST_S: Final = 1.0
BURST_TIMES: Final = 3.0  # the rate within a burst by the mean; outside it is lower accordingly
DAY_S: Final = 86_400.0
DAY_SWING: Final = 0.6  # how far the busiest hour is above the mean and the quietest below


def arrival_times(how: Arrivals, rate: float, seconds: float, seed: int) -> Iterator[float]:
    """Seconds at which posts come, ascending, all below `seconds`.

    Args:
        how: the process.
        rate: posts a second on average.
        seconds: how long.
        seed: the same seed gives the same times; `steady` needs none.
    """
    if how == "steady":
        return (number / rate for number in range(math.ceil(rate * seconds)))
    if how == "poisson":
        return _thinned(lambda _: rate, rate, seconds, seed)
    if how == "bursts":
        return _thinned(lambda at_s: burst_rate(rate, at_s), BURST_TIMES * rate, seconds, seed)
    return _thinned(
        lambda at_s: day_rate(rate, at_s, seconds), (1 + DAY_SWING) * rate, seconds, seed
    )


def burst_rate(mean: float, at_s: float) -> float:
    """Posts a second at a moment of a stream with bursts, `mean` over `BURST_EVERY_S`."""
    quiet = (BURST_EVERY_S - BURST_TIMES * BURST_S) / (BURST_EVERY_S - BURST_S)
    return mean * (BURST_TIMES if at_s % BURST_EVERY_S < BURST_S else quiet)


def day_rate(mean: float, at_s: float, day_s: float = DAY_S) -> float:
    """Posts a second at a moment of a day, which may be told in fewer seconds.

    A sine around the mean: lowest at the start, highest half a day later.
    """
    return mean * (1 - DAY_SWING * math.cos(2 * math.pi * at_s / day_s))


def _thinned(
    rate_at: Callable[[float], float], highest: float, seconds: float, seed: int
) -> Iterator[float]:
    random = Random(seed)  # noqa: S311 - no secret
    at_s = random.expovariate(highest)
    while at_s < seconds:
        if random.random() * highest < rate_at(at_s):
            yield at_s
        at_s += random.expovariate(highest)

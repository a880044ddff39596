"""How much more a window's counts vary than those of independent posts would. Pure.

Posts of one conversation or campaign resemble each other, for longer than one bucket, and mood
moves within a window: both make shares and volumes vary more than counting alone explains, by a
factor that is found here. Not for what is done with it.
"""

from collections.abc import Sequence
from math import inf
from typing import Final, NamedTuple

import numpy as np
from scipy.fft import dct
from scipy.special import stdtr, stdtrit

FEWEST_BUCKETS: Final = 5  # under which nothing can be said
FEWEST_WAVES: Final = 3
MOST_WAVES: Final = 30
BUCKETS_A_WAVE: Final = 20


class Dispersion(NamedTuple):
    """A factor of a variance, and what it stands on.

    Attributes:
        factor: the variance over that of independent posts, at least 1.
        freedom: degrees of freedom of its estimate; infinite where there is none.
    """

    factor: float
    freedom: float


UNKNOWN: Final = Dispersion(1.0, inf)


def dispersion(off: Sequence[float], variances: Sequence[float]) -> Dispersion:
    """How much more a sum over buckets varies than it would by independent posts.

    Args:
        off: of each bucket in order of time, what it holds more than its part; their sum is 0.
        variances: of each, that of `off` for independent posts, over 0.

    Returns:
        The larger of two factors. Pearson's chi-squared over its degrees of freedom knows what
        happens within a bucket alone. The mean square of the slowest cosines of `off` knows what
        lasts for many: three waves, or one for 20 buckets of more than 60. Unknown for fewer than
        five buckets.

    Source: McCullagh & Nelder 1989, Generalized Linear Models, 4.5.2; equal-weighted cosines with
        as many degrees of freedom as there are, Müller 2007, Journal of Econometrics 141(2), and
        Lazarus et al. 2018, Journal of Business & Economic Statistics 36(4). `benchmarks/chance.py`
        tells how often windows of one mood differ by it.
    """
    if len(off) < FEWEST_BUCKETS:
        return UNKNOWN
    apart, own = np.asarray(off, dtype=float), np.asarray(variances, dtype=float)
    waves = min(MOST_WAVES, max(FEWEST_WAVES, len(off) // BUCKETS_A_WAVE))
    pearson = (apart**2 / own).sum() / (len(off) - 1)
    slow = (dct(apart)[1 : waves + 1] ** 2).mean() / 2.0 / own.sum()
    return Dispersion(max(1.0, float(pearson), float(slow)), float(waves))


def share_dispersion(counts: Sequence[float], posts: Sequence[float]) -> Dispersion:
    """That of a share.

    Args:
        counts: posts with the label, of each bucket.
        posts: of each bucket, over 0; need not be whole.
    """
    everything = sum(posts)
    share = sum(counts) / everything if everything else 0.0
    if not 0.0 < share < 1.0:
        return UNKNOWN
    off = [count - own * share for count, own in zip(counts, posts, strict=True)]
    return dispersion(off, [own * share * (1.0 - share) for own in posts])


def volume_dispersion(posts: Sequence[int]) -> Dispersion:
    """That of a window's posts.

    Args:
        posts: of each bucket of one width, those without posts included.
    """
    if not sum(posts):
        return UNKNOWN
    mean = sum(posts) / len(posts)
    return dispersion([own - mean for own in posts], [mean] * len(posts))


def joint_freedom(variances: Sequence[float], freedoms: Sequence[float]) -> float:
    """Degrees of freedom of a sum of variances that were estimated apart.

    Args:
        variances: of the parts, over 0.
        freedoms: of each estimate.

    Source: Satterthwaite 1946, Biometrics Bulletin 2(6).
    """
    doubt = sum(own * own / freedom for own, freedom in zip(variances, freedoms, strict=True))
    return sum(variances) ** 2 / doubt if doubt else inf


def two_sided(distance: float, freedom: float) -> float:
    """How often Student's t of so many degrees of freedom lies further from 0."""
    return 2.0 * float(stdtr(freedom, -abs(distance)))


def quantile(level: float, freedom: float) -> float:
    """Within which distance of 0 Student's t lies as often as `level` says."""
    return float(stdtrit(freedom, (1.0 + level) / 2.0))

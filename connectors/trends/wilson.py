"""Interval of a share of posts. Not for what the classifier itself confuses."""

from math import sqrt


def wilson_interval(successes: float, trials: float, z: float = 1.96) -> tuple[float, float]:
    """Interval for a binomial share.

    Args:
        successes: posts with the label, 0 <= successes <= trials; need not be whole.
        trials: posts counted; 0 gives (0.0, 1.0), since nothing is known.
        z: standard normal quantile; 1.96 is 95 %.

    Returns:
        Lower and upper bound of the share, both in [0, 1].

    Raises:
        ValueError: successes is outside [0, trials].

    Source: Wilson 1927, JASA 22(158).

    Example:
        >>> low, high = wilson_interval(8, 10)
        >>> round(low, 3), round(high, 3)
        (0.49, 0.943)
    """
    if not 0 <= successes <= trials:
        raise ValueError(f"{successes} posts with the label of {trials} counted: not a share")
    if trials == 0:
        return 0.0, 1.0
    share = successes / trials
    scale = 1.0 + z * z / trials
    middle = (share + z * z / (2 * trials)) / scale
    half = z / scale * sqrt(share * (1.0 - share) / trials + z * z / (4 * trials * trials))
    # at a share of 0 or 1 the bound is exact, and the formula a rounding beside it
    low = 0.0 if successes == 0 else max(0.0, middle - half)
    high = 1.0 if successes == trials else min(1.0, middle + half)
    return low, high

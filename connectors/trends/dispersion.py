"""How much more a window's buckets differ than independent posts would. Pure.

Posts of one conversation or campaign resemble each other, and mood moves within a window: both
make shares and volumes vary more than counting alone explains, by a factor that is found here.
"""

from collections.abc import Sequence
from typing import Final

FEWEST_BUCKETS: Final = 5  # under which nothing can be said


def share_dispersion(counts: Sequence[float], posts: Sequence[float]) -> float:
    """How many times the variance of a share is that of independent posts, at least 1.

    Args:
        counts: posts with the label, of each bucket.
        posts: of each bucket, at least 1; need not be whole.

    Returns:
        Pearson's chi-squared over its degrees of freedom; 1 for fewer than five buckets.

    Source: McCullagh & Nelder 1989, Generalized Linear Models, 4.5.2.
    """
    everything = sum(posts)
    share = sum(counts) / everything if everything else 0.0
    if len(posts) < FEWEST_BUCKETS or not 0.0 < share < 1.0:
        return 1.0
    pearson = sum(
        (count - own * share) ** 2 / (own * share * (1.0 - share))
        for count, own in zip(counts, posts, strict=True)
    )
    return max(1.0, pearson / (len(posts) - 1))


def volume_dispersion(posts: Sequence[int]) -> float:
    """How many times the variance of a bucket's posts is their mean, at least 1.

    Args:
        posts: of each bucket of one width, those without posts included.

    Source: as `share_dispersion`, chapter 6.
    """
    if len(posts) < FEWEST_BUCKETS or not sum(posts):
        return 1.0
    mean = sum(posts) / len(posts)
    return max(1.0, sum((own - mean) ** 2 for own in posts) / mean / (len(posts) - 1))

"""False discoveries among many tests at once. Pure."""

import numpy as np

from connectors.alerts.season import Array


def adjusted(p_values: Array) -> Array:
    """The smallest level of false discoveries at which each test is one.

    Args:
        p_values: any shape; of tests that are independent or positively dependent.

    Returns:
        The same shape: alert where it is at most the level, and of the alerts of one look that
        share is expected to be false.

    Source: Benjamini & Hochberg 1995, JRSS B 57(1); dependence, Benjamini & Yekutieli 2001.
    """
    flat = p_values.ravel()
    order = np.argsort(flat)[::-1]
    ranks = np.arange(flat.size, 0, -1)
    least = np.minimum.accumulate(flat[order] * flat.size / ranks)
    result = np.empty_like(flat)
    result[order] = np.minimum(least, 1.0)
    return result.reshape(p_values.shape)

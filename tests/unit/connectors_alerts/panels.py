"""Panels of tracks whose rates and shares are known."""

from collections.abc import Sequence

import numpy as np

from connectors.alerts.panel import FIRST_LABEL, MEASURES, POSTS, SCORED, Counts, Panel
from connectors.alerts.policy import AlertPolicy
from connectors.trends.layout import DAY_S, HOUR_S

POLICY = AlertPolicy()
MONDAY_S = 4 * DAY_S * 1000 + 4 * DAY_S - 4 * DAY_S * 1000 % (7 * DAY_S)
SENTIMENT = (0.25, 0.45, 0.30)
EMOTION = (0.22, 0.05, 0.08, 0.04, 0.06, 0.15, 0.40)


def drawn(
    random: np.random.Generator, posts: Sequence[float], negative: Sequence[float] | float = 0.25
) -> Counts:
    """One step or block of tracks with these means and negative shares, [T, measures]."""
    counts = np.zeros((len(posts), MEASURES), np.int64)
    counts[:, POSTS] = counts[:, SCORED] = random.poisson(posts)
    shares = np.broadcast_to(negative, len(posts))
    sentiment = np.stack([shares, 0.6 * (1 - shares), 0.4 * (1 - shares)], axis=1)
    counts[:, FIRST_LABEL : FIRST_LABEL + 3] = random.multinomial(counts[:, POSTS], sentiment)
    counts[:, FIRST_LABEL + 3 :] = random.multinomial(counts[:, POSTS], EMOTION)
    return counts


def panel_of(
    posts_an_hour: Sequence[float], *, seed: int = 0, days: int = 28, policy: AlertPolicy = POLICY
) -> tuple[Panel, np.random.Generator]:
    """A panel of steady tracks after some days; the last of those in steps too."""
    random = np.random.default_rng(seed)
    panel = Panel(policy, len(posts_an_hour), MONDAY_S - DAY_S)
    for start in range(MONDAY_S - days * DAY_S, MONDAY_S - DAY_S, HOUR_S):
        for track, own in enumerate(drawn(random, posts_an_hour).tolist()):
            panel.put_block(track, start, own)
    run_on(panel, random, posts_an_hour, steps=DAY_S // policy.step_s, policy=policy)
    return panel, random


def run_on(
    panel: Panel,
    random: np.random.Generator,
    posts_an_hour: Sequence[float],
    *,
    steps: int,
    negative: Sequence[float] | float = 0.25,
    policy: AlertPolicy = POLICY,
) -> None:
    """Let the tracks go on for some steps."""
    means = np.array(posts_an_hour) * policy.step_s / HOUR_S
    for _ in range(steps):
        panel.push(drawn(random, means.tolist(), negative))

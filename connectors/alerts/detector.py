"""What is unusual now, of all tracks together: one look at a panel. Pure.

Not for when an alert begins and ends: that is `lifecycle`.
"""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from connectors.alerts.baseline import Baseline
from connectors.alerts.discovery import adjusted
from connectors.alerts.panel import FIRST_LABEL, LABELS, POSTS, SCORED, Panel, mean_weight
from connectors.alerts.policy import AlertPolicy
from connectors.alerts.season import Array
from connectors.alerts.tails import count_tails, share_tails

Kind = Literal["volume", "sentiment", "emotion"]
Direction = Literal["up", "down"]

KINDS: Final[tuple[Kind, ...]] = ("volume", "sentiment", "emotion")
# neutral is what the others leave, and says nothing of its own
LABELS_OF: Final[dict[Kind, tuple[int, ...]]] = {
    kind: tuple(
        at for at, name in enumerate(LABELS) if name.startswith(kind) and "neutral" not in name
    )
    for kind in ("sentiment", "emotion")
}
Z95: Final = 1.96


@dataclass(frozen=True, slots=True)
class Shift:
    """A measure of one track, as far from its baseline as it is now.

    Attributes:
        kind: what moved.
        label: `sentiment:negative` and the like; None for volume.
        window: span it is seen in, in steps up to now.
        posts: posts of the window; those of the present model for a label.
        observed: posts, or the share of the label.
        expected: the same, as usual.
        low, high: 95 % interval of observed / expected for volume, of the difference of the
            shares else.
        p_value: how often one of the kind's measures is as far off when nothing moved.
        q_value: share of false discoveries among all that are as sure, at this look.
    """

    kind: Kind
    direction: Direction
    label: str | None
    window: int
    posts: int
    observed: float
    expected: float
    low: float
    high: float
    p_value: float
    q_value: float


@dataclass(frozen=True, slots=True)
class Look:
    """What one look found, of T tracks and the kinds in order.

    Attributes:
        end: end of the last step looked at, Unix seconds.
        p_values: [T, K]; of shifts of any size.
        q_values: [T, K]; 1 for what is too small to matter, or under way.
        shifts: (track, kind) -> the surest shift, where the q-value is at most the policy's level.
    """

    end: int
    p_values: Array
    q_values: Array
    shifts: dict[tuple[int, int], Shift]


@np.errstate(divide="ignore", invalid="ignore")  # a track as young as that raises no alert
def look(
    panel: Panel, baseline: Baseline, policy: AlertPolicy, under_way: NDArray[np.bool_]
) -> Look:
    """Compare the windows that end now with the baseline.

    Within a kind, measures, windows and directions are corrected for by Bonferroni's bound; kinds
    and tracks by the rate of false discoveries. What is known already discovers nothing: alerts
    under way are left out, or a few long ones would let many false ones in.

    Args:
        panel: counts up to now.
        baseline: of the same tracks.
        policy: what is wide, large and sure enough.
        under_way: [T, K], where an alert is under way.
    """
    steps = panel.last_steps(policy.windows[-1])
    sums = np.stack([steps[:, -window:].sum(axis=1) for window in policy.windows], axis=1)
    weight = float(mean_weight(steps).max(initial=1.0))  # of all: a track may have none to tell it
    volume = _volume(sums[:, :, POSTS].astype(float), panel.end, baseline, weight)
    found = [volume]
    for kind in ("sentiment", "emotion"):
        places = LABELS_OF[kind]
        found.append(_opinion(sums.astype(float), places, baseline, weight))
    p_values = np.stack([each.any_size for each in found], axis=1)
    fresh = np.stack([each.large_enough for each in found], axis=1)
    q_values = adjusted(np.where(under_way, 1.0, fresh))
    shifts = {
        (track, kind): found[kind].shift(KINDS[kind], track, q_values[track, kind])
        for track, kind in np.argwhere(q_values <= policy.level).tolist()
    }
    return Look(panel.end, p_values, q_values, shifts)


@dataclass(frozen=True, slots=True)
class _Tests:
    """Tests of one kind, [T, W, M, 2] for windows, measures, and directions down and up."""

    tails: Array
    large: NDArray[np.bool_]
    posts: Array  # [T, W]
    observed: Array  # [T, W, M]
    expected: Array  # [T, W, M]
    spread: Array  # [T, W, M], standard error of the logarithm of the ratio, or of the difference
    places: tuple[int, ...]
    windows: tuple[int, ...]

    @property
    def any_size(self) -> Array:
        """[T], p-values."""
        return self._corrected(self.tails)

    @property
    def large_enough(self) -> Array:
        """[T], p-values, 1 where no shift is large enough."""
        return self._corrected(np.where(self.large, self.tails, 1.0))

    def shift(self, kind: Kind, track: int, q_value: float) -> Shift:
        """The surest of a track's shifts that are large enough."""
        tails = np.where(self.large[track], self.tails[track], 1.0)
        window, measure, upwards = np.unravel_index(int(np.argmin(tails)), tails.shape)
        observed = float(self.observed[track, window, measure])
        expected = float(self.expected[track, window, measure])
        margin = Z95 * float(self.spread[track, window, measure])
        if kind == "volume":
            middle = np.log(max(observed, 0.5) / expected)
            low, high = np.exp(middle - margin), np.exp(middle + margin)
        else:
            low = max(-1.0, observed - expected - margin)
            high = min(1.0, observed - expected + margin)
        return Shift(
            kind=kind,
            direction="up" if upwards else "down",
            label=None if kind == "volume" else LABELS[self.places[measure]],
            window=self.windows[window],
            posts=int(self.posts[track, window]),
            observed=observed,
            expected=expected,
            low=float(low),
            high=float(high),
            p_value=float(self.large_enough[track]),
            q_value=float(q_value),
        )

    def _corrected(self, tails: Array) -> Array:
        tests = tails.shape[1] * tails.shape[2] * tails.shape[3]
        return np.asarray(np.minimum(1.0, tests * tails.min(axis=(1, 2, 3))))


def _volume(posts: Array, end: int, baseline: Baseline, weight: float) -> _Tests:
    """Tests of volume; `posts` is [T, W], and each stands for `weight`."""
    policy = baseline.policy
    starts = end - policy.step_s * np.arange(policy.windows[-1], 0, -1)
    by_step = baseline.expected(starts)
    expected = np.stack([by_step[:, -window:].sum(axis=1) for window in policy.windows], axis=1)
    noise = baseline.noise + baseline.error(end - policy.step_s)[:, None]  # [T, W]
    noise = noise + (weight - 1.0) / expected
    tails = np.stack(count_tails(posts, expected, noise), axis=-1)
    large = (np.abs(posts - expected) >= policy.min_posts) & (
        np.maximum(posts / expected, expected / np.maximum(posts, 0.5)) >= policy.min_ratio
    )
    return _Tests(
        tails=tails[:, :, None],
        large=(large & baseline.ready[:, None])[:, :, None, None],
        posts=posts,
        observed=posts[:, :, None],
        expected=expected[:, :, None],
        spread=np.sqrt(1.0 / np.maximum(posts, 0.5) + noise)[:, :, None],
        places=(),
        windows=policy.windows,
    )


def _opinion(sums: Array, places: tuple[int, ...], baseline: Baseline, weight: float) -> _Tests:
    """Tests of the shares of some labels; `sums` is [T, W, measures], of posts of that weight.

    The share of the window is that of fewer, independent posts: as many as have its variance and
    that of the usual share together.
    """
    policy = baseline.policy
    at = list(places)
    posts = sums[:, :, SCORED]  # [T, W]
    hits = sums[:, :, [FIRST_LABEL + place for place in at]]  # [T, W, M]
    usual = np.repeat(baseline.shares[:, None, at], len(policy.windows), axis=1)
    design = np.moveaxis(baseline.design[:, at], 1, 2)  # [T, W, M]
    growth = np.maximum(1.0, posts / np.maximum(baseline.usual_posts, 1.0))[:, :, None]
    alike = (1.0 + (design - 1.0) * growth) * weight
    some = np.maximum(posts, 1.0)[:, :, None]
    shares = hits / some
    known = baseline.share_posts[:, None, at]
    worth = 1.0 / (alike / some + 1.0 / np.maximum(known, 1.0))
    tails = np.stack(share_tails(shares * worth, worth, usual), axis=-1)
    eased = (shares * worth + 1.0) / (worth + 2.0)  # Agresti & Caffo 2000, for the interval alone
    large = (posts >= policy.min_posts)[:, :, None] & (np.abs(shares - usual) >= policy.min_change)
    return _Tests(
        tails=tails,
        large=(large & baseline.opinion_ready[:, None, None])[..., None],
        posts=posts,
        observed=shares,
        expected=usual,
        spread=np.sqrt(eased * (1.0 - eased) / (worth + 2.0)),
        places=places,
        windows=policy.windows,
    )

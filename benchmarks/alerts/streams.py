"""Counts of many simulated tracks, with shifts of known size at known times. Pure.

Rates follow a season, wander (logarithm: first-order autoregression, two hours) and flicker
(gamma, each minute anew); logits of the negative share wander and flicker too. The detector knows
neither how they mix nor how long they last. Not for judging: `judging` does that.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from connectors.alerts.panel import FIRST_LABEL, LABELS, MEASURES, POSTS, SCORED, Counts
from connectors.alerts.season import Array
from connectors.trends.layout import DAY_S, HOUR_S, MINUTE_S

SeasonName = Literal["none", "daily", "weekly"]
Moved = Literal["nothing", "volume", "opinion"]

SEASONS: Final[tuple[SeasonName, ...]] = ("none", "daily", "weekly")
POSTS_AN_HOUR: Final = (30.0, 300.0, 3000.0)
START_S: Final = 1_764_547_200  # Monday, 1 December 2025
WANDERING_S: Final = 2 * HOUR_S
EVENT_S: Final = 3 * HOUR_S
SENTIMENT: Final = np.array([0.25, 0.45, 0.30])
EMOTION: Final = np.array([0.22, 0.05, 0.08, 0.04, 0.06, 0.15, 0.40])
ANGRY: Final = 5


@dataclass(frozen=True, slots=True)
class Noise:
    """How restless tracks are.

    Attributes:
        wander: standard deviation of the logarithm of the rate that lasts for hours.
        flicker: variance over its square of the rate of a minute.
        mood_wander, mood_flicker: the same of the logit of the negative share, deviations both.
    """

    name: str
    wander: float
    flicker: float
    mood_wander: float
    mood_flicker: float


@dataclass(frozen=True, slots=True)
class Planted:
    """What happens on a track each day, for three hours.

    Attributes:
        size: factor of volume, or what is added to the negative share.
    """

    moved: Moved
    size: float


NOISES: Final = (
    Noise("calm", 0.0, 0.0, 0.0, 0.0),
    Noise("usual", 0.2, 0.2, 0.1, 0.3),
    Noise("restless", 0.4, 1.0, 0.25, 0.8),
)
PLANTED: Final = (
    *(Planted("nothing", 0.0),) * 4,
    *(Planted("volume", size) for size in (0.33, 1.6, 2.5, 5.0)),
    *(Planted("opinion", size) for size in (0.1, 0.15, 0.2, 0.3)),
)


@dataclass(frozen=True, slots=True)
class Kind:
    """What a simulated track is like."""

    season: SeasonName
    posts_an_hour: float
    noise: Noise
    planted: Planted


KINDS: Final = tuple(Kind(*each) for each in product(SEASONS, POSTS_AN_HOUR, NOISES, PLANTED))


class Streams:
    """Tracks of every kind, a day at a time.

    Args:
        seed: of all that is drawn.
        kinds: one track each.
    """

    def __init__(self, seed: int, kinds: tuple[Kind, ...] = KINDS) -> None:
        self.kinds = kinds
        self._random = np.random.default_rng(seed)
        self._level = np.log([kind.posts_an_hour for kind in kinds])
        self._noise = np.array(
            [
                (each.wander, each.flicker, each.mood_wander, each.mood_flicker)
                for each in (kind.noise for kind in kinds)
            ]
        )
        self._wander = self._random.standard_normal((len(kinds), 2))
        self._phase = self._random.normal(0.0, 1.5, len(kinds))  # hours by which peaks differ

    def day(self, day: int, step_s: int, events: NDArray[np.int64] | None = None) -> Counts:
        """One day's counts.

        Args:
            day: from 0.
            step_s: width of a step, seconds.
            events: [T], when the day's shift begins on each track, Unix seconds; None: none does.

        Returns:
            [steps, T, measures].
        """
        starts = START_S + day * DAY_S + np.arange(0, DAY_S, step_s)
        shifted = self._shifted(starts, events)
        return np.stack(
            [
                self._step(int(start), step_s, moved)
                for start, moved in zip(starts, shifted, strict=True)
            ]
        )

    def draw_events(self, day: int) -> NDArray[np.int64]:
        """When the shifts of a day begin, [T], Unix seconds; an hour from midnight at least."""
        latest = DAY_S - EVENT_S - 2 * HOUR_S
        drawn = self._random.integers(HOUR_S, latest, len(self.kinds))
        return np.asarray(START_S + day * DAY_S + drawn // MINUTE_S * MINUTE_S)

    def _shifted(
        self, starts: NDArray[np.int64], events: NDArray[np.int64] | None
    ) -> Iterator[NDArray[np.bool_]]:
        """Whether the shift of each track is under way, [T], for each step."""
        for start in starts:
            if events is None:
                yield np.zeros(len(self.kinds), bool)
            else:
                yield (events <= start) & (start < events + EVENT_S)

    def _step(self, start: int, step_s: int, moved: NDArray[np.bool_]) -> Counts:
        wander, flicker, mood_wander, mood_flicker = self._noise.T
        self._advance(step_s)
        rate = np.exp(
            self._level + self._season(start) + wander * self._wander[:, 0] - wander**2 / 2
        )
        rate *= self._flickering(flicker * MINUTE_S / step_s) * step_s / HOUR_S
        rate *= np.where(moved, [_factor(kind.planted) for kind in self.kinds], 1.0)
        posts = self._random.poisson(rate)
        mood = mood_wander * self._wander[:, 1]
        jitter = self._random.standard_normal(len(mood)) * np.sqrt(MINUTE_S / step_s)
        negative = 1.0 / (
            1.0
            + np.exp(-(np.log(SENTIMENT[0] / (1 - SENTIMENT[0])) + mood + mood_flicker * jitter))
        )
        added = np.where(moved, [_added(kind.planted) for kind in self.kinds], 0.0)
        return self._posts(posts, np.clip(negative + added, 0.0, 0.95), added / 2)

    def _posts(self, posts: NDArray[np.int64], negative: Array, angrier: Array) -> Counts:
        rest = SENTIMENT[1:] / SENTIMENT[1:].sum()
        sentiment = np.column_stack([negative, (1 - negative)[:, None] * rest])
        emotion = np.repeat(EMOTION[None], len(posts), axis=0) * (1 - angrier)[:, None]
        emotion[:, ANGRY] += angrier
        counts = np.zeros((len(posts), MEASURES), np.int64)
        counts[:, POSTS] = counts[:, SCORED] = posts
        counts[:, FIRST_LABEL : FIRST_LABEL + 3] = self._random.multinomial(posts, sentiment)
        counts[:, FIRST_LABEL + 3 : FIRST_LABEL + len(LABELS)] = self._random.multinomial(
            posts, emotion
        )
        return counts

    def _advance(self, step_s: int) -> None:
        kept = np.exp(-step_s / WANDERING_S)
        fresh = self._random.standard_normal(self._wander.shape)
        self._wander = kept * self._wander + np.sqrt(1 - kept**2) * fresh

    def _flickering(self, variance: Array) -> Array:
        shape = 1.0 / np.maximum(variance, 1e-6)
        return np.asarray(self._random.gamma(shape) / shape)

    def _season(self, start: int) -> Array:
        """Logarithm of the factor of the season, [T]."""
        hours = (start / HOUR_S + self._phase) % 24
        daily = 1.1 * np.cos((hours - 17) * 2 * np.pi / 24) - 0.45 * np.exp(-((hours - 5) ** 2) / 8)
        weekend = (start - START_S) // DAY_S % 7 >= 5
        weekly = 0.6 * np.cos((hours - 21) * 2 * np.pi / 24) - 0.7 if weekend else daily
        by_name = {"none": np.zeros_like(daily), "daily": daily, "weekly": weekly}
        names = [SEASONS.index(kind.season) for kind in self.kinds]
        return np.asarray(np.choose(names, [by_name[name] for name in SEASONS]))


def _factor(planted: Planted) -> float:
    return planted.size if planted.moved == "volume" else 1.0


def _added(planted: Planted) -> float:
    return planted.size if planted.moved == "opinion" else 0.0

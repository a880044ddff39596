"""Shares of a trend, corrected by a quantifier of the model that scored it and by no other's."""

import numpy as np
import pytest

from connectors.prevalence.fit import fit_quantifier
from connectors.prevalence.posts import LabelledPosts, Window
from connectors.prevalence.quantifier import Quantifier
from connectors.prevalence.tracks import fit_corrections
from connectors.schemas.labels import SENTIMENTS
from connectors.trends.corrected import corrected_shares
from connectors.trends.layout import Bucket
from connectors.trends.series import TrendCounts, assemble

MODEL = "m-1"


@pytest.fixture(scope="module")
def quantifier() -> Quantifier:
    """Of a classifier that calls a third of the negative posts neutral."""
    generator = np.random.default_rng(0)
    truth = generator.integers(0, 3, 1200)
    posteriors = np.full((1200, 3), 0.1)
    called = np.where((truth == 0) & (generator.random(1200) < 1 / 3), 1, truth)
    posteriors[np.arange(1200), called] = 0.8
    tracks = np.array([f"track-{at % 8}" for at in range(1200)])
    posts = LabelledPosts(truth, posteriors, tracks, np.arange(1200))
    corrections = fit_corrections(posts, SENTIMENTS, ["probabilistic_adjusted_count"])
    return Quantifier(
        fit=fit_quantifier(posts, SENTIMENTS, MODEL),
        corrections=dict(corrections),
        known="probabilistic_adjusted_count",
        new="probabilistic_adjusted_count",
        notes=("fitted on a test's posts",),
    )


def counts(posts: tuple[int, int, int], models: dict[str, int], weight: int = 1) -> TrendCounts:
    """Posts called so, each with 0.8 and 0.1 for the others, that stand for `weight` each."""
    everything = sum(posts)
    fields: dict[bytes | str, bytes | str] = {"posts": str(everything)}
    for label, own in zip(SENTIMENTS, posts, strict=True):
        fields[f"sentiment:{label}"] = str(own)
        fields[f"ps:{label}"] = str(800_000 * own + 100_000 * (everything - own))
    fields |= {f"model:{name}": str(own) for name, own in models.items()}
    fields |= {"shed": str(everything - everything // weight)}
    fields |= {"shed:squares": str(everything * (weight - 1))}
    return assemble("a", 60, [Bucket("1m", 0)], [fields]).total


def test_what_the_model_confuses_is_given_back(quantifier: Quantifier) -> None:
    """Of 300 negative posts 200 are called so."""
    found = corrected_shares("new", counts((200, 400, 300), {MODEL: 900}), quantifier)
    assert found is not None
    negative = found.sentiment["negative"]
    assert negative.share == pytest.approx(1 / 3, abs=0.03)
    assert negative.low < 1 / 3 < negative.high
    assert negative.low > 200 / 900 + 0.01  # what was counted is not in it
    assert sum(own.share for own in found.sentiment.values()) == pytest.approx(1.0)
    assert (found.model_version, found.knows_track) == (MODEL, False)
    known = corrected_shares("track-1", counts((200, 400, 300), {MODEL: 900}), quantifier)
    assert known is not None
    assert known.knows_track


def test_it_is_the_quantifiers_estimate_of_the_same_window(quantifier: Quantifier) -> None:
    found = corrected_shares("new", counts((2, 4, 3), {MODEL: 9}), quantifier)
    window = Window(np.array([2, 4, 3]), np.array([2.3, 3.7, 3.0]))
    wanted = quantifier.estimate(window, "new")
    assert found is not None
    for place, label in enumerate(SENTIMENTS):
        assert found.sentiment[label].share == pytest.approx(wanted.shares[place], abs=1e-5)
        assert found.sentiment[label].high == pytest.approx(wanted.high[place], abs=1e-5)


@pytest.mark.parametrize("models", [{"m-2": 9}, {MODEL: 5, "m-2": 4}, {}])
def test_posts_of_another_model_are_not_corrected(
    models: dict[str, int], quantifier: Quantifier
) -> None:
    assert corrected_shares("new", counts((2, 4, 3), models), quantifier) is None


def test_no_posts_have_no_shares(quantifier: Quantifier) -> None:
    assert corrected_shares("new", counts((0, 0, 0), {}), quantifier) is None


def test_a_sampled_window_is_corrected_as_the_posts_that_were_scored(
    quantifier: Quantifier,
) -> None:
    sampled = corrected_shares("new", counts((800, 1600, 1200), {MODEL: 3600}, 4), quantifier)
    scored = corrected_shares("new", counts((200, 400, 300), {MODEL: 900}), quantifier)
    assert sampled is not None
    assert scored is not None
    for label in SENTIMENTS:
        one, other = scored.sentiment[label], sampled.sentiment[label]
        assert other.model_dump() == pytest.approx(one.model_dump(), abs=1e-9)

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.calibration import Calibration, TaskCalibration
from models.evaluation.intervals import f1_intervals
from models.evaluation.metrics import measures
from models.evaluation.slices import by_name, by_position, by_removal
from models.training.corpus import NO_LABEL
from tests.unit.models.evaluation.judged_posts import judged

PLAIN = Calibration()


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 14), min_size=1, max_size=6))
def test_each_post_is_in_the_slice_of_its_position(lengths: list[int]) -> None:
    posts = sum(lengths)
    own = judged(lengths, np.eye(3)[np.zeros(posts, np.int64)], np.zeros(posts, np.int64))
    found = by_position(own, "sentiment", PLAIN)
    assert sum(each.posts for each in found) == posts
    assert found[0].posts == len(lengths)
    by_name = {each.name: each.posts for each in found}
    assert set(by_name) <= {"1", "2", "3-5", "6-10", "11+"}
    assert by_name.get("3-5", 0) == sum(min(length, 5) - 2 for length in lengths if length > 2)
    assert by_name.get("11+", 0) == sum(length - 10 for length in lengths if length > 10)


def test_a_slice_is_measured_on_its_own_posts_with_a_label() -> None:
    said = np.array([0, 1, 2, 2, 0])
    truth = np.array([0, 0, 2, NO_LABEL, 1])
    first, second, later = by_position(judged([4, 1], np.eye(3)[said], truth), "sentiment", PLAIN)
    assert first.measures == measures([0, 1], [0, 0], 3)
    assert second.measures["accuracy"] == 0.0
    assert (later.name, later.posts, later.measures["accuracy"]) == ("3-5", 1, 1.0)


def test_parts_with_enough_labelled_posts_are_told_the_best_first() -> None:
    names = ["bad"] * 120 + ["good"] * 100 + ["few"] * 99 + [""] * 101 + ["good"] * 9
    posts = len(names)
    said = np.zeros(posts, np.int64)
    truth = np.array([int(name == "bad") for name in names])
    truth[-9:] = NO_LABEL
    own = judged([posts], np.eye(3)[said], truth, group=names)
    good, bad = by_name(own, own.group, "sentiment", PLAIN)
    assert (good.name, good.posts, good.measures["accuracy"]) == ("good", 100, 1.0)
    assert (bad.name, bad.posts, bad.measures["accuracy"]) == ("bad", 120, 0.0)


def test_a_modality_is_removed_where_the_post_has_it_and_another() -> None:
    presence = np.array(
        [[True, True, False], [True, False, False], [True, True, False], [True, True, False]]
    )
    truth = np.array([0, 1, 2, NO_LABEL])
    own = judged([4], np.eye(3)[[0, 1, 2, 0]], truth, presence)
    without = {
        "text": judged([4], np.eye(3)[[1, 1, 2, 0]], truth, presence),
        "audio": judged([4], np.eye(3)[[0, 0, 2, 0]], truth, presence),
    }
    text, audio = by_removal(own, without, "sentiment", PLAIN)
    assert (text.modality, text.posts) == ("text", 2)
    assert (text.kept["accuracy"], text.removed["accuracy"]) == (1.0, 0.5)
    assert (audio.posts, audio.removed["accuracy"]) == (2, 1.0)


def test_noise_that_changes_the_answer_changes_the_measures() -> None:
    own = judged([1], np.array([[1.0, 0.9, 0.0]]), np.array([1]))
    noisy = Calibration(sentiment=TaskCalibration(noise=0.5, shares=(0.0, 1.0, 0.0)))
    assert by_position(own, "sentiment", PLAIN)[0].measures["accuracy"] == 0.0
    assert by_position(own, "sentiment", noisy)[0].measures["accuracy"] == 1.0


def test_an_interval_holds_the_measure_and_narrows_with_more_conversations() -> None:
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 3, 4000)
    predicted = np.where(generator.random(4000) < 0.7, labels, generator.integers(0, 3, 4000))
    conversation = np.arange(4000) // 5
    few = f1_intervals(labels[:400], predicted[:400], conversation[:400], 3)
    many = f1_intervals(labels, predicted, conversation, 3)
    own = measures(labels, predicted, 3)
    for name, (low, high) in many.items():
        assert low < own[name] < high
        assert high - low == pytest.approx((few[name][1] - few[name][0]) / 10**0.5, rel=0.35)


def test_posts_of_one_conversation_count_as_one_draw() -> None:
    labels = np.zeros(100, np.int64)
    predicted = np.repeat([0, 1], 50)
    alone = f1_intervals(labels, predicted, np.arange(100), 2)["weighted_f1"]
    together = f1_intervals(labels, predicted, np.repeat(np.arange(10), 10), 2)["weighted_f1"]
    assert together[1] - together[0] > 2 * (alone[1] - alone[0])

from dataclasses import replace

import numpy as np
import pytest

from models.evaluation.judged import judge
from models.training.config import Task, ValidationConfig
from models.training.corpus import NO_LABEL, LabelledPost
from models.training.learner import make_learner
from models.training.sources import Source
from models.training.validation import majority_measures, task_measures, validate
from tests.unit.models.training.test_loop import CPU
from tests.unit.models.training.toy import toy_config, toy_source

BOTH: tuple[Task, ...] = ("sentiment", "emotion")


def with_dev(source: Source, dev: list[list[LabelledPost]]) -> Source:
    return replace(
        source, corpus=replace(source.corpus, splits={**source.corpus.splits, "dev": dev})
    )


def test_the_score_is_the_mean_over_tasks_modalities_and_sources() -> None:
    sources = [toy_source(), toy_source("other", seed=1)]
    system = make_learner(toy_config(), sources, CPU).system
    found = validate(system, sources, BOTH, ValidationConfig())
    assert len(found.measures) == 2 * 2 * 2
    values = [own["weighted_f1"] for own in found.measures.values()]
    assert found.score == pytest.approx(np.mean(values))
    one = validate(system, sources, BOTH, ValidationConfig(source="other", measure="macro_f1"))
    own = [value["macro_f1"] for name, value in one.measures.items() if name.startswith("other/")]
    assert one.score == pytest.approx(np.mean(own))
    assert one.measures == found.measures


def test_text_alone_is_judged_only_where_posts_have_more() -> None:
    source = toy_source()
    bare = [
        [replace(post, features={"text": post.features["text"]}) for post in posts]
        for posts in source.corpus.splits["dev"]
    ]
    sources = [with_dev(source, bare)]
    system = make_learner(toy_config(), sources, CPU).system
    found = validate(system, sources, BOTH, ValidationConfig())
    assert set(found.measures) == {"toy/all/sentiment", "toy/all/emotion"}


def test_a_task_without_labels_is_left_out() -> None:
    source = toy_source()
    dev = [
        [replace(post, emotion=NO_LABEL) for post in posts] for posts in source.corpus.splits["dev"]
    ]
    sources = [with_dev(source, dev)]
    system = make_learner(toy_config(), sources, CPU).system
    found = validate(system, sources, BOTH, ValidationConfig(text_alone=False))
    assert set(found.measures) == {"toy/all/sentiment"}
    judged = judge(system, dev)
    assert task_measures(judged, BOTH)["sentiment"] == found.measures["toy/all/sentiment"]


def test_the_majority_is_the_training_splits() -> None:
    source = toy_source()
    system = make_learner(toy_config(), [source], CPU).system
    train = [[LabelledPost({}, 1, 6), LabelledPost({}, 1, 6), LabelledPost({}, 0, 0)]]
    text = {"text": np.zeros((1, 6), np.float32)}
    posts = [[LabelledPost(text, 0, 6), LabelledPost(text, 1, NO_LABEL)]]
    outcome = majority_measures(train, judge(system, posts), BOTH)
    assert outcome["sentiment"]["accuracy"] == 0.5
    assert outcome["emotion"]["accuracy"] == 1.0

"""What every system keeps, whichever modalities its posts have."""

from itertools import combinations
from typing import get_args

import numpy as np
import pytest
import torch

from connectors.schemas.labels import MODALITIES
from models.errors import ModelError
from models.systems import System, SystemName, build_system, reads_dependencies
from models.tmsam import Logits
from models.training.batches import make_batch
from models.training.corpus import LabelledPost
from tests.unit.models.small_networks import tiny
from tests.unit.models.systems.labelled import STAR, STEPS, WIDTHS, labelled

SYSTEMS: tuple[SystemName, ...] = get_args(SystemName)
CONVERSATIONAL: tuple[SystemName, ...] = ("tmsam", "msa")
ALONE: tuple[SystemName, ...] = ("absa", "lstm")
CHOICES = [kept for count in (1, 2, 3) for kept in combinations(MODALITIES, count)]
every_system = pytest.mark.parametrize("name", SYSTEMS)


def small(name: SystemName, preset: str = "default") -> System:
    torch.manual_seed(0)
    config = tiny("stream" if preset == "stream" else "default")
    return build_system(name, config.model_copy(update={"text_graph": "dependencies"})).eval()


def conversation() -> list[LabelledPost]:
    """Seven posts, one for each choice of modalities; those with text have a tree."""
    return [
        labelled(seed, STAR if "text" in kept else None, **{name: STEPS[name] for name in kept})
        for seed, kept in enumerate(CHOICES)
    ]


def scores(system: System, *conversations: list[LabelledPost]) -> Logits:
    with torch.inference_mode():
        logits: Logits = system(make_batch(conversations))
    return logits


def assert_same(one: Logits, other: Logits, row: int, posts: int) -> None:
    for task in ("sentiment", "emotion"):
        found = getattr(other, task)[row, :posts]
        torch.testing.assert_close(found, getattr(one, task)[0, :posts], rtol=0, atol=1e-5)


@every_system
@pytest.mark.parametrize("kept", CHOICES)
def test_a_post_with_any_modalities_missing_gets_scores_for_both_tasks(
    name: SystemName, kept: tuple[str, ...]
) -> None:
    logits = scores(small(name), [labelled(1, **dict.fromkeys(kept, 2))])
    assert logits.sentiment.shape == (1, 1, 3)
    assert logits.emotion.shape == (1, 1, 7)
    assert torch.isfinite(logits.sentiment).all()
    assert torch.isfinite(logits.emotion).all()


@every_system
def test_padding_never_changes_the_scores_of_a_post(name: SystemName) -> None:
    system = small(name)
    posts = conversation()
    longer = [labelled(seed, text=seed, audio=2, visual=5) for seed in range(3, 13)]
    assert_same(scores(system, posts), scores(system, longer, posts), 1, len(posts))


@every_system
def test_the_gradient_reaches_every_parameter(name: SystemName) -> None:
    system = small(name).train()
    logits = system(make_batch([conversation(), conversation()[2:]]))
    (logits.sentiment.square().mean() + logits.emotion.square().mean()).backward()
    still = [
        own
        for own, weight in system.named_parameters()
        if weight.grad is None or not weight.grad.any()
    ]
    # softmax takes away what a key's bias adds to every key: its gradient is rounding or nothing
    assert [own for own in still if not own.endswith("key.bias")] == []


@pytest.mark.parametrize("name", CONVERSATIONAL)
def test_a_conversational_system_reads_the_posts_around(name: SystemName) -> None:
    system, posts = small(name), conversation()
    assert not torch.allclose(
        scores(system, posts).emotion[0, 2], scores(system, posts[2:]).emotion[0, 0], atol=1e-5
    )


@pytest.mark.parametrize("name", ALONE)
def test_a_system_of_single_posts_reads_that_post_alone(name: SystemName) -> None:
    system, posts = small(name), conversation()
    torch.testing.assert_close(
        scores(system, posts).emotion[0, 2], scores(system, posts[2:]).emotion[0, 0]
    )


@every_system
def test_no_system_of_the_stream_form_looks_ahead(name: SystemName) -> None:
    system, posts = small(name, "stream"), conversation()
    assert_same(scores(system, posts[:3]), scores(system, posts), 0, 3)


@every_system
@pytest.mark.parametrize("text_graph", ["chain", "dependencies"])
def test_trees_count_for_the_systems_that_say_so(name: SystemName, text_graph: str) -> None:
    torch.manual_seed(0)
    config = tiny("default").model_copy(update={"text_graph": text_graph})
    system = build_system(name, config).eval()
    parsed, plain = scores(system, [labelled(1, STAR)]), scores(system, [labelled(1)])
    same = torch.allclose(parsed.emotion, plain.emotion, rtol=0, atol=1e-6)
    assert same is not reads_dependencies(name, config.text_graph)


def test_absa_reads_the_text_alone() -> None:
    system = small("absa")
    both = labelled(1)
    text = LabelledPost({"text": both.features["text"]}, both.sentiment, both.emotion)
    torch.testing.assert_close(scores(system, [both]).emotion, scores(system, [text]).emotion)


@pytest.mark.parametrize("name", ["tmsam", "msa", "lstm"])
@pytest.mark.parametrize("modality", ["audio", "visual"])
def test_the_other_systems_read_audio_and_visual_too(name: SystemName, modality: str) -> None:
    system = small(name)
    whole = labelled(1)
    features = {own: steps for own, steps in whole.features.items() if own != modality}
    without = LabelledPost(features, whole.sentiment, whole.emotion)
    assert not torch.allclose(
        scores(system, [whole]).emotion, scores(system, [without]).emotion, atol=1e-5
    )


@every_system
def test_inputs_are_normalised_as_the_training_split_says(name: SystemName) -> None:
    system = small(name)
    shifted = LabelledPost(
        {
            modality: np.random.default_rng(0).normal(5.0, 2.0, (500, width)).astype(np.float32)
            for modality, width in zip(MODALITIES, WIDTHS, strict=True)
        },
        0,
        0,
    )
    system.fit_inputs([[shifted]])
    for layer in system.input_layers().values():
        assert layer.mean.mean().item() == pytest.approx(5.0, abs=0.1)
        assert layer.deviation.mean().item() == pytest.approx(2.0, abs=0.1)


@every_system
def test_features_of_another_width_are_refused(name: SystemName) -> None:
    wide = LabelledPost({"text": np.zeros((2, 300), np.float32)}, 0, 0)
    with pytest.raises(ModelError, match="text of a post is 300 wide, not 384"):
        scores(small(name), [wide])

"""An encoder and the network trained together."""

from typing import get_args

import numpy as np
import pytest
import torch

from models.presets import PRESETS, TmsamConfig
from models.training.batches import make_batch
from models.training.corpus import LabelledPost
from models.tuning.reading import Reading
from models.tuning.system import TunedSystem
from tests.unit.models.tuning.tiny_encoder import WIDTH, TinyEncoder, tiny_reader

CONFIG = PRESETS["stream"].model_copy(
    update={
        "feature_set": "custom",
        "input_widths": (WIDTH, 8, 35),
        "post_width": 8,
        "context_width": 16,
        "cross_width": 8,
        "cross_heads": 2,
        "self_width": 12,
        "self_heads": 2,
        "fusion_heads": 2,
        "head_widths": (8, 8),
    }
)


def post(text: str, audio: bool = False) -> LabelledPost:
    features = {"audio": np.ones((1, 8), np.float32)} if audio else {}
    return LabelledPost(features, 1, 2, text)


def system(reading: Reading, network: bool = True) -> TunedSystem:
    torch.manual_seed(0)
    config = TmsamConfig.model_validate(CONFIG.model_dump())
    return TunedSystem(config, TinyEncoder(), tiny_reader(reading), network).eval()


CONVERSATIONS = [
    [post("good day"), post("bad"), post("night", audio=True)],
    [post("bad bad bad night"), post("good")],
]


@pytest.mark.parametrize("reading", get_args(Reading))
@pytest.mark.parametrize("network", [True, False])
def test_neighbours_in_a_batch_change_nothing(reading: Reading, network: bool) -> None:
    tuned = system(reading, network)
    together = tuned(make_batch(CONVERSATIONS))
    for row, posts in enumerate(CONVERSATIONS):
        alone = tuned(make_batch([posts]))
        torch.testing.assert_close(
            together.emotion[row, : len(posts)], alone.emotion[0], atol=1e-5, rtol=1e-5
        )


def test_a_post_read_alone_does_not_hear_a_later_one() -> None:
    tuned = system("post")
    before = tuned(make_batch([[post("good"), post("day")]])).sentiment[0, 0]
    after = tuned(make_batch([[post("good"), post("bad bad")]])).sentiment[0, 0]
    torch.testing.assert_close(before, after)


def test_a_post_read_behind_others_hears_the_earlier_ones_alone() -> None:
    tuned = system("context", network=False)
    said = [
        tuned(make_batch([[post(first), post("good"), post(last)]])).sentiment[0, 1]
        for first, last in (("day", "day"), ("day", "bad bad"), ("bad bad", "day"))
    ]
    torch.testing.assert_close(said[0], said[1])
    assert not torch.allclose(said[0], said[2])


def test_a_conversation_read_whole_hears_its_neighbours() -> None:
    tuned = system("conversation", network=False)
    before = tuned(make_batch([[post("good"), post("day")]])).sentiment[0, 0]
    after = tuned(make_batch([[post("good"), post("bad bad")]])).sentiment[0, 0]
    assert not torch.allclose(before, after)


def test_the_loss_reaches_the_encoder_through_both_ways() -> None:
    tuned = system("post")
    direct, whole = tuned.both(make_batch(CONVERSATIONS))
    assert whole is not None
    for logits in (direct, whole):
        tuned.zero_grad()
        logits.emotion[0].sum().backward(retain_graph=True)  # type: ignore[no-untyped-call]
        gradient = tuned.encoder.get_submodule("embeddings").weight.grad
        assert isinstance(gradient, torch.Tensor)
        assert gradient.abs().sum() > 0


def test_lower_layers_of_the_encoder_learn_slower() -> None:
    tuned = system("post")
    groups = tuned.parameter_groups(1e-4, 0.5, 1e-3, 0.01)
    rates = {
        id(parameter): group["lr"]
        for group in groups
        for parameter in group["params"]  # type: ignore[attr-defined]
    }
    named = dict(tuned.encoder.named_parameters())
    assert rates[id(named["layer.1.weight"])] == pytest.approx(1e-4)
    assert rates[id(named["layer.0.weight"])] == pytest.approx(5e-5)
    assert rates[id(named["embeddings.weight"])] == pytest.approx(2.5e-5)
    assert len(rates) == sum(1 for _ in tuned.parameters())


def test_frozen_layers_and_embeddings_do_not_learn() -> None:
    tuned = system("post")
    tuned.freeze(1)
    learns = {name: own.requires_grad for name, own in tuned.encoder.named_parameters()}
    assert learns["layer.1.weight"]
    assert not learns["layer.0.weight"]
    assert not learns["embeddings.weight"]
    groups = tuned.parameter_groups(1e-4, 0.5, 1e-3, 0.01)
    chosen = {id(own) for group in groups for own in group["params"]}  # type: ignore[attr-defined]
    frozen = [own for own in tuned.parameters() if not own.requires_grad]
    assert not chosen & {id(own) for own in frozen}


def test_statistics_of_the_text_come_from_the_encoder() -> None:
    tuned = system("post")
    tuned.fit_inputs(CONVERSATIONS)
    assert tuned.network is not None
    assert tuned.network.text.normalise.deviation.min() >= 1e-2
    assert not torch.equal(tuned.network.text.normalise.mean, torch.zeros(WIDTH))

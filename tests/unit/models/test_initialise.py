"""First weights: what differs between posts must reach the logits of every system."""

import pytest
import torch

from models.layers.attention import MultiHeadAttention
from models.layers.initialise import initialise
from models.presets import PRESETS, PresetName
from models.tmsam import Tmsam


def reached(network: Tmsam) -> float:
    """Deviation of the logits between posts whose token vectors are drawn anew."""
    steps = torch.randn(40, 12, network.config.widths[0])
    mask = torch.ones(40, 12, dtype=torch.bool)
    with torch.inference_mode():
        text = network.eval().encode("text", steps, mask)  # [40, post]
        vectors = torch.stack((text, text, text), dim=1).reshape(4, 10, 3, -1)
        presence = torch.tensor([True, False, False]).expand(4, 10, 3)
        fused = network.fuse(vectors, presence, torch.ones(4, 10, dtype=torch.bool))
        logits = network.classify(fused.fusion).emotion.flatten(0, 1)
    return float(logits.std(dim=0).mean())


@pytest.mark.parametrize("preset", ["default", "stream"])
def test_what_differs_between_posts_reaches_the_logits(preset: PresetName) -> None:
    torch.manual_seed(0)
    network = Tmsam(PRESETS[preset])
    assert reached(network) < 0.002  # what torch's own first weights leave of it
    initialise(network)
    assert 0.01 < reached(network) < 1


def test_what_is_added_to_its_queries_begins_as_it_was() -> None:
    torch.manual_seed(0)
    attention = MultiHeadAttention(8, 8, 8, 2, 0.0)
    before = attention.out.weight.clone()
    initialise(attention)
    assert torch.equal(attention.out.weight, before)

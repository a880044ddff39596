"""The shares of modalities in every prediction: a gradient in closed form, times the input."""

import pytest
import torch

from models.layers.attention import MultiHeadAttention
from models.modality_shares import ModalityShares, log_odds_gradient
from models.presets import PresetName
from models.tmsam import Tmsam
from tests.unit.models.small_networks import tiny_network


def log_odds_of_the_best(head: torch.nn.Module, rows: torch.Tensor) -> torch.Tensor:
    logits = head(rows).sort(dim=-1, descending=True).values
    odds: torch.Tensor = logits[..., 0] - logits[..., 1:].logsumexp(dim=-1)
    return odds


def shares_of(network: Tmsam, vectors: torch.Tensor, presence: torch.Tensor) -> torch.Tensor:
    mask = torch.ones(vectors.shape[:2], dtype=torch.bool)
    with torch.inference_mode():
        fused = network.fuse(vectors, presence, mask)
        return ModalityShares(network)(fused.joined, fused.fusion, presence)


def test_the_gradient_in_closed_form_is_that_of_autograd() -> None:
    network = tiny_network("stream")
    rows = torch.randn(4, 3, network.config.joined_width, requires_grad=True)
    for head in network.heads:
        (wanted,) = torch.autograd.grad(log_odds_of_the_best(head, rows).sum(), rows)
        torch.testing.assert_close(log_odds_gradient(head, rows.detach()), wanted)


@pytest.mark.parametrize("preset", ["paper", "default", "stream"])
def test_shares_sum_to_one_and_the_absent_have_none(preset: PresetName) -> None:
    network = tiny_network(preset)
    presence = torch.tensor([[[1, 1, 1], [1, 1, 0], [0, 1, 1], [0, 0, 1]]], dtype=torch.bool)
    shares = shares_of(network, torch.randn(1, 4, 3, 16), presence)
    torch.testing.assert_close(shares.sum(dim=-1), torch.ones(1, 4, dtype=torch.float64))
    assert (shares[~presence] == 0).all()
    assert (shares[presence] > 0).all()


def test_a_modality_that_is_as_if_it_were_missing_has_no_share() -> None:
    network = tiny_network("stream")
    vectors = torch.randn(1, 1, 3, 16)
    vectors[0, 0, 1] = network.missing.detach()[1]
    with torch.no_grad():
        for name, attend in network.cross.items():
            if name.endswith("to_audio") and isinstance(attend, MultiHeadAttention):
                # else audio holds something of the text
                attend.out.weight.zero_()
    presence = torch.tensor([[[True, True, False]]])
    shares = shares_of(network, vectors, presence)[0, 0]
    assert shares[0] == pytest.approx(1.0)
    assert shares[1] == pytest.approx(0.0, abs=1e-6)

"""The network: its sizes, its masks, and that padding never shows."""

import pytest
import torch
from torch import Tensor

from models.errors import ModelError
from models.layers.recurrence import BidirectionalGru, OneWayGru, flip_by_length
from models.post_encoder import TextEncoderBranch
from models.presets import PRESETS, PresetName
from models.tmsam import Tmsam, TmsamInputs
from tests.unit.models.small_networks import tiny, tiny_network

PAPER_PARAMETERS = {
    "text": 1_103_601,
    "audio": 44_600,
    "visual": 21_200,
    "context": 1_447_200,
    "cross": 1_684_800,
    "within": 1_934_418,
    "fusion": 5_764_800,
    "heads": 1_123_210,
}


def windows(batch: int, posts: int, seed: int = 0) -> TmsamInputs:
    generator = torch.Generator().manual_seed(seed)
    widths = PRESETS["stream"].widths
    steps = (5, 1, 3)
    features = tuple(
        torch.randn(batch, posts, length, width, generator=generator)
        for length, width in zip(steps, widths, strict=True)
    )
    masks = tuple(torch.ones(batch, posts, length, dtype=torch.bool) for length in steps)
    return TmsamInputs(
        (features[0], features[1], features[2]),
        (masks[0], masks[1], masks[2]),
        torch.ones(batch, posts, 3, dtype=torch.bool),
        torch.ones(batch, posts, dtype=torch.bool),
    )


def vectors(batch: int, posts: int, width: int = 16) -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(3)
    own = torch.randn(batch, posts, 3, width, generator=generator)
    presence = torch.rand(batch, posts, 3, generator=generator) < 0.7
    return own, presence, torch.ones(batch, posts, dtype=torch.bool)


def test_the_paper_preset_has_the_parameters_of_its_breakdown() -> None:
    network = Tmsam(PRESETS["paper"])
    found = {
        name: sum(parameter.numel() for parameter in part.parameters())
        for name, part in network.named_children()
        if name != "dropout"
    }
    assert found == PAPER_PARAMETERS
    total = sum(parameter.numel() for parameter in network.parameters())
    assert total == sum(PAPER_PARAMETERS.values()) + 3 * 200
    assert total == pytest.approx(13.1e6, rel=0.005)


@pytest.mark.parametrize("preset", ["paper", "default", "stream"])
def test_every_post_gets_scores_for_both_tasks(preset: PresetName) -> None:
    network = tiny_network(preset)
    widths = network.config.widths
    given = windows(2, 4)
    features = tuple(
        torch.randn(2, 4, steps.shape[2], width)
        for steps, width in zip(given.features, widths, strict=True)
    )
    logits = network(
        TmsamInputs(
            (features[0], features[1], features[2]), given.masks, given.presence, given.post_mask
        )
    )
    assert logits.sentiment.shape == (2, 4, 3)
    assert logits.emotion.shape == (2, 4, 7)


@pytest.mark.parametrize("kind", [BidirectionalGru, OneWayGru])
def test_a_padded_recurrence_equals_the_unpadded(
    kind: type[BidirectionalGru] | type[OneWayGru],
) -> None:
    torch.manual_seed(0)
    layer = kind(6, 8)
    rows = torch.randn(3, 9, 6)
    lengths = torch.tensor([9, 4, 1])
    padded = layer(rows, lengths)
    for row, length in enumerate(lengths.tolist()):
        alone = layer(rows[row : row + 1, :length], lengths[row : row + 1])
        torch.testing.assert_close(padded[row, :length], alone[0], atol=1e-5, rtol=0)


def test_turning_rows_round_twice_gives_them_back() -> None:
    rows = torch.randn(4, 7, 2)
    lengths = torch.tensor([7, 1, 3, 5])
    torch.testing.assert_close(flip_by_length(flip_by_length(rows, lengths), lengths), rows)


@pytest.mark.parametrize("preset", ["default", "stream"])
def test_a_padded_window_equals_the_unpadded(preset: PresetName) -> None:
    network = tiny_network(preset)
    own, presence, mask = vectors(1, 5)
    alone = network.fuse(own, presence, mask).fusion
    padded = torch.cat((own, torch.randn(1, 4, 3, 16)), dim=1)
    padded_presence = torch.cat((presence, torch.ones(1, 4, 3, dtype=torch.bool)), dim=1)
    padded_mask = torch.arange(9)[None] < 5
    together = network.fuse(padded, padded_presence, padded_mask).fusion
    torch.testing.assert_close(together[:, :5], alone, atol=1e-5, rtol=0)


def test_the_padding_of_a_post_never_shows_in_its_vector() -> None:
    network = tiny_network("stream")
    steps = torch.randn(1, 6, 384)
    alone = network.encode("text", steps[:, :4], torch.ones(1, 4, dtype=torch.bool))
    padded = network.encode("text", steps, torch.arange(6)[None] < 4)
    torch.testing.assert_close(padded, alone, atol=1e-5, rtol=0)


def test_later_posts_never_change_earlier_scores_of_a_causal_network() -> None:
    network = tiny_network("stream")
    own, presence, mask = vectors(1, 6)
    before = network.fuse(own, presence, mask).fusion
    changed = own.clone()
    changed[:, 4:] = torch.randn(1, 2, 3, 16) * 100
    after = network.fuse(changed, presence, mask).fusion
    torch.testing.assert_close(after[:, :4], before[:, :4], atol=0, rtol=0)
    assert not torch.allclose(after[:, 4:], before[:, 4:])


def test_a_prefix_scores_as_the_whole_in_a_causal_network() -> None:
    network = tiny_network("stream")
    own, presence, mask = vectors(2, 6)
    whole = network.fuse(own, presence, mask).fusion
    prefix = network.fuse(own[:, :3], presence[:, :3], mask[:, :3]).fusion
    torch.testing.assert_close(whole[:, :3], prefix, atol=1e-5, rtol=0)


def test_a_two_way_network_sees_later_posts() -> None:
    network = tiny_network("default")
    own, presence, mask = vectors(1, 4)
    whole = network.fuse(own, presence, mask).fusion
    prefix = network.fuse(own[:, :2], presence[:, :2], mask[:, :2]).fusion
    assert not torch.allclose(whole[:, :2], prefix)


@pytest.mark.parametrize("preset", ["default", "stream"])
def test_asking_for_targets_gives_the_rows_of_all(preset: PresetName) -> None:
    network = tiny_network(preset)
    own, presence, mask = vectors(2, 5)
    everything = network.fuse(own, presence, mask)
    chosen = network.fuse(own, presence, mask, torch.tensor([[4, 1], [0, 0]]))
    for name in ("joined", "fusion"):
        rows = getattr(everything, name)
        wanted = torch.stack((rows[0, [4, 1]], rows[1, [0, 0]]))
        torch.testing.assert_close(getattr(chosen, name), wanted, atol=1e-5, rtol=0)


def test_what_stands_at_an_absent_modality_is_not_read() -> None:
    network = tiny_network("stream")
    own, _, mask = vectors(1, 3)
    presence = torch.tensor([[[True, False, False]] * 3])
    other = own.clone()
    other[:, :, 1:] = 1e6
    torch.testing.assert_close(
        network.fuse(own, presence, mask).fusion, network.fuse(other, presence, mask).fusion
    )


def test_an_absent_modality_is_a_learned_vector_and_not_zeros() -> None:
    network = tiny_network("stream")
    assert network.missing.requires_grad
    own, _, mask = vectors(1, 1)
    absent = torch.tensor([[[True, False, False]]])
    present = torch.ones_like(absent)
    own[:, :, 1:] = 0.0
    zeros = network.fuse(own, present, mask).fusion
    assert not torch.allclose(network.fuse(own, absent, mask).fusion, zeros)


def test_the_graph_of_a_text_is_used_when_given() -> None:
    torch.manual_seed(0)
    branch = TextEncoderBranch(384, tiny("stream")).eval()
    tokens, mask = torch.randn(1, 5, 384), torch.ones(1, 5, dtype=torch.bool)
    chain = torch.ones(5, 5).tril(1).triu(-1).fill_diagonal_(0)[None]
    star = torch.zeros(1, 5, 5)
    star[0, 0, 1:] = star[0, 1:, 0] = 1.0
    torch.testing.assert_close(branch(tokens, mask, chain), branch(tokens, mask))
    assert not torch.allclose(branch(tokens, mask, star), branch(tokens, mask))


def test_shapes_that_do_not_fit_are_named() -> None:
    network = tiny_network("stream")
    own, presence, mask = vectors(2, 3)
    with pytest.raises(ModelError, match=r"vectors must be \[2, 3, 3, 16\]"):
        network.fuse(own[:, :2], presence, mask)
    with pytest.raises(ModelError, match="must be of bool"):
        network.fuse(own, presence, mask.float())
    with pytest.raises(ModelError, match=r"steps must be \[P, L > 0, 384\]"):
        network.encode("text", torch.zeros(1, 2, 300), torch.ones(1, 2, dtype=torch.bool))
    with pytest.raises(ModelError, match="mask must be bool"):
        network.encode("text", torch.zeros(1, 2, 384), torch.ones(1, 3, dtype=torch.bool))
    with pytest.raises(ModelError, match="unknown modality 'smell'"):
        network.encode("smell", torch.zeros(1, 2, 8), torch.ones(1, 2, dtype=torch.bool))
    given = windows(2, 3)
    with pytest.raises(ModelError, match=r"text must begin with \[B, N\] = \[2, 2\]"):
        network(TmsamInputs(given.features, given.masks, given.presence, given.post_mask[:, :2]))


def test_a_preset_that_does_not_divide_is_refused() -> None:
    sizes = PRESETS["stream"].model_dump()
    with pytest.raises(ValueError, match="width 400 does not divide by 6 heads"):
        type(PRESETS["stream"]).model_validate({**sizes, "self_width": 400})

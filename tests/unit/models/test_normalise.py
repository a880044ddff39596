"""Inputs are scaled as on training data, and no odd number leaves the bounds."""

import torch

from models.layers.normalise import FURTHEST, InputNormalisation


def fitted(*deviations: float) -> InputNormalisation:
    layer = InputNormalisation(len(deviations))
    layer.fit(torch.ones(len(deviations)), torch.tensor(deviations))
    return layer


def test_a_step_is_scaled_and_a_padded_one_is_zero() -> None:
    scaled = fitted(2.0)(torch.tensor([[[5.0], [9.0]]]), torch.tensor([[True, False]]))
    assert scaled.flatten().tolist() == [2.0, 0.0]


def test_an_outlier_stays_within_bounds() -> None:
    steps = torch.tensor([[[3e38, -3e38]]])
    scaled = fitted(1.0, 1e-3)(steps, torch.ones(1, 1, dtype=torch.bool))
    assert scaled.flatten().tolist() == [FURTHEST, -FURTHEST]


def test_a_feature_that_only_varies_by_rounding_is_not_blown_up() -> None:
    scaled = fitted(2e-8)(torch.tensor([[[1.5]]]), torch.ones(1, 1, dtype=torch.bool))
    assert scaled.item() == 0.5

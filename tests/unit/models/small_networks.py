"""Networks of a few thousand weights, with the form of the presets, and posts for them."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from connectors.schemas.feature_sets import DEFAULT
from models.card import TrainingRecord
from models.checkpoint import save_checkpoint
from models.presets import PRESETS, PresetName, TmsamConfig
from models.tmsam import Tmsam

GLARING = {"visual": np.full((1, DEFAULT.widths["visual"]), 100.0, np.float32)}
UNTRAINED = TrainingRecord(data="none", licence="none", seed=0, settings={}, notes=[])
OF_SENTIMENT = UNTRAINED.model_copy(update={"settings": {"model.tasks": "sentiment"}})


def tiny(preset: PresetName) -> TmsamConfig:
    """The preset's form at sizes that a test has time for."""
    sizes = {
        "post_width": 16,
        "context_width": 24,
        "cross_width": 12,
        "cross_heads": 2,
        "self_width": 24,
        "self_heads": 2,
        "fusion_heads": 4,
        "head_widths": (16, 8),
    }
    return PRESETS[preset].model_copy(update=sizes)


def tiny_network(preset: PresetName, seed: int = 0) -> Tmsam:
    torch.manual_seed(seed)
    return Tmsam(tiny(preset)).eval()


def write_checkpoint(folder: Path, preset: PresetName, seed: int = 0) -> Path:
    save_checkpoint(folder, tiny_network(preset, seed), f"tmsam-{preset}-test", UNTRAINED, {})
    return folder


def write_brittle_checkpoint(folder: Path) -> Path:
    """A model whose vectors overflow on glaring video, and on nothing else."""
    network = tiny_network("stream")
    with torch.no_grad():
        network.visual.convolution.weight.fill_(1000.0)
    save_checkpoint(folder, network, "brittle", UNTRAINED, {})
    return folder


def post(generator: np.random.Generator, **steps: int) -> Mapping[str, NDArray[np.float32]]:
    """A post with random tensors of the `default@1` set: modality -> steps."""
    return {
        modality: generator.normal(size=(count, DEFAULT.widths[modality])).astype(np.float32)
        for modality, count in steps.items()
    }

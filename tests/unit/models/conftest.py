from pathlib import Path

import pytest
import torch

from models.engine import Engine, EngineName, load_engine
from models.presets import PresetName
from tests.unit.models.small_networks import write_checkpoint


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> None:
    """Small networks gain nothing from more, and threads that spin take from other tests."""
    torch.set_num_threads(1)


@pytest.fixture(
    params=[("stream", "stream"), ("window", "stream"), ("window", "default")],
    ids=["stream", "window-causal", "window-two-way"],
)
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Engine:
    """Each engine, with each form of network that it scores."""
    name: EngineName
    preset: PresetName
    name, preset = request.param
    folder = write_checkpoint(tmp_path / "checkpoint", preset)
    return load_engine(folder, device="cpu", threads=1, name=name)

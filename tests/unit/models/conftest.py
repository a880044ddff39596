from pathlib import Path

import pytest
import torch

from models.engine import WindowEngine, load_engine
from models.presets import PresetName
from tests.unit.models.small_networks import write_checkpoint


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> None:
    """Small networks gain nothing from more, and threads that spin take from other tests."""
    torch.set_num_threads(1)


@pytest.fixture(params=["stream", "default"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> WindowEngine:
    preset: PresetName = request.param
    return load_engine(write_checkpoint(tmp_path / "checkpoint", preset), device="cpu", threads=1)

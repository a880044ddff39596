"""Steps on a GPU, where there is one: graphs, copies beside them, several workers on it."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from connectors.schemas.scoring import Score, WindowRequest
from models.checkpoint import load_checkpoint
from models.device import why_no_gpu
from models.engine import load_engine
from models.streaming.cuda import Cuda
from models.streaming.engine import StreamEngine
from models.streaming.tensor_steps import TensorSteps
from models.window_engine import WindowEngine
from tests.unit.models.small_networks import post, write_checkpoint

WINDOW = 6

pytestmark = pytest.mark.skipif(why_no_gpu() is not None, reason=f"no GPU here: {why_no_gpu()}")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_checkpoint(tmp_path / "checkpoint", "stream")


def on_gpu(folder: Path) -> StreamEngine:
    network, card = load_checkpoint(folder)
    steps = TensorSteps(network, card, Cuda(), window=WINDOW, states_mib=16)
    return StreamEngine(card, steps)


def flat(scores: Iterator[Score]) -> np.ndarray:
    return np.array([[*own.sentiment, *own.emotion, *own.modalities] for own in scores])


def scores_of_streams(engine: StreamEngine, conversations: int) -> np.ndarray:
    """Every conversation grows by a post a batch, in batches of several captured shapes."""
    records = engine.encode(
        [post(np.random.default_rng(seed), text=1 + seed, audio=2) for seed in range(WINDOW)]
    )
    requests = [
        [WindowRequest(records[: at + 1], (at,), f"c{name}") for name in range(conversations)]
        for at in range(WINDOW)
    ]
    return flat(own for batch in requests for (own,) in engine.score(batch))


def test_kept_states_on_a_gpu_give_what_the_reference_gives(folder: Path) -> None:
    engine = on_gpu(folder)
    network, card = load_checkpoint(folder)
    reference = WindowEngine(network, card, torch.device("cpu"))
    found = scores_of_streams(engine, 300)
    assert engine.counts.hits == 300 * (WINDOW - 1)
    records = engine.encode(
        [post(np.random.default_rng(seed), text=1 + seed, audio=2) for seed in range(WINDOW)]
    )
    (exact,) = reference.score([WindowRequest(records, tuple(range(WINDOW)))])
    wanted = np.repeat(flat(iter(exact)), 300, axis=0)
    np.testing.assert_allclose(found, wanted, atol=0.03)


def test_two_engines_share_a_gpu_without_harm(folder: Path) -> None:
    first, second = on_gpu(folder), on_gpu(folder)
    alone = scores_of_streams(on_gpu(folder), 40)
    np.testing.assert_allclose(scores_of_streams(first, 40), alone, atol=1e-3)
    np.testing.assert_allclose(scores_of_streams(second, 40), alone, atol=1e-3)


def test_a_gpu_is_taken_where_there_is_one(folder: Path) -> None:
    assert load_engine(folder, window=WINDOW).device == "cuda"
    assert load_engine(folder, "cuda", name="window").device == "cuda"
    assert load_engine(folder, "cpu", threads=1).device == "cpu"

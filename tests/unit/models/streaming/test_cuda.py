"""Steps on a GPU, where there is one: graphs, copies beside them, several workers on it."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch

from connectors.schemas.labels import EMOTIONS, MODALITIES, SENTIMENTS
from connectors.schemas.scoring import Score, WindowRequest
from models.checkpoint import load_checkpoint
from models.device import why_no_gpu
from models.engine import Engine, load_engine
from models.streaming.cuda import Cuda
from models.streaming.engine import StreamEngine
from models.streaming.tensor_steps import TensorSteps
from models.window_engine import WindowEngine
from tests.unit.models.small_networks import post, write_checkpoint

WINDOW = 6
POSTS = 31
WIDTH = len(SENTIMENTS) + len(EMOTIONS) + len(MODALITIES)

pytestmark = pytest.mark.skipif(why_no_gpu() is not None, reason=f"no GPU here: {why_no_gpu()}")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_checkpoint(tmp_path / "checkpoint", "stream")


def on_gpu(folder: Path) -> StreamEngine:
    network, card = load_checkpoint(folder)
    steps = TensorSteps(network, card, Cuda(), window=WINDOW, states_mib=16)
    return StreamEngine(card, steps)


def made(engine: Engine) -> list[bytes]:
    """Records of different posts, some without audio."""
    lengths = [
        {"text": 1 + seed % 7, **({"audio": 2} if seed % 3 else {})} for seed in range(POSTS)
    ]
    return engine.encode(
        [post(np.random.default_rng(seed), **own) for seed, own in enumerate(lengths)]
    )


def window_of(records: Sequence[bytes], conversation: int, length: int) -> list[bytes]:
    """The first posts of a conversation; no other begins alike."""
    return [
        records[(7 * conversation + 5 * at + at * conversation) % POSTS] for at in range(length)
    ]


def flat(score: Score) -> list[float]:
    return [*score.sentiment, *score.emotion, *score.modalities]


def streamed(engine: StreamEngine, conversations: int) -> tuple[np.ndarray, int]:
    """Scores of all posts, and how many requests found a state.

    A conversation grows by one post or two a batch, and comes in another place of every batch;
    the batches are of several captured shapes.
    """
    records = made(engine)
    lengths = [0] * conversations
    found = np.full((conversations, WINDOW, WIDTH), np.nan)
    asked = 0
    while any(length < WINDOW for length in lengths):
        growing = [name for name, length in enumerate(lengths) if length < WINDOW]
        np.random.default_rng(sum(lengths)).shuffle(growing)
        requests = []
        for name in growing:
            before = lengths[name]
            lengths[name] = min(WINDOW, before + 1 + (name + before) % 2)
            window = window_of(records, name, lengths[name])
            requests.append(WindowRequest(window, tuple(range(before, lengths[name])), f"c{name}"))
        asked += len(requests)
        for name, request, scores in zip(growing, requests, engine.score(requests), strict=True):
            found[name, list(request.targets)] = [flat(own) for own in scores]
    return found, asked - conversations


def test_kept_states_on_a_gpu_give_what_the_reference_gives(folder: Path) -> None:
    engine = on_gpu(folder)
    network, card = load_checkpoint(folder)
    reference = WindowEngine(network, card, torch.device("cpu"))
    found, kept = streamed(engine, 300)
    assert engine.counts.hits == kept
    records = made(reference)
    wanted = reference.score(
        [
            WindowRequest(window_of(records, name, WINDOW), tuple(range(WINDOW)))
            for name in range(300)
        ]
    )
    exact = np.array([[flat(own) for own in scores] for scores in wanted])
    assert np.ptp(exact, axis=0).max() > 0.1  # so that one conversation's scores fit no other
    np.testing.assert_allclose(found, exact, atol=0.03)


def test_two_engines_share_a_gpu_without_harm(folder: Path) -> None:
    first, second = on_gpu(folder), on_gpu(folder)
    alone, _ = streamed(on_gpu(folder), 40)
    np.testing.assert_allclose(streamed(first, 40)[0], alone, atol=1e-3)
    np.testing.assert_allclose(streamed(second, 40)[0], alone, atol=1e-3)


def test_a_gpu_is_taken_where_there_is_one(folder: Path) -> None:
    assert load_engine(folder, window=WINDOW).device == "cuda"
    assert load_engine(folder, "cuda", name="window").device == "cuda"
    assert load_engine(folder, "cpu", threads=1).device == "cpu"

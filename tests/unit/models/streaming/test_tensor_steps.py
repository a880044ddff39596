"""Steps as tensors: what they leave in a slot, what they look at, and how near bfloat16 stays."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode

from connectors.schemas.scoring import Score, WindowRequest
from models.checkpoint import load_checkpoint
from models.errors import ModelError
from models.records import pack_records
from models.streaming.arranged import arrange
from models.streaming.engine import StreamEngine
from models.streaming.tensor_network import StepInputs, TensorNetwork
from models.streaming.tensor_steps import Host, TensorSteps
from models.streaming.weights import LANES
from models.tmsam import Tmsam
from models.window_engine import WindowEngine
from tests.unit.models.small_networks import post, tiny, tiny_network, write_checkpoint

WINDOW = 6


@pytest.fixture(autouse=True)
def few_states(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.streaming.states.LEAST_STATES", 3)


def make_engine(folder: Path, place: Host, network: Tmsam | None = None) -> StreamEngine:
    own, card = load_checkpoint(folder)
    steps = TensorSteps(network or own, card, place, window=WINDOW, states_mib=0)
    return StreamEngine(card, steps)


def flat(score: Score) -> list[float]:
    return [*score.sentiment, *score.emotion, *score.modalities]


def test_bfloat16_stays_near_the_reference(tmp_path: Path) -> None:
    folder = write_checkpoint(tmp_path, "stream")
    network, card = load_checkpoint(folder)
    reference = WindowEngine(network, card, torch.device("cpu"))
    engine = make_engine(folder, Host(torch.bfloat16, graphs=True))
    posts = [post(np.random.default_rng(seed), text=1 + seed, audio=2) for seed in range(WINDOW)]
    window = [WindowRequest(engine.encode(posts), tuple(range(WINDOW)))]
    exact = [WindowRequest(reference.encode(posts), tuple(range(WINDOW)))]
    for near, wanted in zip(engine.score(window)[0], reference.score(exact)[0], strict=True):
        np.testing.assert_allclose(flat(near), flat(wanted), atol=0.03)


def test_a_state_that_became_no_number_does_not_hurt_who_gets_its_slot(tmp_path: Path) -> None:
    folder = write_checkpoint(tmp_path, "stream")
    network = tiny_network("stream")
    states = network.config.context_width
    # harmless for one vector of zeros; of others the first makes states of 1, the second a
    # candidate of infinity less infinity, which within one product is not NaN on every processor
    with torch.no_grad():
        of_inputs = network.get_parameter("context.0.forwards.weight_ih_l0")
        of_states = network.get_parameter("context.0.forwards.weight_hh_l0")
        of_inputs[states : 2 * states, 0], of_inputs[2 * states :, 0] = -3e38, 3e38
        of_states[2 * states :] = -3e38
    engine = make_engine(folder, Host(), network)
    width = network.config.post_width
    presence = np.array([[True, False, False]])
    harmless, harmful = (
        pack_records(engine.stamp, np.full((1, 3, width), value, np.float32), presence)[0]
        for value in (0.0, 100.0)
    )
    alone = [WindowRequest([harmless], (0,), "c")]
    wanted = engine.score(alone)
    with pytest.raises(ModelError, match="not finite"):
        engine.score([WindowRequest([harmless, harmful, harmful], (2,), "c")])
    assert engine.states == 0
    assert engine.score(alone) == wanted


@pytest.mark.filterwarnings("ignore:Accessing the data pointer")  # of nn.GRU, when it is made
def test_a_step_stays_on_its_gpu_and_looks_at_no_number() -> None:
    """What a graph cannot capture fails with tensors that have a place and no numbers."""
    arranged = arrange(tiny_network("stream"), LANES)
    with FakeTensorMode(allow_non_fake_inputs=True), torch.inference_mode(), torch.device("cuda"):
        network = Tmsam(tiny("stream")).eval()
        own = TensorNetwork(network, arranged, posts=WINDOW, states_mib=0, dtype=torch.bfloat16)
        size = (4, 3, 3)
        inputs = StepInputs(
            torch.zeros(*size, network.config.post_width, dtype=torch.float16),
            torch.zeros(size, dtype=torch.bool),
            torch.zeros(4, 3, dtype=torch.int64),
            torch.zeros(4, 2, dtype=torch.int64),
        )
        found = own.step(inputs)
        own.clear(torch.zeros(2, dtype=torch.int64))
        steps, mask = torch.zeros(5, 7, 384), torch.ones(5, 7, dtype=torch.bool)
        vectors = network.encode("text", steps, mask)
    assert (found.shape, found.dtype, found.device.type) == ((4, 2, 13), torch.float32, "cuda")
    assert (vectors.shape, vectors.device.type) == ((5, 16), "cuda")

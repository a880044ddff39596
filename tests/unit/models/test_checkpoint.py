"""A checkpoint folder is held to its card; anything else is refused with one clear line."""

import hashlib
import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save

from models.calibration import Calibration, TaskCalibration
from models.card import (
    CARD_FILE,
    ENCODER_FILE,
    TOKENIZER_FILE,
    WEIGHTS_FILE,
    TextEncoderCard,
    read_card,
)
from models.checkpoint import load_checkpoint, save_checkpoint
from models.errors import CheckpointError
from tests.unit.models.small_networks import UNTRAINED, tiny_network, write_checkpoint


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_checkpoint(tmp_path / "checkpoint", "stream")


def with_encoder(folder: Path, seed: int = 0) -> TextEncoderCard:
    """A checkpoint whose text encoder is a few bytes: what holds them to the card reads no more."""
    folder.mkdir(exist_ok=True)
    shas = {}
    for name in (ENCODER_FILE, TOKENIZER_FILE):
        (folder / name).write_bytes(f"{name} {seed}".encode())
        shas[name] = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    encoder = TextEncoderCard(
        name="tiny", model_sha256=shas[ENCODER_FILE], tokenizer_sha256=shas[TOKENIZER_FILE]
    )
    save_checkpoint(folder, tiny_network("stream"), "m-1", UNTRAINED, {}, text_encoder=encoder)
    return encoder


def change_card(folder: Path, **fields: object) -> None:
    path = folder / CARD_FILE
    path.write_text(json.dumps({**json.loads(path.read_text()), **fields}))


def change_weights(folder: Path, state: dict[str, torch.Tensor]) -> None:
    weights = save(state)
    (folder / WEIGHTS_FILE).write_bytes(weights)
    change_card(folder, weights_sha256=hashlib.sha256(weights).hexdigest())


def test_what_is_saved_is_loaded_within_float16(tmp_path: Path) -> None:
    network = tiny_network("stream")
    written = save_checkpoint(tmp_path, network, "m-1", UNTRAINED, {"dev": {"emotion": {"f": 0.5}}})
    loaded, card = load_checkpoint(tmp_path)
    assert card == written
    assert card.parameters == sum(parameter.numel() for parameter in network.parameters())
    for name, tensor in network.state_dict().items():
        torch.testing.assert_close(loaded.state_dict()[name], tensor, atol=1e-3, rtol=1e-3)
    assert not loaded.training


def test_statistics_of_the_inputs_are_kept_in_float32(tmp_path: Path) -> None:
    network = tiny_network("stream")
    network.audio.normalise.fit(torch.full((8,), 123456.789), torch.full((8,), 1e-6))
    save_checkpoint(tmp_path, network, "m-1", UNTRAINED, {})
    loaded, _ = load_checkpoint(tmp_path)
    torch.testing.assert_close(
        loaded.audio.normalise.mean, network.audio.normalise.mean, atol=0, rtol=0
    )


def test_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no checkpoint folder"):
        load_checkpoint(tmp_path / "nowhere")


@pytest.mark.parametrize("name", [CARD_FILE, WEIGHTS_FILE])
def test_a_missing_file_is_refused(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(CheckpointError, match=f"has no {name}"):
        load_checkpoint(folder)


@pytest.mark.parametrize("name", ["weights.pt", "pytorch_model.bin", "optimiser.pkl"])
def test_a_pickle_is_refused(folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"")
    with pytest.raises(CheckpointError, match=f"pickle files, which are never read.*{name}"):
        load_checkpoint(folder)


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("sentiments", ["bad", "neutral", "good"], "sentiments"),
        ("emotions", ["happy"], "emotions"),
        ("feature_set", "paper@1", "feature set"),
        ("format_version", 3, "format_version"),
        ("calibration", {"sentiment": {"temperature": 0}}, "calibration.sentiment.temperature"),
        ("surprise", 1, "surprise"),
    ],
)
def test_a_card_that_says_something_else_is_refused(
    folder: Path, field: str, value: object, said: str
) -> None:
    change_card(folder, **{field: value})
    with pytest.raises(CheckpointError, match=said):
        load_checkpoint(folder)


def test_a_card_that_is_no_json_is_refused(folder: Path) -> None:
    (folder / CARD_FILE).write_bytes(b"\xff{")
    with pytest.raises(CheckpointError, match=CARD_FILE):
        load_checkpoint(folder)


def test_other_weights_than_the_card_names_are_refused(folder: Path) -> None:
    weights = bytearray((folder / WEIGHTS_FILE).read_bytes())
    weights[-1] ^= 1
    (folder / WEIGHTS_FILE).write_bytes(weights)
    with pytest.raises(CheckpointError, match="sha256"):
        load_checkpoint(folder)


def test_weights_that_are_no_safetensors_are_refused(folder: Path) -> None:
    (folder / WEIGHTS_FILE).write_bytes(b"PK\x03\x04")
    change_card(folder, weights_sha256=hashlib.sha256(b"PK\x03\x04").hexdigest())
    with pytest.raises(CheckpointError, match="no safetensors file"):
        load_checkpoint(folder)


def test_tensors_of_another_shape_are_refused(folder: Path) -> None:
    state = load_file(folder / WEIGHTS_FILE)
    change_weights(folder, {**state, "missing": torch.zeros(3, 5)})
    with pytest.raises(CheckpointError, match=r"missing: \(3, 5\), not \(3, 16\)"):
        load_checkpoint(folder)


def test_tensors_too_few_or_too_many_are_refused(folder: Path) -> None:
    state = load_file(folder / WEIGHTS_FILE)
    change_weights(folder, {name: state[name] for name in state if name != "missing"})
    with pytest.raises(CheckpointError, match=r"missing: missing, not \(3, 16\)"):
        load_checkpoint(folder)
    change_weights(folder, {**state, "zebra": torch.zeros(1)})
    with pytest.raises(CheckpointError, match=r"zebra: \(1,\), not any"):
        load_checkpoint(folder)


def test_a_card_of_the_first_format_is_read(folder: Path) -> None:
    card = json.loads((folder / CARD_FILE).read_text())
    del card["calibration"], card["text_encoder"]
    (folder / CARD_FILE).write_text(json.dumps({**card, "format_version": 1}))
    _, read = load_checkpoint(folder)
    assert read.calibration == Calibration()
    assert read.text_encoder is None


def test_the_card_keeps_calibration_and_text_encoder(tmp_path: Path) -> None:
    encoder = with_encoder(tmp_path)
    calibration = Calibration(emotion=TaskCalibration(temperature=1.5))
    network = tiny_network("stream")
    save_checkpoint(tmp_path, network, "m-1", UNTRAINED, {}, calibration, encoder)
    _, card = load_checkpoint(tmp_path)
    assert card.calibration == calibration
    assert card.text_encoder == encoder


def test_the_version_changes_with_all_that_a_probability_depends_on(tmp_path: Path) -> None:
    network = tiny_network("stream")
    first = with_encoder(tmp_path / "first")
    calibrated = Calibration(sentiment=TaskCalibration(temperature=2.0))
    cards = [
        read_card(tmp_path / "first"),
        save_checkpoint(tmp_path / "first", network, "m-1", UNTRAINED, {}, calibrated, first),
        save_checkpoint(tmp_path / "bare", network, "m-1", UNTRAINED, {}),
        save_checkpoint(tmp_path / "other", tiny_network("stream", 1), "m-1", UNTRAINED, {}),
    ]
    with_encoder(tmp_path / "second", seed=1)
    cards.append(read_card(tmp_path / "second"))
    assert len({card.version for card in cards}) == len(cards)


def test_what_is_kept_of_posts_outlives_another_calibration(tmp_path: Path) -> None:
    network = tiny_network("stream")
    calibrated = Calibration(sentiment=TaskCalibration(temperature=2.0))
    bare = save_checkpoint(tmp_path, network, "m-1", UNTRAINED, {})
    same = save_checkpoint(tmp_path, network, "m-1", UNTRAINED, {}, calibrated)
    other = save_checkpoint(tmp_path, tiny_network("stream", 1), "m-1", UNTRAINED, {})
    assert bare.records_identity == same.records_identity != other.records_identity


@pytest.mark.parametrize("name", [ENCODER_FILE, TOKENIZER_FILE])
def test_half_a_text_encoder_is_refused(tmp_path: Path, name: str) -> None:
    with_encoder(tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(CheckpointError, match=f"has no {name}, the text encoder"):
        load_checkpoint(tmp_path)


@pytest.mark.parametrize("name", [ENCODER_FILE, "model (copy).safetensors"])
def test_a_file_that_the_card_does_not_name_is_refused(folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"")
    with pytest.raises(CheckpointError, match=f"files that {CARD_FILE} does not name"):
        load_checkpoint(folder)


@pytest.mark.parametrize("name", ["README.md", "LICENSE", ".gitignore"])
def test_papers_may_lie_beside_a_checkpoint(folder: Path, name: str) -> None:
    (folder / name).write_text("words")
    load_checkpoint(folder)


def test_another_text_encoder_than_the_exported_one_is_not_saved(tmp_path: Path) -> None:
    encoder = with_encoder(tmp_path)
    (tmp_path / ENCODER_FILE).write_bytes(b"another")
    with pytest.raises(CheckpointError, match="sha256"):
        save_checkpoint(
            tmp_path, tiny_network("stream"), "m-1", UNTRAINED, {}, text_encoder=encoder
        )


def test_a_checkpoint_without_text_encoder_leaves_none_behind(tmp_path: Path) -> None:
    with_encoder(tmp_path)
    save_checkpoint(tmp_path, tiny_network("stream"), "m-1", UNTRAINED, {})
    _, card = load_checkpoint(tmp_path)
    assert card.text_encoder is None

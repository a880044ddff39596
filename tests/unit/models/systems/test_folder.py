"""A baseline's folder is held to its card, as a checkpoint's is."""

from pathlib import Path

import pytest

from models.card import TrainingRecord
from models.errors import CheckpointError
from models.systems import SystemName, build_system
from models.systems.folder import SystemCard, load_system, save_system
from tests.unit.models.small_networks import tiny


def write(folder: Path, name: SystemName) -> Path:
    config = tiny("stream")
    card = SystemCard(
        model_version=f"{name}-1",
        system=name,
        config=config,
        training=TrainingRecord(data="none", licence="none", seed=0, settings={}, notes=[]),
        metrics={},
        parameters=1,
    )
    save_system(folder, card, build_system(name, config))
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path, "lstm")


def test_what_was_written_is_read(folder: Path) -> None:
    assert load_system(folder).model_version == "lstm-1"


def test_weights_of_another_checksum_are_not_read(folder: Path) -> None:
    weights = folder / "system.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    with pytest.raises(CheckpointError, match=r"sha256 is \w+, not \w+ as system\.json says"):
        load_system(folder)


def test_a_folder_of_before_the_checksums_is_told_of(folder: Path) -> None:
    card = folder / "system.json"
    card.write_text(card.read_text().replace('"format_version": 2', '"format_version": 1'))
    with pytest.raises(CheckpointError, match="format_version"):
        load_system(folder)


def test_a_written_absa_has_texts_parsed_though_its_graph_is_the_chain(tmp_path: Path) -> None:
    absa = load_system(write(tmp_path / "absa", "absa"))
    lstm = load_system(write(tmp_path / "lstm", "lstm"))
    assert absa.system.config.text_graph == "chain"
    assert absa.reads_dependencies
    assert not lstm.reads_dependencies

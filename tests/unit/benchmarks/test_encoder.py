"""What the encoder's benchmark makes of its rates."""

from pathlib import Path

from rich.console import Console

from benchmarks.encoder import Figures, carried_bytes, cycled, measurement
from benchmarks.machine import this_machine
from models.card import ENCODER_FILE, TOKENIZER_FILE, WEIGHTS_FILE


def test_a_ratio_is_of_the_same_run() -> None:
    found = measurement("one", 1, [100.0, 400.0, 300.0], [50.0, 100.0, 300.0])
    assert found.posts_per_s == 300.0
    assert found.ratio == 2.0


def test_texts_are_taken_in_turn() -> None:
    assert cycled(["a", "b"], 5) == ["a", "b", "a", "b", "a"]


def test_only_the_encoder_counts_towards_its_size(tmp_path: Path) -> None:
    (tmp_path / WEIGHTS_FILE).write_bytes(b"network")
    assert carried_bytes(tmp_path) == 0
    (tmp_path / ENCODER_FILE).write_bytes(b"graph")
    (tmp_path / TOKENIZER_FILE).write_bytes(b"words")
    assert carried_bytes(tmp_path) == 10


def test_the_table_names_what_was_measured() -> None:
    console = Console(record=True, width=120)
    measured = [measurement("the served one", 23_400_000, [900.0], [300.0])]
    Figures(this_machine(), "tuned+0a1b2c3d", 8, 12.5, 5_000_000, measured).show(console)
    shown = console.export_text()
    for part in (
        "tuned+0a1b2c3d",
        "12.5 tokens",
        "the served one",
        "23.4",
        "900",
        "3.00",
        "5.0 MB",
    ):
        assert part in shown

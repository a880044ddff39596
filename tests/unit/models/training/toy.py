"""Data that anything learns, an encoder without a model, and the files that readers take."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from models.training.config import TrainingConfig
from models.training.corpus import Corpus, LabelledPost
from models.training.sources import Source

TINY = {
    "post_width": 8,
    "context_width": 12,
    "cross_width": 6,
    "cross_heads": 2,
    "self_width": 12,
    "self_heads": 2,
    "fusion_heads": 4,
    "head_widths": (8, 8),
}
WIDTHS = (6, 8, 5)
LEARNING: Mapping[str, Mapping[str, object]] = {
    "model": {
        "sizes": {
            **TINY,
            "post_width": 16,
            "context_width": 24,
            "cross_width": 12,
            "self_width": 24,
            "dropout": 0.0,
        }
    },
    "optimiser": {"learning_rate": 1e-2},
    "modality_dropout": {"audio_drop": 0.8, "text_drop": 0.0, "visual_noise": 0.0},
}
"""Tables under which a tiny network learns the toy data in a few epochs."""


class LengthEncoder:
    """Token vectors that tell a text's length, without a model."""

    def __init__(self, name: str = "length-1") -> None:
        self.calls: list[list[str]] = []
        self.name = name

    def encode(self, texts: Sequence[str]) -> list[NDArray[np.float16]]:
        self.calls.append(list(texts))
        return [np.full((2, 384), len(text), np.float16) for text in texts]


def toy_corpus(conversations: int = 16, seed: int = 0, name: str = "toy") -> Corpus:
    """Posts whose text vector is their label: anything learns it."""
    generator = np.random.default_rng(seed)

    def made() -> LabelledPost:
        label = int(generator.integers(3))
        text = np.zeros((2, WIDTHS[0]), np.float32)
        text[:, label] = 1.0
        audio = generator.normal(size=(1, WIDTHS[1])).astype(np.float32)
        return LabelledPost({"text": text, "audio": audio}, label, (0, 6, 5)[label], text="some")

    def split(count: int) -> list[list[LabelledPost]]:
        return [[made() for _ in range(1 + number % 4)] for number in range(count)]

    splits = {split_name: split(conversations) for split_name in ("train", "dev", "test")}
    return Corpus(name, "none", splits, WIDTHS)


def toy_source(name: str = "toy", batch: int = 4, **options: int) -> Source:
    return Source(name, toy_corpus(name=name, **options), weight=1.0, batch=batch)


def toy_config(**tables: Mapping[str, object] | int | str) -> TrainingConfig:
    """A configuration of a tiny network; `tables` replace whole tables."""
    return TrainingConfig.model_validate(
        {
            "device": "cpu",
            "data": {"sources": [{"kind": "meld", "name": "toy", "path": "toy.csv"}]},
            "model": {"sizes": {**TINY, "dropout": 0.1}},
            "optimiser": {"learning_rate": 5e-3},
            "schedule": {"epochs": 2},
            **tables,
        }
    )


def write_csv(path: Path, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(rows)
    return path


def write_parquet(path: Path, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> Path:
    pq.write_table(
        pa.table({name: [row[place] for row in rows] for place, name in enumerate(columns)}), path
    )
    return path

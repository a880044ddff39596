"""A written text encoder: near its model, each text read by itself, whole or refused."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer
from torch import nn
from transformers import BertConfig, BertModel

from models.card import ENCODER_FILE, TOKENIZER_FILE
from models.encoder_export import Export, export_encoder
from models.encoder_input import MAX_TOKENS
from models.errors import CheckpointError, ModelError
from models.text_encoder import TextEncoder, load_written_encoder
from tests.unit.models.tuning.tiny_bert import write_tiny_bert
from tests.unit.models.tuning.tiny_encoder import WORDS

WIDTH = 32
TEXTS = ["", "good day", "bad bad night", "good " * 200, "what else", "day", "night " * 20]

Written = Callable[[bool], tuple[TextEncoder, Export]]


def tiny_bert(**changed: object) -> nn.Module:
    """Two layers with fresh weights, spread so that channels differ in size."""
    torch.manual_seed(0)
    fields: dict[str, object] = {
        "vocab_size": len(WORDS),
        "hidden_size": WIDTH,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "intermediate_size": 4 * WIDTH,
        "max_position_embeddings": 128,
        "initializer_range": 0.2,
    }
    model: nn.Module = BertModel(BertConfig(**{**fields, **changed}))  # type: ignore[no-untyped-call,arg-type]
    with torch.no_grad():
        for name, own in model.named_parameters():
            if "LayerNorm" in name or name.endswith("bias"):
                own.add_(torch.randn_like(own) * 0.3)
            if name.endswith("attention.output.LayerNorm.weight"):
                own[0] *= 30
    return model.eval()


@pytest.fixture(scope="module")
def tokenizer_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_bert(tmp_path_factory.mktemp("bert")) / "tokenizer.json"


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory, tokenizer_file: Path) -> Written:
    def write(quantise: bool) -> tuple[TextEncoder, Export]:
        folder = tmp_path_factory.mktemp("written")
        export = export_encoder(tiny_bert(), tokenizer_file, folder, "tiny", quantise)
        return load_written_encoder(folder, export.card, threads=2), export

    return write


def torch_vectors(
    model: nn.Module, ids: list[int]
) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    with torch.inference_mode():
        states: torch.Tensor = model(torch.tensor([ids])).last_hidden_state[0]
    return states.numpy()


def test_float32_is_the_model_to_a_rounding(written: Written) -> None:
    encoder, export = written(False)
    model = tiny_bert()
    ids = encoder.token_ids(TEXTS)
    for numbers, vectors in zip(ids, encoder.encode(TEXTS), strict=True):
        np.testing.assert_allclose(vectors, torch_vectors(model, numbers), rtol=2e-3, atol=2e-3)
    assert export.low_cosine > 0.9999


def test_int8_stays_near_the_model(written: Written) -> None:
    encoder, export = written(True)
    model = tiny_bert()
    ids = encoder.token_ids(TEXTS)
    for numbers, vectors in zip(ids, encoder.encode(TEXTS), strict=True):
        wanted = torch_vectors(model, numbers)
        error = np.linalg.norm(vectors - wanted) / np.linalg.norm(wanted)
        assert error < 0.15
    assert 0.995 < export.mean_cosine < 1.0
    assert export.low_cosine > 0.95  # of channels that differ thirtyfold and random tokens


def test_int8_is_smaller_and_its_vectors_are_float16_of_the_same_shape(written: Written) -> None:
    (whole, of_whole), (small, of_small) = written(False), written(True)
    assert of_small.file_bytes < of_whole.file_bytes
    for first, second in zip(whole.encode(TEXTS), small.encode(TEXTS), strict=True):
        assert first.shape == second.shape
        assert first.dtype == second.dtype == np.float16
        assert first.shape[1] == WIDTH
        assert 2 <= first.shape[0] <= MAX_TOKENS


@pytest.fixture(scope="module")
def int8_encoder(written: Written) -> TextEncoder:
    return written(True)[0]


@given(st.lists(st.lists(st.sampled_from(sorted(WORDS)[4:]), max_size=70), max_size=20))
def test_a_text_has_the_same_vectors_alone_and_among_others(
    int8_encoder: TextEncoder, words: list[list[str]]
) -> None:
    texts = [" ".join(own) for own in words]
    for text, vectors in zip(texts, int8_encoder.encode(texts), strict=True):
        np.testing.assert_array_equal(vectors, int8_encoder.encode([text])[0])


def test_the_same_model_is_written_as_the_same_bytes(written: Written) -> None:
    assert written(True)[1].card == written(True)[1].card
    assert written(True)[1].card.version != written(False)[1].card.version


def test_a_model_stays_in_the_mode_it_was_in(tmp_path: Path, tokenizer_file: Path) -> None:
    model = tiny_bert().train()
    export_encoder(model, tokenizer_file, tmp_path, "tiny")
    assert model.training


def test_vectors_are_compared_on_the_texts_that_are_given(
    tmp_path: Path, tokenizer_file: Path
) -> None:
    export = export_encoder(tiny_bert(), tokenizer_file, tmp_path, "tiny", texts=["good day", ""])
    assert export.tokens == 4 + 2


@pytest.mark.parametrize("name", [ENCODER_FILE, TOKENIZER_FILE])
def test_other_bytes_than_the_card_names_are_refused(
    tmp_path: Path, tokenizer_file: Path, name: str
) -> None:
    export = export_encoder(tiny_bert(), tokenizer_file, tmp_path, "tiny")
    (tmp_path / name).write_bytes(b"another")
    with pytest.raises(CheckpointError, match=name):
        load_written_encoder(tmp_path, export.card)


def test_bytes_that_are_no_encoder_are_refused(tmp_path: Path, tokenizer_file: Path) -> None:
    export = export_encoder(tiny_bert(), tokenizer_file, tmp_path, "tiny")
    with pytest.raises(ModelError, match=r"text encoder tiny\+.* cannot be loaded"):
        TextEncoder(b"no graph", tokenizer_file.read_bytes(), export.card)


@pytest.mark.parametrize(
    ("changed", "message"),
    [({"hidden_act": "relu"}, "bert with relu"), ({"vocab_size": 5}, "more than 5")],
)
def test_a_model_of_another_kind_is_refused(
    tmp_path: Path, tokenizer_file: Path, changed: dict[str, object], message: str
) -> None:
    with pytest.raises(ModelError, match=message):
        export_encoder(tiny_bert(**changed), tokenizer_file, tmp_path, "tiny")
    assert list(tmp_path.iterdir()) == []


def test_a_tokenizer_without_special_tokens_is_refused(
    tmp_path: Path, tokenizer_file: Path
) -> None:
    bare = Tokenizer.from_file(str(tokenizer_file)).model
    Tokenizer(bare).save(str(tmp_path / "bare.json"))
    with pytest.raises(ModelError, match="0 special tokens, not 2"):
        export_encoder(tiny_bert(), tmp_path / "bare.json", tmp_path / "out", "tiny")

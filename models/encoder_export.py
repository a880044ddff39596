"""Writes a fine-tuned text encoder into a checkpoint folder, and says how near it stayed.

Not for reading it: that is `models.text_encoder`.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol, cast

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import nn

from models.card import ENCODER_FILE, TOKENIZER_FILE, TextEncoderCard
from models.encoder_graph import Float32, encoder_graph
from models.encoder_input import padded
from models.encoder_int8 import int8_arithmetic, random_texts
from models.encoder_weights import encoder_weights
from models.errors import ModelError
from models.text_encoder import TextEncoder

_TEXTS_A_BATCH: Final = 32
_OTHER_TEXTS: Final = 1  # seed: not the texts that set the scales


@dataclass(frozen=True, slots=True)
class Export:
    """A written encoder.

    Attributes:
        card: for the checkpoint's card.
        file_bytes: of model and tokenizer together.
        tokens: how many vectors were compared with those of the model it was made from.
        mean_cosine: between the two, on average.
        low_cosine: below which one token in a hundred is.
    """

    card: TextEncoderCard
    file_bytes: int
    tokens: int
    mean_cosine: float
    low_cosine: float


class _Configuration(Protocol):
    def to_dict(self) -> dict[str, object]: ...


class _Configured(Protocol):
    config: _Configuration


def export_encoder(
    model: nn.Module,
    tokenizer_file: Path,
    folder: Path,
    name: str,
    quantise: bool = True,
    texts: Sequence[str] = (),
) -> Export:
    """Write `text_encoder.onnx` and `tokenizer.json`; existing ones are replaced.

    Args:
        model: a BERT encoder of transformers, on any device. Its pooler is left out, its sentence
            type is the first, and of its positions the first 64 are kept.
        tokenizer_file: `tokenizer.json` of that model; a text's first and last token are special.
        folder: made if it is not there.
        name: of the encoder, for the card.
        quantise: int8, a quarter of the size and about three times as fast; else float32.
        texts: on which the two are compared; without any, on random tokens.

    Raises:
        ModelError: the model or the tokenizer is of a kind that is not known here.
    """
    state = {key: own.detach().float().cpu().numpy() for key, own in model.state_dict().items()}
    weights = encoder_weights(state, cast("_Configured", model).config.to_dict())
    tokenizer = Tokenizer.from_file(str(tokenizer_file))
    tokenizer.no_padding()
    special = tokenizer.encode("").ids
    if len(special) != 2 or tokenizer.get_vocab_size() > weights.vocabulary:
        raise ModelError(
            f"{tokenizer_file} does not fit the model: {len(special)} special tokens, not 2, or "
            f"{tokenizer.get_vocab_size()} tokens, more than {weights.vocabulary}"
        )
    edges = (special[0], special[1])
    arithmetic = int8_arithmetic(weights, edges) if quantise else Float32()
    content = encoder_graph(weights, arithmetic).SerializeToString()
    words = tokenizer_file.read_bytes()
    card = TextEncoderCard(
        name=name,
        model_sha256=hashlib.sha256(content).hexdigest(),
        tokenizer_sha256=hashlib.sha256(words).hexdigest(),
    )
    encoder = TextEncoder(content, words, card)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ENCODER_FILE).write_bytes(content)
    (folder / TOKENIZER_FILE).write_bytes(words)
    ids = encoder.token_ids(texts) or random_texts(weights.vocabulary, edges, _OTHER_TEXTS)
    cosines = _cosines(_states(model, ids), encoder.vectors(ids))
    return Export(
        card,
        len(content) + len(words),
        len(cosines),
        float(cosines.mean()),
        float(np.percentile(cosines, 1)),
    )


def _states(model: nn.Module, ids: Sequence[Sequence[int]]) -> list[NDArray[np.float32]]:
    """What the model itself gives each text, [tokens, width]."""
    device = next(model.parameters()).device
    was_training = model.training
    model.eval()
    found: list[NDArray[np.float32]] = []
    for start in range(0, len(ids), _TEXTS_A_BATCH):
        own = ids[start : start + _TEXTS_A_BATCH]
        inputs = {key: torch.from_numpy(value).to(device) for key, value in padded(own).items()}
        with torch.inference_mode():
            states = model(**inputs).last_hidden_state.float().cpu().numpy()  # [P, L, width]
        found.extend(states[row, : len(numbers)] for row, numbers in enumerate(own))
    model.train(was_training)
    return found


def _cosines(
    wanted: Sequence[NDArray[np.float32]], given: Sequence[NDArray[np.float16]]
) -> NDArray[np.float32]:
    """Of each token of each text, [tokens]."""
    first = np.concatenate(wanted)
    second = np.concatenate(given).astype(np.float32)
    lengths = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
    cosines: NDArray[np.float32] = (first * second).sum(axis=1) / lengths
    return cosines

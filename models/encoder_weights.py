"""Weights of a BERT-like text encoder as plain arrays, whatever they were read from.

Not for running them: `models.encoder_graph` makes a graph of them.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ValidationError
from safetensors import SafetensorError
from safetensors.numpy import load_file

from models.errors import ModelError

Array = NDArray[np.float32]

WEIGHTS_FILE = "model.safetensors"
_EMBEDDINGS = "embeddings.word_embeddings.weight"
_ONCE_A_LAYER = ".intermediate.dense.bias"


class EncoderForm(BaseModel):
    """What of a BERT configuration the weights do not say; other fields are passed over.

    Attributes:
        num_attention_heads: of each layer.
        layer_norm_eps: added to the variance.
        hidden_act: only the Gaussian error linear unit is known here.
    """

    num_attention_heads: int
    layer_norm_eps: float
    hidden_act: str
    model_type: str


@dataclass(frozen=True, slots=True)
class EncoderWeights:
    """A post-norm transformer encoder with learned positions, float32.

    Attributes:
        tensors: by the names that BERT's weights have everywhere, matrices [out, in].
        heads: of each layer's attention.
        epsilon: of each LayerNorm.
    """

    tensors: Mapping[str, Array]
    heads: int
    epsilon: float

    @property
    def layers(self) -> int:
        """How many layers there are."""
        return sum(name.endswith(_ONCE_A_LAYER) for name in self.tensors)

    @property
    def width(self) -> int:
        """Numbers in a token's vector."""
        return int(self.tensors[_EMBEDDINGS].shape[1])

    @property
    def vocabulary(self) -> int:
        """How many tokens there are."""
        return int(self.tensors[_EMBEDDINGS].shape[0])

    def linear(self, name: str) -> tuple[Array, Array]:
        """Matrix [in, out] and bias [out] of a dense layer."""
        return self.tensors[f"{name}.weight"].T, self.tensors[f"{name}.bias"]


def encoder_weights(tensors: Mapping[str, Array], form: Mapping[str, object]) -> EncoderWeights:
    """Weights from a state by name; what is not part of the encoder is passed over.

    Args:
        tensors: name -> float array.
        form: a BERT configuration.

    Raises:
        ModelError: it is no such encoder; says what is different.
    """
    try:
        known = EncoderForm.model_validate(form)
    except ValidationError as error:
        raise ModelError(f"no configuration of a text encoder: {error}") from error
    if known.model_type != "bert" or known.hidden_act != "gelu":
        raise ModelError(
            f"only BERT with gelu is known as a text encoder, not {known.model_type} with "
            f"{known.hidden_act}"
        )
    own = {
        name: np.asarray(tensor, np.float32)
        for name, tensor in tensors.items()
        if name.startswith(("embeddings.", "encoder."))
    }
    if _EMBEDDINGS not in own:
        raise ModelError(f"no text encoder: its weights have no {_EMBEDDINGS}")
    return EncoderWeights(own, known.num_attention_heads, known.layer_norm_eps)


def read_encoder_weights(folder: Path) -> EncoderWeights:
    """Weights from a folder with `config.json` and `model.safetensors`.

    Raises:
        ModelError: a file is missing, or is no such encoder's.
    """
    try:
        form = json.loads((folder / "config.json").read_bytes())
        tensors = load_file(folder / WEIGHTS_FILE)
    except (OSError, ValueError, SafetensorError) as error:
        raise ModelError(f"no text encoder in {folder}: {error}") from error
    return encoder_weights(tensors, form)

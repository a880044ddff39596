"""The published encoder as torch runs it, what the served one is measured against."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from models.encoder_input import MAX_TOKENS, padded
from models.tuning.encoders import encoder_folder, load_encoder

_TEXTS_A_BATCH = 32


class TorchEncoder:
    """all-MiniLM-L6-v2 in float32, texts of like length in batches of 32."""

    def __init__(self) -> None:
        loaded = load_encoder(encoder_folder("minilm", Path()))  # a package: nothing is unpacked
        self._model = loaded.model.eval()
        self._tokenizer = loaded.tokenizer
        self._tokenizer.enable_truncation(MAX_TOKENS)

    def encode(self, texts: Sequence[str]) -> list[NDArray[np.float16]]:
        """Token vectors of each text, in order, float16 [tokens, 384], special tokens included."""
        ids = [own.ids for own in self._tokenizer.encode_batch(list(texts))]
        order = sorted(range(len(ids)), key=lambda index: len(ids[index]))
        found: dict[int, NDArray[np.float16]] = {}
        for start in range(0, len(order), _TEXTS_A_BATCH):
            batch = order[start : start + _TEXTS_A_BATCH]
            inputs = padded([ids[index] for index in batch])
            with torch.inference_mode():
                states = self._model(
                    **{name: torch.from_numpy(own) for name, own in inputs.items()}
                ).last_hidden_state.half()  # [P, L, 384]
            for row, index in enumerate(batch):
                found[index] = states[row, : len(ids[index])].numpy()
        return [found[index] for index in range(len(ids))]

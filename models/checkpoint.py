"""A trained network as a folder: `model.safetensors`, its card, and a text encoder if it has one.

Weights are written as float16, statistics of the inputs as float32. Pickle is never read. Not for
the card alone, which `models.card` reads without torch, nor for the state of a training run.
"""

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save

from connectors.schemas.labels import EMOTIONS, SENTIMENTS
from models.calibration import Calibration
from models.card import (
    ENCODER_FILE,
    TOKENIZER_FILE,
    WEIGHTS_FILE,
    CheckpointCard,
    TextEncoderCard,
    TrainingRecord,
    read_card,
    read_held_file,
    write_card,
)
from models.errors import CheckpointError
from models.tmsam import Tmsam


def save_checkpoint(
    folder: Path,
    network: Tmsam,
    model_version: str,
    training: TrainingRecord,
    metrics: dict[str, dict[str, dict[str, float]]],
    calibration: Calibration | None = None,
    text_encoder: TextEncoderCard | None = None,
) -> CheckpointCard:
    """Write a checkpoint; an existing one in the folder is replaced.

    Args:
        folder: made if it is not there.
        network: whose weights are written.
        model_version: name without the hash of the weights.
        training: where the weights come from.
        metrics: split -> task -> measure -> value.
        calibration: of its probabilities; None changes nothing in them.
        text_encoder: the one that `models.encoder_export` wrote into the folder; None: the network
            reads all-MiniLM-L6-v2 as it was published, and an encoder that lies there is removed.

    Returns:
        The card as written.

    Raises:
        OSError: the folder does not hold the text encoder.
        CheckpointError: it holds another one.
    """
    if text_encoder is not None:
        read_held_file(folder / ENCODER_FILE, text_encoder.model_sha256)
        read_held_file(folder / TOKENIZER_FILE, text_encoder.tokenizer_sha256)
    names = {name for name, _ in network.named_parameters()}
    state = {
        name: tensor.detach().to("cpu", torch.float16 if name in names else tensor.dtype)
        for name, tensor in network.state_dict().items()
    }
    weights = save({name: tensor.contiguous() for name, tensor in state.items()})
    card = CheckpointCard(
        model_version=model_version,
        config=network.config,
        feature_set=network.config.feature_set,
        sentiments=SENTIMENTS,
        emotions=EMOTIONS,
        calibration=calibration or Calibration(),
        text_encoder=text_encoder,
        training=training,
        metrics=metrics,
        parameters=sum(parameter.numel() for parameter in network.parameters()),
        weights_sha256=hashlib.sha256(weights).hexdigest(),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / WEIGHTS_FILE).write_bytes(weights)
    if text_encoder is None:
        for name in (ENCODER_FILE, TOKENIZER_FILE):
            (folder / name).unlink(missing_ok=True)
    write_card(folder, card)
    return card


def load_checkpoint(folder: Path) -> tuple[Tmsam, CheckpointCard]:
    """Read a checkpoint and hold it to its card.

    Args:
        folder: with `model.safetensors` and `checkpoint.json`.

    Returns:
        The network in evaluation mode, float32, on the CPU; and its card.

    Raises:
        CheckpointError: a file is missing, one lies there that does not belong, or the format,
            labels, feature set, checksum or shapes are others. The text encoder's content is not
            looked at: `models.text_encoder` does that.
    """
    card = read_card(folder)
    weights = read_held_file(folder / WEIGHTS_FILE, card.weights_sha256)
    try:
        state = load(weights)
    except SafetensorError as error:
        raise CheckpointError(f"{folder / WEIGHTS_FILE} is no safetensors file: {error}") from error
    network = Tmsam(card.config)
    _check_shapes(folder, network, state)
    network.load_state_dict({name: tensor.float() for name, tensor in state.items()})
    return network.eval(), card


def _check_shapes(folder: Path, network: Tmsam, state: dict[str, torch.Tensor]) -> None:
    wanted = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    found = {name: tuple(tensor.shape) for name, tensor in state.items()}
    if wanted != found:
        names = sorted(name for name in wanted | found if wanted.get(name) != found.get(name))
        first = names[0]
        raise CheckpointError(
            f"{folder / WEIGHTS_FILE}: {len(names)} tensors do not fit the preset, first "
            f"{first}: {found.get(first, 'missing')}, not {wanted.get(first, 'any')}"
        )

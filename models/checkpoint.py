"""A trained network as a folder: `model.safetensors` and `checkpoint.json`, and nothing else.

Weights are written as float16, statistics of the inputs as float32. Pickle is never read. Not for
the state of a training run: those are not kept.
"""

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal

import torch
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from safetensors import SafetensorError
from safetensors.torch import load, save

from connectors.schemas.labels import EMOTIONS, SENTIMENTS
from models.errors import CheckpointError
from models.presets import TmsamConfig
from models.tmsam import Tmsam

WEIGHTS_FILE: Final = "model.safetensors"
CARD_FILE: Final = "checkpoint.json"
FORMAT_VERSION: Final = 1
_PICKLE_SUFFIXES: Final = (".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".joblib")


class TrainingRecord(BaseModel):
    """Where the weights come from.

    Attributes:
        data: name of the training data.
        licence: licence of the data.
        seed: seed of the run.
        settings: hyperparameters as used.
        notes: what a reader of the metrics has to know.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: str
    licence: str
    seed: int
    settings: dict[str, float | int | str | bool]
    notes: list[str]


class CheckpointCard(BaseModel):
    """What `checkpoint.json` holds.

    Attributes:
        metrics: split -> task -> measure -> value; shares in [0, 1].
        created: when it was written, ISO 8601 in UTC.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format_version: Literal[1] = FORMAT_VERSION
    model_version: str = Field(min_length=1)
    config: TmsamConfig
    feature_set: str
    sentiments: tuple[str, ...]
    emotions: tuple[str, ...]
    training: TrainingRecord
    metrics: dict[str, dict[str, dict[str, float]]]
    parameters: int = Field(ge=1)
    weights_sha256: str
    created: str


def save_checkpoint(
    folder: Path,
    network: Tmsam,
    model_version: str,
    training: TrainingRecord,
    metrics: dict[str, dict[str, dict[str, float]]],
) -> CheckpointCard:
    """Write a checkpoint; an existing one in the folder is replaced.

    Args:
        folder: made if it is not there.
        network: whose weights are written.
        model_version: name without the hash of the weights.
        training: where the weights come from.
        metrics: split -> task -> measure -> value.

    Returns:
        The card as written.
    """
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
        training=training,
        metrics=metrics,
        parameters=sum(parameter.numel() for parameter in network.parameters()),
        weights_sha256=hashlib.sha256(weights).hexdigest(),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / WEIGHTS_FILE).write_bytes(weights)
    (folder / CARD_FILE).write_text(card.model_dump_json(indent=2) + "\n", encoding="utf-8")
    return card


def load_checkpoint(folder: Path) -> tuple[Tmsam, CheckpointCard]:
    """Read a checkpoint and hold it to its card.

    Args:
        folder: with `model.safetensors` and `checkpoint.json`.

    Returns:
        The network in evaluation mode, float32, on the CPU; and its card.

    Raises:
        CheckpointError: a file is missing, a pickle lies beside them, or the format, labels,
            feature set, checksum or shapes are others.
    """
    card = read_card(folder)
    weights = (folder / WEIGHTS_FILE).read_bytes()
    found = hashlib.sha256(weights).hexdigest()
    if found != card.weights_sha256:
        raise CheckpointError(
            f"{folder / WEIGHTS_FILE}: sha256 is {found}, not {card.weights_sha256} "
            f"as {CARD_FILE} says; copy the folder again"
        )
    try:
        state = load(weights)
    except SafetensorError as error:
        raise CheckpointError(f"{folder / WEIGHTS_FILE} is no safetensors file: {error}") from error
    network = Tmsam(card.config)
    _check_shapes(folder, network, state)
    network.load_state_dict({name: tensor.float() for name, tensor in state.items()})
    return network.eval(), card


def read_card(folder: Path) -> CheckpointCard:
    """Read `checkpoint.json` and check all of the folder that needs no weights.

    Raises:
        CheckpointError: as `load_checkpoint`.
    """
    if not folder.is_dir():
        raise CheckpointError(f"no checkpoint folder at {folder}")
    pickles = sorted(path.name for path in folder.iterdir() if path.suffix in _PICKLE_SUFFIXES)
    if pickles:
        raise CheckpointError(f"{folder} holds pickle files, which are never read: {pickles}")
    for name in (CARD_FILE, WEIGHTS_FILE):
        if not (folder / name).is_file():
            raise CheckpointError(f"{folder} has no {name}; a checkpoint is both files")
    try:
        card = CheckpointCard.model_validate_json((folder / CARD_FILE).read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise CheckpointError(
            f"{folder / CARD_FILE} is not of format version {FORMAT_VERSION}: "
            f"{where}: {first['msg']}"
        ) from error
    for name, own, known in (
        ("sentiments", card.sentiments, SENTIMENTS),
        ("emotions", card.emotions, EMOTIONS),
        ("feature set", card.feature_set, card.config.feature_set),
    ):
        if own != known:
            raise CheckpointError(f"{folder}: {name} {own} of the checkpoint, not {known}")
    return card


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

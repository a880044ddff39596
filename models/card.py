"""What `checkpoint.json` says of a checkpoint folder; reading it imports no torch.

Not for the weights: those are read by `models.checkpoint` and `models.text_encoder`.
"""

import hashlib
from importlib.resources import files
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from connectors.schemas.labels import EMOTIONS, SENTIMENTS
from models.calibration import Calibration
from models.errors import CheckpointError
from models.presets import TmsamConfig

Task = Literal["sentiment", "emotion"]

CARD_FILE: Final = "checkpoint.json"
WEIGHTS_FILE: Final = "model.safetensors"
ENCODER_FILE: Final = "text_encoder.onnx"
TOKENIZER_FILE: Final = "tokenizer.json"
FORMAT_VERSION: Final = 2
_PICKLE_SUFFIXES: Final = (".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".joblib")
_PAPERS: Final = ("LICENSE", "NOTICE", "README.md")
CHECKPOINT_FILES: Final = (CARD_FILE, WEIGHTS_FILE, ENCODER_FILE, TOKENIZER_FILE, *_PAPERS)
TASKS: Final[tuple[Task, ...]] = ("sentiment", "emotion")
TASKS_SETTING: Final = "model.tasks"
_HEX_SHA256: Final = r"^[0-9a-f]{64}$"


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

    @property
    def tasks(self) -> tuple[Task, ...]:
        """Tasks that were trained: the head of another one stayed as it began.

        Both where the settings do not tell.
        """
        told = self.settings.get(TASKS_SETTING)
        named = told.split(", ") if isinstance(told, str) else TASKS
        return tuple(task for task in TASKS if task in named)


class TextEncoderCard(BaseModel):
    """The text encoder that the network was trained on, `text_encoder.onnx` and `tokenizer.json`.

    Attributes:
        name: what it is, without the hash.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1)
    model_sha256: str = Field(pattern=_HEX_SHA256)
    tokenizer_sha256: str = Field(pattern=_HEX_SHA256)

    @property
    def version(self) -> str:
        """Name with 8 hex digits; other weights or another tokenizer give others."""
        return f"{self.name}+{_digest(self.model_sha256, self.tokenizer_sha256)[:8]}"


class CheckpointCard(BaseModel):
    """What `checkpoint.json` holds.

    Attributes:
        format_version: 1 had neither calibration nor text encoder.
        model_version: name without a hash.
        calibration: what makes probabilities of the logits.
        text_encoder: makes the text features that the network reads; None: all-MiniLM-L6-v2 as it
            was published.
        metrics: split -> task -> measure -> value; shares in [0, 1].
        created: when it was written, ISO 8601 in UTC.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format_version: Literal[1, 2] = FORMAT_VERSION
    model_version: str = Field(min_length=1)
    config: TmsamConfig
    feature_set: str
    sentiments: tuple[str, ...]
    emotions: tuple[str, ...]
    calibration: Calibration = Calibration()
    text_encoder: TextEncoderCard | None = None
    training: TrainingRecord
    metrics: dict[str, dict[str, dict[str, float]]]
    parameters: int = Field(ge=1)
    weights_sha256: str
    created: str

    @property
    def version(self) -> str:
        """The model version of predictions: the name with 8 hex digits.

        They change with the weights, with the calibration and with the text encoder: with all
        that a post's probabilities depend on.
        """
        encoder = "" if self.text_encoder is None else self.text_encoder.version
        calibration = self.calibration.model_dump_json()
        return f"{self.model_version}+{_digest(self.weights_sha256, calibration, encoder)[:8]}"

    @property
    def records_identity(self) -> bytes:
        """SHA-256 of all that a post's kept vectors depend on: the network's weights and form.

        Not the calibration, which comes after them, so that another one keeps the conversations.
        Nor the text encoder: its vectors come with the post, whoever made them.
        """
        return bytes.fromhex(_digest(self.weights_sha256, self.config.model_dump_json()))


def read_card(folder: Path) -> CheckpointCard:
    """Read `checkpoint.json` and check all of the folder that needs no weights.

    Raises:
        CheckpointError: a file is missing, one lies there that does not belong, or the format,
            labels or feature set are others.
    """
    if not folder.is_dir():
        raise CheckpointError(f"no checkpoint folder at {folder}")
    names = sorted(path.name for path in folder.iterdir() if path.is_file())
    pickles = [name for name in names if name.endswith(_PICKLE_SUFFIXES)]
    if pickles:
        raise CheckpointError(f"{folder} holds pickle files, which are never read: {pickles}")
    for name in (CARD_FILE, WEIGHTS_FILE):
        if name not in names:
            raise CheckpointError(f"{folder} has no {name}; a checkpoint is both files")
    card = _parsed(folder)
    _check_files(folder, card, names)
    for name, own, known in (
        ("sentiments", card.sentiments, SENTIMENTS),
        ("emotions", card.emotions, EMOTIONS),
        ("feature set", card.feature_set, card.config.feature_set),
    ):
        if own != known:
            raise CheckpointError(f"{folder}: {name} {own} of the checkpoint, not {known}")
    return card


def write_card(folder: Path, card: CheckpointCard) -> None:
    """Write `checkpoint.json`; an existing one is replaced."""
    (folder / CARD_FILE).write_text(card.model_dump_json(indent=2) + "\n", encoding="utf-8")


def read_held_file(path: Path, sha256: str, card_file: str = CARD_FILE) -> bytes:
    """A file's bytes, held to the checksum that a card says.

    Raises:
        CheckpointError: the file has other bytes.
    """
    content = path.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise CheckpointError(
            f"{path}: sha256 is {found}, not {sha256} as {card_file} says; copy the folder again"
        )
    return content


def shipped_checkpoint() -> Path:
    """Folder of the checkpoint inside this package."""
    return Path(str(files("models"))) / "shipped"


def _parsed(folder: Path) -> CheckpointCard:
    try:
        return CheckpointCard.model_validate_json((folder / CARD_FILE).read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise CheckpointError(
            f"{folder / CARD_FILE} is not of format version {FORMAT_VERSION}: "
            f"{where}: {first['msg']}"
        ) from error


def _check_files(folder: Path, card: CheckpointCard, names: list[str]) -> None:
    """Two networks' files in one folder, or half a copy, are told before they give bad results."""
    encoder = (ENCODER_FILE, TOKENIZER_FILE)
    known = (CARD_FILE, WEIGHTS_FILE, *(encoder if card.text_encoder else ()), *_PAPERS)
    strange = [name for name in names if name not in known and not name.startswith(".")]
    if strange:
        raise CheckpointError(f"{folder}: files that {CARD_FILE} does not name: {strange}")
    missing = [name for name in encoder if card.text_encoder and name not in names]
    if missing:
        raise CheckpointError(
            f"{folder} has no {' and no '.join(missing)}, the text encoder that {CARD_FILE} names; "
            "copy the folder again"
        )


def _digest(*parts: str) -> str:
    return hashlib.sha256("\x00".join(parts).encode()).hexdigest()

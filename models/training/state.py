"""The state of a training run in one file, so that a run that was killed goes on as if it had not.

One safetensors file: all tensors, and the rest as JSON in its header; never pickle. Order and
chance come from the seed and the number of the step (`order`): no generator has a state to keep.
"""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from models.errors import TrainingStateError
from models.training.config import TrainingConfig

HISTORY_FILE: Final = "history.json"
_HEADER_KEY: Final = "voxpop_training_state"


class EpochReport(BaseModel):
    """How an epoch went.

    Attributes:
        epoch: from 1.
        loss: mean training loss a batch.
        validation: what early stopping looks at, see `validation.validate`.
        best: whether it is the best so far.
        measures: what the validation is made of, `source/modalities/task` -> measure -> value.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    epoch: int = Field(ge=1)
    loss: float
    validation: float
    best: bool
    measures: dict[str, dict[str, float]] = Field(default_factory=dict)


class RunState(BaseModel):
    """Where a run stands, beside its tensors.

    Attributes:
        config: of the run.
        fingerprint: of its data.
        epoch: that it is in, from 1.
        step: steps done in it.
        losses: sum of their losses.
        history: epochs that ended.
    """

    model_config = ConfigDict(extra="forbid")

    format_version: Literal[1] = 1
    config: TrainingConfig
    fingerprint: str
    epoch: int = Field(1, ge=1)
    step: int = Field(0, ge=0)
    losses: float = 0.0
    history: list[EpochReport] = Field(default_factory=list)

    @property
    def best(self) -> float:
        """The best validation so far; -1 before the first."""
        return max((report.validation for report in self.history), default=-1.0)

    @property
    def since_best(self) -> int:
        """Epochs that ended after the best one."""
        newest = reversed(self.history)
        return next((count for count, own in enumerate(newest) if own.best), len(self.history))


def write_history(folder: Path, history: Sequence[EpochReport]) -> None:
    """Write the epochs of a run that ended as `history.json`."""
    rows = [report.model_dump(mode="json") for report in history]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / HISTORY_FILE).write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


def write_state(path: Path, state: RunState, tensors: Mapping[str, Tensor]) -> None:
    """Write a state whole or not at all, also when the machine goes down meanwhile.

    Args:
        path: its folder is made.
        state: goes into the header.
        tensors: by name, on any device.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    # clones, since safetensors refuses tensors that share their memory
    own = {name: tensor.detach().cpu().clone().contiguous() for name, tensor in tensors.items()}
    save_file(own, partial, {_HEADER_KEY: state.model_dump_json()})
    with partial.open("rb") as file:
        os.fsync(file.fileno())
    partial.replace(path)


def read_header(path: Path) -> RunState:
    """A state without its tensors.

    Raises:
        TrainingStateError: there is none, or it is damaged.
    """
    if not path.is_file():
        raise TrainingStateError(
            f"nothing to go on with: no {path}; the run never began there or has ended"
        )
    try:
        with safe_open(path, "pt") as file:
            header = file.metadata() or {}
        return RunState.model_validate_json(header.get(_HEADER_KEY, ""))
    except (SafetensorError, ValidationError) as error:
        raise TrainingStateError(
            f"{path} is damaged or of another version; remove it to begin anew: {error}"
        ) from error


def read_tensors(path: Path) -> dict[str, Tensor]:
    """The tensors of a state that `read_header` could read, on the CPU."""
    with safe_open(path, "pt") as file:
        return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping

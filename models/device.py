"""Where inference runs: a device by name, with the reason when it is not the one hoped for."""

import logging
from typing import Literal

import psutil
import torch

from models.errors import ModelError

DeviceName = Literal["auto", "cpu", "cuda"]

_log = logging.getLogger(__name__)


def why_no_gpu() -> str | None:
    """The reason why torch has no GPU to compute on; None where it has one."""
    if torch.cuda.is_available():
        return None
    if torch.version.cuda is None:
        return "this torch was built without CUDA"
    return f"CUDA {torch.version.cuda} finds no GPU or no driver for it"


def choose_device(name: DeviceName) -> torch.device:
    """The device for a setting; `auto` takes a GPU where one answers and logs why not otherwise.

    Raises:
        ModelError: `cuda` was asked for and is not there.
    """
    if name == "cpu":
        return torch.device("cpu")
    reason = why_no_gpu()
    if reason is None:
        return torch.device("cuda")
    if name == "cuda":
        raise ModelError(f"device cuda was asked for, but {reason}; use auto or cpu")
    _log.info("inference on the CPU: %s", reason)
    return torch.device("cpu")


def use_threads(threads: int | None) -> None:
    """Set how many CPU threads torch uses in this process; None: one a physical core."""
    torch.set_num_threads(threads or psutil.cpu_count(logical=False) or 1)

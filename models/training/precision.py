"""In which numbers a run computes: bfloat16 where the hardware has it, else float32."""

import torch

from models.errors import ModelError
from models.training.config import Precision


def choose_precision(name: Precision, device: torch.device) -> torch.dtype:
    """The type of the products; weights, optimiser and losses stay float32.

    Args:
        name: `auto` is bfloat16 on a GPU, and float32 on a CPU, where it is the slower one on
            networks of small layers.
        device: that training runs on.

    Raises:
        ModelError: bfloat16 was asked for and the processor does not have it.
    """
    if name == "float32":
        return torch.float32
    if device.type == "cuda":
        return torch.bfloat16
    if name == "auto":
        return torch.float32
    abilities = torch.cpu.get_capabilities()
    if not (abilities.get("avx512_bf16") or abilities.get("amx_bf16")):
        raise ModelError(
            "precision bfloat16 was asked for, but this processor has neither avx512_bf16 nor "
            "amx_bf16; use float32 or auto"
        )
    return torch.bfloat16

"""Torch's own compiler for steps on a CPU: considered, and measured beside what was chosen."""

import os
import shutil
from collections.abc import Callable
from typing import Final

import torch
from torch import Tensor

from models.streaming.tensor_network import StepInputs
from models.streaming.tensor_steps import Host, Step

COMPILED_POSTS: Final = 9  # new posts of a conversation: one, or what is left of a full window
_MOST_COMPILED: Final = 2 * COMPILED_POSTS


def why_no_compiler() -> str | None:
    """Why nothing can be compiled here; None where it can."""
    compiler = os.environ.get("CXX", "g++")
    if shutil.which(compiler):
        return None
    return f"no C++ compiler {compiler!r}, which torch.compile calls; set CXX to one"


class Inductor(Host):
    """The CPU, steps compiled by `torch.compile` for any number of conversations.

    The number of new posts is part of what is compiled, since one is computed after the other:
    steps of more than `COMPILED_POSTS`, which only build states, are not.

    Args:
        dtype: of products, keys and values.
    """

    def __init__(self, dtype: torch.dtype) -> None:
        super().__init__(dtype)
        self._compiled: Step | None = None

    def begin(self, step: Step, inputs: StepInputs) -> Callable[[], Tensor]:
        """It is done at once; what is not compiled yet takes half a minute before."""
        if self._compiled is None:
            self._compiled = torch.compile(  # type: ignore[call-overload]  # torch types no limit
                step,
                dynamic=True,
                fullgraph=True,  # so that it ends where it cannot be compiled as a whole
                recompile_limit=_MOST_COMPILED,
                isolate_recompiles=True,
            )
        posts = inputs.vectors.shape[1]
        return super().begin(self._compiled if posts <= COMPILED_POSTS else step, inputs)

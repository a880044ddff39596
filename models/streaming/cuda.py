"""A GPU as the place of steps: each shape is captured once as a graph, copies run beside it.

Three streams: inputs come up on one, are computed on another, results go down on the third. What a
stream waits for is said where it is given work; memory that another stream still reads is named to
torch's allocator (`record_stream`), which then holds it back.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from models.streaming.tensor_network import StepInputs
from models.streaming.tensor_steps import Step

_RUNS_BEFORE_CAPTURE: Final = (
    3  # libraries choose and load their kernels, which none may in a graph
)


@dataclass(frozen=True, slots=True)
class _Captured:
    """A step of one shape: replaying it reads `inputs` and writes `result`."""

    graph: torch.cuda.CUDAGraph
    inputs: StepInputs
    result: Tensor


class Cuda:
    """See `tensor_steps.Place`; for one thread at a time."""

    def __init__(self) -> None:
        self.device = torch.device("cuda", torch.cuda.current_device())
        self.dtype = torch.bfloat16
        self.graphs = True
        self._up = torch.cuda.Stream(self.device)  # type: ignore[no-untyped-call]
        self._compute = torch.cuda.Stream(self.device)  # type: ignore[no-untyped-call]
        self._down = torch.cuda.Stream(self.device)  # type: ignore[no-untyped-call]
        self._pool = torch.cuda.graph_pool_handle()  # graphs run one after the other, and share it
        self._captured: dict[tuple[torch.Size, ...], _Captured] = {}

    def computing(self) -> AbstractContextManager[object]:
        """On the stream of what is computed."""
        return torch.cuda.stream(self._compute)

    def upload(self, tensor: Tensor) -> Tensor:
        """Copy from pinned memory beside what is computed; what is computed next waits for it."""
        with torch.cuda.stream(self._up):
            there = tensor.pin_memory().to(self.device, non_blocking=True)
        self._compute.wait_stream(self._up)
        there.record_stream(self._compute)
        return there

    def begin(self, step: Step, inputs: StepInputs) -> Callable[[], Tensor]:
        """Replay the graph of the inputs' shape; captured where there is none yet."""
        key = tuple(tensor.shape for tensor in inputs)
        if key not in self._captured:
            self._captured[key] = self._capture(step, inputs)
        captured = self._captured[key]
        there = [self.upload(tensor) for tensor in inputs]
        with torch.cuda.stream(self._compute):
            for own, new in zip(captured.inputs, there, strict=True):
                own.copy_(new)
            captured.graph.replay()
            result = captured.result.clone()  # the next replay writes over it
        return self._download(result)

    def _capture(self, step: Step, inputs: StepInputs) -> _Captured:
        with torch.cuda.stream(self._compute):
            # all padding: nothing of it is written to the state of a conversation
            own = StepInputs(*(torch.zeros_like(each, device=self.device) for each in inputs))
            for _ in range(_RUNS_BEFORE_CAPTURE):
                step(own)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, pool=self._pool, stream=self._compute):
            result = step(own)
        return _Captured(graph, own, result)

    def _download(self, result: Tensor) -> Callable[[], Tensor]:
        self._down.wait_stream(self._compute)
        with torch.cuda.stream(self._down):
            here = torch.empty(result.shape, dtype=result.dtype, pin_memory=True)
            here.copy_(result, non_blocking=True)
            landed = self._down.record_event()
        result.record_stream(self._down)

        def wait() -> Tensor:
            landed.synchronize()
            return here

        return wait

from collections.abc import Mapping

import pytest
import torch

from models.errors import ModelError
from models.training.precision import choose_precision
from tests.unit.models.training.test_loop import training
from tests.unit.models.training.toy import LEARNING, toy_config, toy_source

CPU, GPU = torch.device("cpu"), torch.device("cuda")


def processor(monkeypatch: pytest.MonkeyPatch, abilities: Mapping[str, bool]) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: dict(abilities))


def test_a_gpu_computes_in_bfloat16_and_a_cpu_in_float32_unless_asked() -> None:
    assert choose_precision("auto", GPU) == torch.bfloat16
    assert choose_precision("auto", CPU) == torch.float32
    assert choose_precision("float32", GPU) == torch.float32


def test_a_cpu_computes_in_bfloat16_only_where_it_can(monkeypatch: pytest.MonkeyPatch) -> None:
    processor(monkeypatch, {"avx512_bf16": True})
    assert choose_precision("bfloat16", CPU) == torch.bfloat16
    processor(monkeypatch, {"avx512_bf16": False, "amx_bf16": False})
    with pytest.raises(ModelError, match="neither avx512_bf16 nor amx_bf16; use float32"):
        choose_precision("bfloat16", CPU)


@pytest.mark.skipif(
    not torch.cpu.get_capabilities().get("avx512_bf16"),
    reason="this processor computes nothing in bfloat16 (no avx512_bf16)",
)
def test_a_run_in_bfloat16_keeps_weights_in_float32_and_learns() -> None:
    config = toy_config(**LEARNING, precision="bfloat16", schedule={"epochs": 5})
    run = training(config, [toy_source(conversations=32)])
    system = run.run()
    assert {own.dtype for own in system.parameters()} == {torch.float32}
    assert run.history[-1].loss < 0.7 * run.history[0].loss

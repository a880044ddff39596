"""`voxpop doctor` says where the model runs, and when that is not where it was asked for."""

from pathlib import Path

import pytest

from stream_app.doctor.servers import model
from stream_app.settings import Settings
from tests.unit.models.small_networks import write_checkpoint


@pytest.mark.parametrize(("device", "state"), [("cuda", "warn"), ("auto", "ok"), ("cpu", "ok")])
def test_a_gpu_asked_for_in_vain_is_no_failure_but_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, device: str, state: str
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    folder = write_checkpoint(tmp_path / "model", "stream")
    monkeypatch.setenv("VOXPOP_MODEL", str(folder))
    monkeypatch.setenv("VOXPOP_DEVICE", device)
    found = model(Settings())
    assert (found.state, found.detail.rpartition(" ")[2]) == (state, "cpu")

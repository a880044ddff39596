"""A run that goes on with a checkpoint's network begins with its weights, and with nothing else."""

from pathlib import Path

import pytest
import torch
from pydantic import ValidationError

from models.checkpoint import load_checkpoint
from models.errors import TrainingConfigError
from models.presets import PRESETS
from models.systems.tmsam import TmsamSystem
from models.training.config import TrainingConfig
from models.training.corpus import Corpus, LabelledPost
from models.training.learner import make_learner
from models.training.sources import Source
from tests.unit.models.small_networks import tiny, write_checkpoint

SIZES = tiny("stream").model_dump(
    exclude=set(PRESETS["stream"].model_dump())
    - {
        "post_width",
        "context_width",
        "cross_width",
        "cross_heads",
        "self_width",
        "self_heads",
        "fusion_heads",
        "head_widths",
    }
)


def config(folder: Path, **model: object) -> TrainingConfig:
    return TrainingConfig.model_validate(
        {
            "text_encoder": str(folder),
            "data": {"sources": [{"kind": "meld", "path": "unread"}]},
            "model": {"go_on": True, "sizes": {**SIZES, "dropout": 0.1}, **model},
        }
    )


def sources() -> list[Source]:
    splits = {name: [[LabelledPost({}, 0, 0, "day")]] for name in ("train", "dev", "test")}
    corpus = Corpus("toy", "none", splits, PRESETS["stream"].widths)
    return [Source("toy", corpus, weight=1.0, batch=4)]


def test_it_begins_with_the_weights_of_the_checkpoint(tmp_path: Path) -> None:
    network, _ = load_checkpoint(write_checkpoint(tmp_path / "checkpoint", "stream", seed=4))
    learner = make_learner(config(tmp_path / "checkpoint"), sources(), torch.device("cpu"))
    assert isinstance(learner.system, TmsamSystem)
    own = learner.system.network.state_dict()
    for name, weights in network.state_dict().items():
        torch.testing.assert_close(own[name], weights)
    assert learner.system.config.dropout == 0.1


def test_a_network_of_another_form_is_refused(tmp_path: Path) -> None:
    folder = write_checkpoint(tmp_path / "checkpoint", "stream")
    with pytest.raises(TrainingConfigError, match="another form"):
        make_learner(config(folder, preset="default"), sources(), torch.device("cpu"))


@pytest.mark.parametrize(
    "change", [{"text_encoder": "base"}, {"model": {"system": "lstm", "go_on": True}}]
)
def test_there_must_be_a_network_to_go_on_with(tmp_path: Path, change: dict[str, object]) -> None:
    tables = {**config(tmp_path).model_dump(), **change}
    with pytest.raises(ValidationError, match="go_on"):
        TrainingConfig.model_validate(tables)

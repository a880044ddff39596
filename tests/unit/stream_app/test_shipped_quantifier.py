"""The quantifier that comes with the shipped model is that model's, or the one that was named."""

from pathlib import Path

import pytest

from connectors.prevalence.errors import QuantifierFileError
from connectors.schemas.labels import SENTIMENTS
from models.card import read_card, shipped_checkpoint
from stream_app.settings import Settings


def test_it_was_fitted_for_the_shipped_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VOXPOP_PREVALENCE", raising=False)
    quantifier = Settings().load_quantifier()
    assert quantifier.fit.model_version == read_card(shipped_checkpoint()).version
    assert quantifier.fit.labels == SENTIMENTS
    assert "TikTok" in quantifier.notes[0]


def test_one_that_is_named_must_be_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOXPOP_PREVALENCE", str(tmp_path / "none.json"))
    with pytest.raises(QuantifierFileError, match=r"none\.json cannot be read"):
        Settings().load_quantifier()

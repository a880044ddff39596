"""JSON and YAML examples of the pages, each against what reads such documents."""

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any, Final

import jsonschema
import yaml
from pydantic import BaseModel

from connectors.http.problems import Problem
from connectors.schemas.tensors import decode_tensor
from connectors.tracks.file import load_rules
from connectors.trends.series import TrendSeries
from tests.unit.deploy.files import rendered

ELIDED: Final = (("{…}", "{}"), (", …", ""), ("…", "null"))


def tensor(text: str, folder: Path) -> None:
    """A tensor that a worker reads."""
    del folder
    shape = json.loads(text)["shape"]
    assert (
        list(decode_tensor(json.loads(text), where="docs", width=shape[1], max_steps=128).shape)
        == shape
    )


def trends(text: str, folder: Path) -> None:
    """Every field that is shown is one of a trend, and of its type."""
    del folder
    shown_of(TrendSeries, text)


def problem(text: str, folder: Path) -> None:
    """A problem document."""
    del folder
    Problem.model_validate_json(text)


def rules(text: str, folder: Path) -> None:
    """A file of tracks without a fault."""
    path = folder / "tracks.yaml"
    path.write_text(text, encoding="utf-8")
    assert load_rules(path).tracks


def values(text: str, folder: Path) -> None:
    """Values that the chart knows."""
    del folder
    assert rendered(yaml.safe_load(text))


FORMS: Final[dict[str, Callable[[str, Path], None]]] = {
    "tensor": tensor,
    "trends": trends,
    "problem": problem,
    "rules": rules,
    "values": values,
}


def shown_of(model: type[BaseModel], text: str) -> None:
    """Hold a document whose less telling parts are left out (`…`) to its schema.

    Raises:
        jsonschema.ValidationError: it shows a field that is not there, or of another type.
    """
    for what, by in ELIDED:
        text = text.replace(what, by)
    jsonschema.validate(_without_nulls(json.loads(text)), _closed(model.model_json_schema()))


def _without_nulls(document: Any) -> Any:
    if isinstance(document, dict):
        return {k: _without_nulls(own) for k, own in document.items() if own is not None}
    if isinstance(document, list):
        return [_without_nulls(own) for own in document]
    return document


def _closed(schema: Any) -> Any:
    """A schema that asks for no field and knows no other than its own."""
    if isinstance(schema, list):
        return [_closed(own) for own in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {k: _closed(own) for k, own in deepcopy(schema).items() if k != "required"}
    if isinstance(closed.get("properties"), dict) and "type" in closed:
        closed["additionalProperties"] = False
    return closed

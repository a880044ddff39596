"""`python -m connectors.schemas.generate`: the JSON Schemas of the topics, for other languages.

Not for validation here: the codec does that, and also judges what no schema can say.
"""

from pathlib import Path
from typing import Final

import orjson
from pydantic import TypeAdapter

from connectors.schemas.alert import Alert
from connectors.schemas.post import JsonObject, PostDocument, RawPost
from connectors.schemas.prediction import Prediction

FOLDER: Final = Path(__file__).resolve().parents[2] / "docs" / "schemas"
MODELS: Final[dict[str, type[object]]] = {
    "posts.v1.json": PostDocument,
    "posts.raw.v1.json": RawPost,
    "predictions.v1.json": Prediction,
    "alerts.v1.json": Alert,
}


def json_schema(model: type[object], name: str) -> JsonObject:
    """The JSON Schema (draft 2020-12) of what stands in a topic."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:voxpop:schemas:{name.removesuffix('.json')}",
        **TypeAdapter(model).json_schema(mode="validation"),
    }


def generate(folder: Path = FOLDER) -> list[Path]:
    """Write every schema into a folder.

    Returns:
        The files, in the order of `MODELS`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, model in MODELS.items():
        path = folder / name
        path.write_bytes(orjson.dumps(json_schema(model, name), option=orjson.OPT_INDENT_2) + b"\n")
        written.append(path)
    return written


if __name__ == "__main__":
    generate()

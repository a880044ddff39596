"""The JSON Schemas in docs/ are those of the types."""

from pathlib import Path

from connectors.schemas.generate import FOLDER, MODELS, generate


def test_the_schemas_in_docs_are_up_to_date(tmp_path: Path) -> None:
    for path in generate(tmp_path):
        assert path.read_bytes() == (FOLDER / path.name).read_bytes(), (
            "run `python -m connectors.schemas.generate`"
        )


def test_docs_holds_no_schema_that_is_not_generated() -> None:
    assert {path.name for path in FOLDER.glob("*.json")} == set(MODELS)

"""docs/schemas/README.md: the topics' documents as tables, from the types behind the schemas."""

from collections.abc import Iterator
from typing import Final

from connectors.schemas.generate import MODELS, json_schema
from docs.site.forms import Schema, form
from docs.site.markdown import page, table

INTRODUCTION: Final = """# Topics and their documents

Records are JSON in UTF-8. `python -m docs.site` writes this page from the types that read and
write them; beside it lie JSON Schemas (draft 2020-12) of the same, which `python -m
connectors.schemas.generate` writes. Fields that no table names are passed over by who reads. What
no schema can say, such as rules for tensors and times, is in [producing](../producing.md); all
alerts tell is in [alerts](../alerts.md).
"""
TOPICS: Final = {
    "posts.v1.json": ("posts", "conversation_id", "what workers read"),
    "posts.raw.v1.json": (
        "posts.raw",
        "conversation_id",
        "posts whose features are still to be made",
    ),
    "predictions.v1.json": ("predictions", "conversation_id", "what the model says of a post"),
    "alerts.v1.json": ("alerts", "track", "shifts of volume and opinion"),
}
DEAD_LETTERS: Final = (
    "`posts.dlq` has no document of its own: a rejected post lies there as it came, with the reason"
    " in its headers ([producing](../producing.md#what-is-rejected-and-sending-it-again))."
)


def schemas_page() -> str:
    """The page as Markdown."""
    rows = [
        [f"`{topic}`", f"`{key}`", what, f"[{name}]({name})"]
        for name, (topic, key, what) in TOPICS.items()
    ]
    overview = table(["topic", "key", "holds", "schema"], rows)
    return page(INTRODUCTION, overview, DEAD_LETTERS, *_documents())


def _documents() -> Iterator[str]:
    for name, model in MODELS.items():
        schema = json_schema(model, name)
        yield f"## {TOPICS[name][0]}"
        yield _fields(schema)
        for part, own in schema.get("$defs", {}).items():
            if "properties" in own:
                yield f"### {part} in {TOPICS[name][0]}"
                yield own.get("description", "").partition("\n\n")[0]
                yield _fields(own)


def _fields(schema: Schema) -> str:
    needed = schema.get("required", ())
    rows = [
        [
            f"`{name}`",
            form(own, str),
            "required" if name in needed else "",
            own.get("description", ""),
        ]
        for name, own in schema["properties"].items()
    ]
    return table(["field", "form", "", ""], rows)

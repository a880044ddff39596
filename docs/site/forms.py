"""A JSON Schema in words, as in `list of text, at most 64 of them`."""

from collections.abc import Callable
from typing import Any, Final

Schema = dict[str, Any]
WORDS: Final = {"integer": "whole number", "boolean": "true or false"}
SIGNS: Final = {
    "minimum": ">=",
    "exclusiveMinimum": ">",
    "maximum": "<=",
    "exclusiveMaximum": "<",
}


def form(schema: Schema, refer: Callable[[str], str]) -> str:
    """What a value may be.

    Args:
        schema: of the value.
        refer: turns the name of another schema into what stands for it.
    """
    for key in ("anyOf", "oneOf", "allOf"):
        if key in schema:
            return " or ".join(dict.fromkeys(form(each, refer) for each in schema[key]))
    if "$ref" in schema:
        return refer(schema["$ref"].rpartition("/")[2])
    if "const" in schema:
        return f"`{schema['const']}`"
    if "enum" in schema:
        return ", ".join(f"`{each}`" for each in schema["enum"])
    return _plain(schema, refer)


def _plain(schema: Schema, refer: Callable[[str], str]) -> str:
    kind = str(schema.get("type", ""))
    if kind == "array":
        items = form(schema.get("items", {}), refer)
        return f"list of {items}" + _bounds(schema, "Items", "of them")
    if kind == "string":
        return "text" + _bounds(schema, "Length", "characters")
    inner = schema.get("additionalProperties")
    if isinstance(inner, dict):
        return f"object of {form(inner, refer)}"
    return WORDS.get(kind, kind) + _range(schema)


def _bounds(schema: Schema, what: str, of: str) -> str:
    """As in `, 1 to 64 characters`; nothing where there is no bound."""
    low, high = schema.get(f"min{what}"), schema.get(f"max{what}")
    if low is None and high is None:
        return ""
    if low == high:
        return f", {low} {of}"
    if high is None:
        return f", at least {low} {of}"
    return f", {low} to {high} {of}" if low else f", at most {high} {of}"


def _range(schema: Schema) -> str:
    ends = [f"{sign} {schema[name]:g}" for name, sign in SIGNS.items() if name in schema]
    return f", {' and '.join(ends)}" if ends else ""

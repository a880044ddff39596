"""docs/reference/http.md: the routes of `voxpop serve`, from its OpenAPI document."""

from collections.abc import Iterator
from typing import Final

from connectors.http.app import make_app
from connectors.http.options import ApiOptions
from connectors.redis_connection import RedisConnection
from connectors.trends.layout import TrendLayout
from docs.site.forms import Schema, form
from docs.site.markdown import page, table

INTRODUCTION: Final = """# Routes of the HTTP API

`python -m docs.site` writes this page from the OpenAPI document that the server itself gives at
`/openapi.json`. Ranges, the stream, tokens, rate limits and errors are explained in [HTTP
API](../api.md). Every answer but those of status 200 is a problem document.
"""


def routes_page() -> str:
    """The page as Markdown."""
    app, _ = make_app(ApiOptions(RedisConnection("redis://localhost"), TrendLayout()))
    document = app.openapi()
    return page(INTRODUCTION, *_routes(document), *_answers(document))


def _routes(document: Schema) -> Iterator[str]:
    for path, methods in document["paths"].items():
        for method, route in methods.items():
            yield f"## {method.upper()} {path.replace(':path', '')}"
            yield route.get("description", "")
            yield _parameters(route.get("parameters", []))
            yield f"Answers {'; '.join(_responses(route['responses']))}."


def _parameters(parameters: list[Schema]) -> str:
    rows = [
        [
            f"`{each['name']}`",
            each["in"],
            _form(each["schema"]),
            _default(each),
            each.get("description", ""),
        ]
        for each in parameters
    ]
    return table(["parameter", "in", "form", "default", ""], rows) if rows else ""


def _default(parameter: Schema) -> str:
    if parameter.get("required"):
        return "required"
    value = parameter["schema"].get("default")
    return "" if value is None else f"`{value}`"


def _responses(responses: Schema) -> Iterator[str]:
    for status, answer in responses.items():
        forms = answer.get("content", {})
        names = [_form(each["schema"]) for each in forms.values() if each.get("schema")]
        told = f": {', '.join(dict.fromkeys(names))}" if status == "200" and any(names) else ""
        kinds = ", ".join(f"`{kind}`" for kind in forms) if status == "200" else ""
        yield f"`{status}`{told}" + (f" ({kinds})" if kinds else "")


def _answers(document: Schema) -> Iterator[str]:
    yield "# Answers"
    for name, schema in document["components"]["schemas"].items():
        if "properties" in schema:
            yield f"## {name}"
            yield schema.get("description", "").partition("\n\n")[0]
            rows = [
                [f"`{field}`", _form(own), own.get("description", "")]
                for field, own in schema["properties"].items()
            ]
            yield table(["field", "form", ""], rows)


def _form(schema: Schema) -> str:
    return form(schema, lambda name: f"[{name}](#{name.lower()})")

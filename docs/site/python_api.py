"""docs/reference/python.md: what programs of users call, from signatures and docstrings.

The code is read and not imported, so that no torch is loaded for a page.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import griffe

from docs.site.markdown import page, table

ROOT: Final = Path(__file__).parents[2]
INTRODUCTION: Final = """# Python

What programs of yours may call; the rest is the project's own inside. `python -m docs.site`
writes this page from the code. How the parts are used together: [producing](../producing.md),
[reading](../reading.md), [alerts](../alerts.md), [tracks](../tracks.md),
[explanations](../explanations.md), [prevalence](../prevalence.md). What readers answer are the
documents of the HTTP API ([answers](http.md#answers)).
"""
SUBJECTS: Final = {
    "Connect": (
        "connectors.kafka.connection.KafkaConnection",
        "connectors.redis_connection.RedisConnection",
        "connectors.trends.layout.TrendLayout",
    ),
    "Produce": (
        "connectors.kafka.producer.PostProducer",
        "connectors.schemas.codec.encode_post",
        "connectors.schemas.tensors.encode_tensor",
        "models.text_encoder.load_text_encoder",
        "models.text_encoder.TextEncoder",
    ),
    "Read": (
        "connectors.trends.reader.TrendReader",
        "connectors.trends.reader.SyncTrendReader",
        "connectors.alerts.store.AlertReader",
    ),
    "Correct": (
        "connectors.trends.corrected.corrected_shares",
        "connectors.prevalence.quantifier.Quantifier",
    ),
    "Tracks": (
        "connectors.tracks.file.load_rules",
        "connectors.tracks.rules.Rules",
        "connectors.tracks.reading.PostText",
        "connectors.tracks.watched.WatchedTracks",
    ),
    "Score and explain": (
        "models.engine.load_engine",
        "models.engine.Engine",
        "connectors.schemas.scoring.WindowRequest",
        "connectors.schemas.scoring.Score",
        "models.explanation.explainer.load_explainer",
        "models.explanation.explainer.Explainer",
    ),
}


def python_page() -> str:
    """The page as Markdown."""
    loader = griffe.GriffeLoader(search_paths=[ROOT], docstring_parser=griffe.Parser.google)
    packages = {name: loader.load(name) for name in ("connectors", "models")}
    parts = [INTRODUCTION]
    for subject, paths in SUBJECTS.items():
        parts.append(f"## {subject}")
        for path in paths:
            package, _, rest = path.partition(".")
            parts += _object(path, packages[package][rest])
    return page(*parts)


def _object(path: str, told: griffe.Object | griffe.Alias) -> Iterator[str]:
    yield f"### {told.name}"
    brought = f"from {path.rpartition('.')[0]} import {told.name}"
    made = not isinstance(told, griffe.Class) or "__init__" in told.members
    yield _code(f"{brought}\n\n{_signature(told)}" if made else brought)
    yield from _docstring(told)
    if isinstance(told, griffe.Class):
        for method in told.functions.values():
            if not method.name.startswith("_"):
                yield f"#### {told.name}.{method.name}"
                yield _code(_signature(method))
                yield from _docstring(method)


def _signature(told: griffe.Object | griffe.Alias) -> str:
    """A call with its types, over several lines where it is long."""
    called = told.members.get("__init__") if isinstance(told, griffe.Class) else told
    parameters = list(called.parameters) if isinstance(called, griffe.Function) else []
    words = "async " if "async" in told.labels else ""
    returns = f" -> {told.returns}" if isinstance(told, griffe.Function) and told.returns else ""
    return _call(f"{words}{told.name}", parameters, returns)


def _call(name: str, parameters: Iterable[griffe.Parameter], returns: str) -> str:
    own = [each for each in parameters if each.name != "self"]
    words = [_parameter(each) for each in own]
    keyword = [each.kind is griffe.ParameterKind.keyword_only for each in own]
    if any(keyword):
        words.insert(keyword.index(True), "*")
    line = f"{name}({', '.join(words)}){returns}"
    if len(line) <= 100:
        return line
    return f"{name}(\n" + "".join(f"    {each},\n" for each in words) + f"){returns}"


def _parameter(own: griffe.Parameter) -> str:
    star = {griffe.ParameterKind.var_positional: "*", griffe.ParameterKind.var_keyword: "**"}
    kind = f": {own.annotation}" if own.annotation else ""
    default = f" = {own.default}" if own.default is not None and own.kind not in star else ""
    return f"{star.get(own.kind, '') if own.kind else ''}{own.name}{kind}{default}"


def _docstring(told: griffe.Object | griffe.Alias) -> Iterator[str]:
    if told.docstring is None:
        return
    for section in told.docstring.parse("google", warnings=False):
        if isinstance(section, griffe.DocstringSectionText):
            yield section.value
        elif isinstance(
            section, griffe.DocstringSectionParameters | griffe.DocstringSectionAttributes
        ):
            kind = (
                "argument"
                if isinstance(section, griffe.DocstringSectionParameters)
                else "attribute"
            )
            yield table(
                [kind, ""], [[f"`{each.name}`", each.description] for each in section.value]
            )
        elif isinstance(section, griffe.DocstringSectionReturns):
            yield "Returns: " + " ".join(
                " ".join(each.description.split()) for each in section.value
            )
        elif isinstance(section, griffe.DocstringSectionRaises):
            rows = [[f"`{each.annotation}`", each.description] for each in section.value]
            yield table(["raises", "when"], rows)


def _code(text: str) -> str:
    return f"```text\n{text}\n```"

"""docs/reference/metrics.md: what workers and the server show, from their registries."""

import ast
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry
from prometheus_client.core import Metric
from prometheus_client.parser import text_string_to_metric_families

from connectors.alerts.store import WatchState
from connectors.http.metrics import ApiMetrics
from connectors.schemas.labels import SENTIMENTS
from connectors.trends.standings import Volume
from docs.site.markdown import page, table
from stream_app.inference.wire import Kept
from stream_app.metrics import Metrics

INTRODUCTION: Final = """# Metrics

`python -m docs.site` writes this page from the programs' own registries. Units are in the names:
`_seconds`, `_bytes`, `_posts`, `_ratio` (0 to 1, unless said otherwise); a counter ends in
`_total` and counts since the process began. A histogram has `_bucket`, `_sum` and `_count`. What
to watch, and what to do: [operations](../operations.md).
"""
Row = list[str]
STREAM_APP: Final = Path(__file__).parents[2] / "stream_app"
OWN: Final = "voxpop_"
UNITS: Final = ("seconds", "bytes", "posts", "ratio", "conversations", "entries")
HEADER: Final = ("name", "type", "unit", "labels", "what it is")


def metrics_page() -> str:
    """The page as Markdown."""
    return page(
        INTRODUCTION,
        "## Of a worker",
        "At `VOXPOP_METRICS_PORT`; beside these stand the process' own (`process_…`); those of the "
        "model's process are `voxpop_model_process_…`.",
        _table(_of_worker()),
        "## Of voxpop serve",
        "At `/metrics` of the address that it serves. Those of tracks are over the last hour.",
        _table(_of_server()),
    )


def _of_worker() -> Iterator[Row]:
    registry = CollectorRegistry()
    metrics = Metrics(registry)
    metrics.model("", "", "")
    metrics.model_process(os.getpid())
    metrics.hot_store(0, Kept)
    for name, what in _watched():
        metrics.watch(name, what, lambda: 0)
    for family in registry.collect():
        collector = registry._names_to_collectors.get(family.name)
        # the client tells of labels only once a family was used
        yield _row(family, getattr(collector, "_labelnames", ()))


def _watched() -> set[tuple[str, str]]:
    """Names and meanings of the gauges that parts of a worker have watched, from their code."""
    calls = {
        (node.args[0].value, node.args[1].value)
        for path in STREAM_APP.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func).endswith("watch")
        and len(node.args) == 3
        and isinstance(node.args[0], ast.Constant)
        and isinstance(node.args[1], ast.Constant)
    }
    return {(str(name), str(what)) for name, what in calls}


def _of_server() -> Iterator[Row]:
    track = Volume(
        "t", posts=1, scored_posts=1, sentiment=dict.fromkeys(SENTIMENTS, 0), effective=1.0
    )
    metrics = ApiMetrics()
    metrics.answered("GET", "/", 200, 0.0)
    for family in text_string_to_metric_families(
        metrics.page([track], WatchState(active=True, looked_until=0)).decode()
    ):
        yield _row(family, {each for sample in family.samples for each in sample.labels})


def _table(rows: Iterable[Row]) -> str:
    own = (row for row in rows if row[0].startswith(f"`{OWN}") and "_created" not in row[0])
    return table(HEADER, sorted(own))


def _row(family: Metric, labels: Iterable[str]) -> Row:
    name = family.name + ("_total" if family.type == "counter" else "")
    words = family.name.split("_")
    unit = next((each for each in UNITS if each in words[-2:]), "")
    named = ", ".join(f"`{each}`" for each in sorted(labels) if each != "le")
    return [f"`{name}`", family.type, unit, named, family.documentation]

"""docs/reference/metrics.md: what workers and the server show, from their registries."""

from collections.abc import Iterable
from types import SimpleNamespace
from typing import Final

from prometheus_client import CollectorRegistry
from prometheus_client.core import Metric
from prometheus_client.parser import text_string_to_metric_families

from connectors.http.metrics import ApiMetrics
from connectors.schemas.rejection import Reason
from connectors.trends.standing import Standing
from docs.site.markdown import page, table
from stream_app.core.outcome import Rejected
from stream_app.metrics import Metrics

INTRODUCTION: Final = """# Metrics

`python -m docs.site` writes this page from the programs' own registries. Units are in the names:
`_seconds`, `_bytes`, `_posts`, `_ratio` (0 to 1, unless said otherwise); a counter ends in
`_total` and counts since the process began. A histogram has `_bucket`, `_sum` and `_count`. What
to watch, and what to do: [operations](../operations.md).
"""
OWN: Final = "voxpop_"
UNITS: Final = ("seconds", "bytes", "posts", "ratio", "conversations", "entries")
HEADER: Final = ("name", "type", "unit", "labels", "what it is")


def metrics_page() -> str:
    """The page as Markdown."""
    return page(
        INTRODUCTION,
        "## Of a worker",
        "At `VOXPOP_METRICS_PORT`; beside these stand the process' own (`process_…`).",
        _table(_of_worker()),
        "## Of voxpop serve",
        "At `/metrics` of the address that it serves. Those of tracks are over the last hour.",
        _table(_of_server()),
    )


def _of_worker() -> Iterable[Metric]:
    """Families of a worker's registry; one that has labels shows them once it was used."""
    registry = CollectorRegistry()
    metrics = Metrics(registry)
    metrics.backlog(posts=lambda: 0, windows=lambda: 0)
    metrics.concluded([Rejected(Reason.POISON, "", 0.0)], replayed=False)
    metrics.redis_failed(TimeoutError())
    metrics.lag({0: 0})
    with metrics.stage("infer"):
        counts = SimpleNamespace(hits=0, misses=0, evictions=0)
    metrics.model(SimpleNamespace(state_bytes=0, states=0, counts=counts), "", "")
    return registry.collect()


def _of_server() -> Iterable[Metric]:
    track = Standing(
        track="t",
        posts=1,
        posts_compared=1,
        posts_before=0,
        posts_change=None,
        sentiment={"neutral": 1},
        net=0.0,
        net_low=0.0,
        net_high=0.0,
        net_before=None,
        net_change=None,
        share_of_voice=None,
        points=[],
    )
    metrics = ApiMetrics()
    metrics.answered("GET", "/", 200, 0.0)
    return text_string_to_metric_families(metrics.page([track]).decode())


def _table(families: Iterable[Metric]) -> str:
    rows = [
        _row(family)
        for family in families
        if family.name.startswith(OWN) and not family.name.endswith("_created")
    ]
    return table(HEADER, sorted(rows))


def _row(family: Metric) -> list[str]:
    name = family.name + ("_total" if family.type == "counter" else "")
    words = family.name.split("_")
    unit = next((each for each in UNITS if each in words[-2:]), "")
    labels = sorted({each for sample in family.samples for each in sample.labels} - {"le"})
    return [
        f"`{name}`",
        family.type,
        unit,
        ", ".join(map("`{}`".format, labels)),
        family.documentation,
    ]

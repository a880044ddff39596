"""The Grafana dashboard and the Prometheus rules ask for figures that there are."""

import json
import re
from pathlib import Path
from typing import Any, get_args

import promql_parser
import pytest
import yaml
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from connectors.alerts.store import WatchState
from connectors.http.metrics import ApiMetrics
from connectors.schemas.rejection import Reason
from connectors.trends.standings import Volume
from stream_app.metrics import Metrics, Stage

DASHBOARD = Path("deploy/grafana/voxpop.json")
RULES = Path("deploy/prometheus/rules.yml")
NAME = re.compile(r"\bvoxpop_[a-z_]+")
SUFFIXES = {"histogram": ("_bucket", "_sum", "_count"), "counter": ("_total",)}


def known_names() -> set[str]:
    """Names of all samples that a worker and the API tell."""
    registry = CollectorRegistry()
    metrics = Metrics(registry)
    metrics.lag({0: 1})
    metrics.unstable({0: 1})
    metrics.watch("sampled_one_in", "of a worker that scores", lambda: 1.0)
    api = ApiMetrics()
    sentiment = {"negative": 0, "neutral": 0, "positive": 1}
    page = api.page(
        [Volume("acme", posts=1, scored_posts=1, sentiment=sentiment, effective=1.0)],
        WatchState(active=True, looked_until=0),
    ).decode()
    families = [*registry.collect(), *text_string_to_metric_families(page)]
    return {
        family.name + suffix for family in families for suffix in SUFFIXES.get(family.type, ("",))
    }


def dashboard_expressions() -> dict[str, str]:
    document = json.loads(DASHBOARD.read_text())
    found = {
        f"{panel['title']} {target['refId']}": target["expr"]
        for panel in document["panels"]
        for target in panel.get("targets", [])
    }
    for variable in document["templating"]["list"]:
        if "definition" in variable:
            found[variable["name"]] = variable["definition"]
    return found


def rules() -> list[dict[str, Any]]:
    (group,) = yaml.safe_load(RULES.read_text())["groups"]
    found: list[dict[str, Any]] = group["rules"]
    return found


@pytest.mark.parametrize(
    ("place", "expression"),
    [*dashboard_expressions().items(), *((rule["alert"], rule["expr"]) for rule in rules())],
)
def test_every_expression_asks_for_what_is_told(place: str, expression: str) -> None:
    asked = set(NAME.findall(expression))
    assert asked or "up{" in expression, place
    assert asked <= known_names(), place


@pytest.mark.parametrize(
    ("place", "expression"),
    [*dashboard_expressions().items(), *((rule["alert"], rule["expr"]) for rule in rules())],
)
def test_outcomes_and_reasons_are_asked_for_by_names_that_there_are(
    place: str, expression: str
) -> None:
    known = {
        "outcome": {"predicted", "extracted", "in_no_track", "media_off", "shed", "rejected"},
        "reason": {reason.value for reason in Reason},
        "stage": set(get_args(Stage)),
    }
    for label, value in re.findall(r'\b(outcome|reason|stage)="([^"]*)"', expression):
        assert value in known[label], place


@pytest.mark.parametrize(
    ("place", "expression"), [(rule["alert"], rule["expr"]) for rule in rules()]
)
def test_every_rule_is_an_expression_of_prometheus(place: str, expression: str) -> None:
    assert promql_parser.parse(expression), place


@pytest.mark.parametrize(("place", "expression"), dashboard_expressions().items())
def test_every_panel_is_an_expression_of_prometheus(place: str, expression: str) -> None:
    """With Grafana's variables filled in."""
    filled = expression.replace("$__rate_interval", "5m").replace("$__range", "1h")
    if not filled.startswith("label_values("):
        assert promql_parser.parse(re.sub(r"\$\w+", "x", filled)), place


def test_explanations_are_no_slow_and_no_failed_requests() -> None:
    """They take seconds, and a busy process is no fault of the server's."""
    for rule in rules():
        for name in ("voxpop_api_requests_total", "voxpop_api_request_seconds_bucket"):
            for labels in re.findall(name + r"(\{[^}]*\})?", rule["expr"]):
                assert 'route!~".*/explanations/.*"' in labels, rule["alert"]


def test_sentiment_falls_only_where_both_hours_have_enough_scored_posts() -> None:
    (fell,) = (rule["expr"] for rule in rules() if rule["alert"] == "VoxpopSentimentFell")
    assert "voxpop_track_scored_posts > 100" in fell
    assert "voxpop_track_scored_posts offset 1h > 100" in fell


def test_a_watch_that_does_not_look_is_called() -> None:
    (nobody,) = (rule["expr"] for rule in rules() if rule["alert"] == "VoxpopNobodyWatches")
    assert {"voxpop_alert_watch_active", "voxpop_alert_watch_looked_until_seconds"} <= set(
        NAME.findall(nobody)
    )


def test_what_a_worker_counts_of_trouble_is_watched_and_shown() -> None:
    trouble = {
        "voxpop_posts_total",
        "voxpop_redis_errors_total",
        "voxpop_fence_skips_total",
        "voxpop_late_counts_total",
        "voxpop_rebalances_total",
        "voxpop_partition_lag_posts",
    }
    assert trouble <= set(NAME.findall(" ".join(rule["expr"] for rule in rules())))
    assert trouble <= set(NAME.findall(" ".join(dashboard_expressions().values())))


def test_roles_are_never_added_up_where_one_would_hide_the_other() -> None:
    asked = {rule["alert"]: rule["expr"] for rule in rules()}
    for name in ("VoxpopPartitionLags", "VoxpopStandsStill", "VoxpopManyRejected"):
        sums = re.findall(r"\b(?:sum|min)(?: by \(([^)]*)\))? ?\(", asked[name])
        assert sums, name
        assert all("job" in by for by in sums), name


def test_the_dashboard_shows_extraction() -> None:
    shown = " ".join(each for each in dashboard_expressions().values() if "voxpop-extract" in each)
    names = {"voxpop_posts_total", "voxpop_partition_lag_posts", "voxpop_absent_modalities_total"}
    assert names <= set(NAME.findall(shown))


def test_panels_do_not_lie_on_each_other() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        at = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert at["x"] + at["w"] <= 24
        assert taken.isdisjoint(cells), panel["title"]
        taken |= cells


def test_every_rule_says_what_happened_and_what_to_do() -> None:
    for rule in rules():
        assert set(rule["annotations"]) == {"summary", "action"}, rule["alert"]
        assert rule["labels"]["severity"] in {"info", "warning", "critical"}

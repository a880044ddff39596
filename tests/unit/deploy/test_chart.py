"""The Helm chart, by Helm's own engine, and its resources against Kubernetes' schemas."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import pytest
import yaml
from helm_python.chart import Chart, lint
from helm_python.errors import HelmError
from kubernetes_validate import validate

from connectors.kafka.topics import voxpop_topics
from connectors.tracks.file import load_rules
from stream_app.settings import Settings
from tests.unit.deploy.files import ALL_OF_THE_CHART, CHART, pods, rendered

VALUES: list[Mapping[str, Any]] = [{}, ALL_OF_THE_CHART]
DOCS = Path("docs/deployment.md")
WARNING = 2
OLDEST, NEWEST = "1.25", "1.37"


def of_kind(values: Mapping[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    return {each["metadata"]["name"]: each for each in rendered(values) if each["kind"] == kind}


@pytest.mark.parametrize("values", VALUES, ids=["defaults", "everything"])
def test_helm_lints_it_without_a_warning(values: Mapping[str, Any]) -> None:
    report = lint(CHART, dict(values), strict=True)
    assert report["errors"] == []
    assert [each for each in report["messages"] if each["severity"] >= WARNING] == []


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
@pytest.mark.parametrize("values", VALUES, ids=["defaults", "everything"])
def test_kubernetes_knows_every_field(values: Mapping[str, Any], version: str) -> None:
    own = [each for each in rendered(values) if is_of_kubernetes(each["apiVersion"])]
    assert len(own) > 10
    for resource in own:
        validate(resource, version, strict=True)


def is_of_kubernetes(api: str) -> bool:
    """Whether it is Kubernetes' own kind, whose schema is at hand; not KEDA's or Prometheus'."""
    return "." not in api or ".k8s.io/" in api


@pytest.mark.parametrize(
    "values",
    [
        {"workers": {}},
        {"worker": {"replica": 3}},
        {"settings": {"KAFKA": "k:9092"}},
        {"image": {"worker": {"digest": "latest"}}},
        {"worker": {"scaling": {"min": 0}}},
        {"ingest": {"sources": {"bluesky": {}}}},
        {"ingest": {"sources": {"Blue Sky": {"arguments": ["bluesky"]}}}},
        {"tracks": {"acme": ["acme"]}},
    ],
    ids=str,
)
def test_a_value_that_nobody_reads_is_refused(values: dict[str, Any]) -> None:
    with Chart.load(CHART) as chart, pytest.raises(HelmError):
        chart.validate_schema(values)


@pytest.mark.parametrize("values", VALUES, ids=["defaults", "everything"])
def test_no_pod_may_do_more_than_it_must(values: Mapping[str, Any]) -> None:
    found = pods(rendered(values))
    parts = {"worker", "extract", "serve", "alerts", "topics"}
    assert set(found) == parts | ({"ingest"} if values else set())
    for name, pod in found.items():
        (container,) = pod["containers"]
        assert pod["automountServiceAccountToken"] is False, name
        assert pod["securityContext"]["runAsNonRoot"] is True, name
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }, name
        assert {"/var/lib/voxpop", "/tmp"} <= {
            each["mountPath"] for each in container["volumeMounts"]
        }


def test_secrets_come_from_secrets_alone() -> None:
    hidden = {
        f"VOXPOP_{name.upper()}"
        for name, field in Settings.model_fields.items()
        if "SecretStr" in str(field.annotation)
    }
    for name, pod in pods(rendered(ALL_OF_THE_CHART)).items():
        plain = {each["name"] for each in pod["containers"][0].get("env", []) if "value" in each}
        assert not plain & hidden, name


@pytest.mark.parametrize(
    ("part", "role", "topic"), [("worker", "score", "posts"), ("extract", "extract", "posts.raw")]
)
def test_the_scaler_asks_for_the_lag_of_the_workers_group(
    part: str, role: Literal["score", "extract"], topic: str
) -> None:
    settings = Settings(topic_prefix="blue-", role=role)
    scaled = of_kind(ALL_OF_THE_CHART, "ScaledObject")[f"v-{part}"]
    (trigger,) = scaled["spec"]["triggers"]
    assert trigger["metadata"]["consumerGroup"] == settings.consumer_group()
    assert trigger["metadata"]["topic"] == settings.topic(topic)
    assert scaled["spec"]["scaleTargetRef"]["name"] == f"v-{part}"
    assert "replicas" not in of_kind(ALL_OF_THE_CHART, "Deployment")[f"v-{part}"]["spec"]
    authentication = of_kind(ALL_OF_THE_CHART, "TriggerAuthentication")
    assert trigger["authenticationRef"]["name"] in authentication


def test_workers_that_extract_are_told_to_and_may_be_left_out() -> None:
    named = {each["name"]: each for each in pods(rendered({}))["extract"]["containers"][0]["env"]}
    assert named["VOXPOP_ROLE"]["value"] == "extract"
    without = rendered({"extract": {"enabled": False}, "monitoring": {"enabled": True}})
    assert not [each for each in without if "extract" in each["metadata"]["name"]]


def test_by_itself_it_asks_for_no_more_workers_than_partitions() -> None:
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    for part in ("worker", "extract"):
        assert values[part]["scaling"]["max"] <= values["topics"]["partitions"]
    assert values["topics"]["partitions"] == voxpop_topics()[0].partitions


def test_a_gpu_is_asked_for_with_its_nodes() -> None:
    pod = pods(rendered(ALL_OF_THE_CHART))["worker"]
    assert pod["containers"][0]["resources"]["limits"]["nvidia.com/gpu"] == "1"
    assert pod["nodeSelector"] == {"nvidia.com/gpu.present": "true"}
    assert {each["key"] for each in pod["tolerations"]} == {"nvidia.com/gpu", "night"}
    without = pods(rendered({}))["worker"]
    assert "nvidia.com/gpu" not in without["containers"][0]["resources"]["limits"]
    assert "nodeSelector" not in without


@pytest.mark.parametrize("kind", ["PodDisruptionBudget", "NetworkPolicy", "Service", "PodMonitor"])
def test_every_selector_finds_its_pods(kind: str) -> None:
    labels = [
        each["spec"]["template"]["metadata"]["labels"].items()
        for each in rendered(ALL_OF_THE_CHART)
        if each["kind"] in {"Deployment", "Job", "StatefulSet"}
    ]
    for name, resource in of_kind(ALL_OF_THE_CHART, kind).items():
        spec = resource["spec"]
        selector = spec["podSelector"] if kind == "NetworkPolicy" else spec["selector"]
        wanted = selector.get("matchLabels", selector).items()
        assert sum(wanted <= each for each in labels) == 1, name


def test_each_part_reaches_the_servers_that_it_needs_and_no_others() -> None:
    policies = of_kind({}, "NetworkPolicy")
    reached = {
        name.removeprefix("v-"): {
            port["port"] for rule in each["spec"]["egress"] for port in rule["ports"]
        }
        for name, each in policies.items()
    }
    assert reached == {
        "worker": {53, 9092, 6379},
        "extract": {53, 9092},
        "alerts": {53, 9092, 6379},
        "serve": {53, 6379},
        "topics": {53, 9092},
    }
    assert policies["v-alerts"]["spec"]["ingress"] == []


def test_without_scrapers_nobody_reads_the_metrics_of_workers() -> None:
    policies = of_kind({"network": {"scrapers": []}}, "NetworkPolicy")
    for name in ("v-worker", "v-extract"):
        assert policies[name]["spec"]["ingress"] == []  # `from: []` would be everybody


def test_a_source_is_read_by_one_pod_that_keeps_its_cursor_and_reaches_its_platform() -> None:
    (ingest,) = of_kind(ALL_OF_THE_CHART, "StatefulSet").values()
    assert ingest["spec"]["replicas"] == 1
    (container,) = ingest["spec"]["template"]["spec"]["containers"]
    mounts = {each["mountPath"]: each["name"] for each in container["volumeMounts"]}
    (claim,) = ingest["spec"]["volumeClaimTemplates"]
    assert claim["metadata"]["name"] == mounts["/var/lib/voxpop"]
    volumes = {each["name"] for each in ingest["spec"]["template"]["spec"]["volumes"]}
    assert set(mounts.values()) - volumes == {claim["metadata"]["name"]}
    assert container["args"] == ["reddit", "--subreddit", "phones"]
    egress = of_kind(ALL_OF_THE_CHART, "NetworkPolicy")["v-ingest-reddit"]["spec"]["egress"]
    ports = {port["port"] for rule in egress for port in rule["ports"]}
    assert ports == {53, 9092, 6379, 80, 443}


def test_rules_of_tracks_reach_those_that_try_them_as_a_file_that_can_be_read(
    tmp_path: Path,
) -> None:
    text = of_kind(ALL_OF_THE_CHART, "ConfigMap")["v-tracks"]["data"]["tracks.yaml"]
    file = tmp_path / "tracks.yaml"
    file.write_text(text)
    assert set(load_rules(file).tracks) == {"acme", "globex"}
    for name, pod in pods(rendered(ALL_OF_THE_CHART)).items():
        (container,) = pod["containers"]
        named = {each["name"]: each.get("value") for each in container.get("env", [])}
        mounted = {each["mountPath"] for each in container["volumeMounts"]}
        tries = name in {"extract", "ingest"}
        assert ("/etc/voxpop/tracks" in mounted) is tries, name
        assert (named.get("VOXPOP_TRACKS") == "/etc/voxpop/tracks/tracks.yaml") is tries, name
    assert "VOXPOP_TRACKS" not in str(rendered({}))


@pytest.mark.parametrize(
    ("extract", "told"),
    [
        ({}, "requests.cpu"),
        ({"resources": {"limits": {"cpu": 4}}}, "limits.cpu"),
        ({"settings": {"VOXPOP_THREADS": 3}}, None),
    ],
    ids=str,
)
def test_the_encoder_takes_the_cores_that_it_is_given(
    extract: dict[str, Any], told: str | None
) -> None:
    env = pods(rendered({"extract": extract}))["extract"]["containers"][0]["env"]
    (threads,) = [each for each in env if each["name"] == "VOXPOP_THREADS"]
    if told is None:
        assert threads["value"] == "3"
    else:
        assert threads["valueFrom"] == {"resourceFieldRef": {"resource": told}}


def test_the_example_of_the_docs_is_taken() -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    values = yaml.safe_load(example)
    assert lint(CHART, values, strict=True)["errors"] == []
    worker = pods(rendered(values))["worker"]["containers"][0]
    named = {each["name"]: each for each in worker["env"]}
    password = named["VOXPOP_KAFKA_SASL_PASSWORD"]["valueFrom"]["secretKeyRef"]
    assert password == {"name": "voxpop-worker", "key": "password"}


def test_a_secret_has_the_last_word_over_plain_settings() -> None:
    sources = pods(rendered(ALL_OF_THE_CHART))["worker"]["containers"][0]["envFrom"]
    assert [next(iter(each)) for each in sources] == ["configMapRef", "secretRef"]


@pytest.mark.parametrize(
    ("explains", "image", "most"), [(False, "voxpop-reader", "1Gi"), (True, "voxpop-worker", "2Gi")]
)
def test_a_server_that_explains_runs_the_image_that_holds_the_model(
    explains: bool, image: str, most: str
) -> None:
    (container,) = pods(rendered({"serve": {"explain": {"enabled": explains}}}))["serve"][
        "containers"
    ]
    assert container["image"].startswith(f"{image}:")
    assert container["resources"]["limits"]["memory"] == most

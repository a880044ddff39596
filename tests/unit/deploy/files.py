"""What the deployment files say, read as their engines read them; not for judging it."""

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from helm_python.chart import Chart

DOCKERFILE = Path("deploy/images/Dockerfile")
COMPOSE = Path("deploy/compose/compose.yml")
COMPOSE_EXPLAIN = Path("deploy/compose/compose.explain.yml")
COMPOSE_GPU = Path("deploy/compose/compose.gpu.yml")
CHART = Path("deploy/helm/voxpop")
UNITS = Path("deploy/systemd")
BINARIES = "/opt/voxpop/bin/"

# every branch of the chart's templates
ALL_OF_THE_CHART: Mapping[str, Any] = {
    "image": {
        "pullSecrets": [{"name": "registry"}],
        "worker": {"digest": "sha256:" + "a" * 64},
    },
    "settings": {"VOXPOP_TOPIC_PREFIX": "blue-", "VOXPOP_WINDOW": 16},
    "tlsSecret": "kafka-cluster-ca-cert",
    "topics": {"kafkaUser": "voxpop-operator"},
    "worker": {
        "secret": "worker",
        "kafkaUser": "voxpop-worker",
        "gpu": {"enabled": True, "runtimeClassName": "nvidia"},
        "scaling": {"enabled": True, "secret": "keda"},
        "tolerations": [{"key": "night", "operator": "Exists"}],
    },
    "extract": {
        "secret": "extract",
        "kafkaUser": "voxpop-extractor",
        "settings": {"VOXPOP_MEDIA": "fetch"},
        "scaling": {"enabled": True, "secret": "keda"},
    },
    "tracks": {"acme": '"acme phone" OR #acme', "globex": "globex lang:en"},
    "ingest": {
        "sources": {
            "reddit": {
                "arguments": ["reddit", "--subreddit", "phones"],
                "secret": "reddit",
                "kafkaUser": "voxpop-ingester",
                "settings": {"VOXPOP_REDDIT_USER_AGENT": "linux:voxpop:1 (by /u/nobody)"},
            },
        },
        "storage": {"className": "fast"},
    },
    "serve": {
        "secret": "serve",
        "explain": {"enabled": True},
        "ingress": {
            "enabled": True,
            "className": "nginx",
            "host": "voxpop.example",
            "tlsSecret": "voxpop-tls",
            "annotations": {"cert-manager.io/cluster-issuer": "ours"},
        },
    },
    "alerts": {"secret": "alerts", "arguments": ["--quick"]},
    "network": {
        "webhooks": True,
        "media": True,
        "kafka": {"to": [{"podSelector": {"matchLabels": {"strimzi.io/cluster": "kafka"}}}]},
        "readers": [{"podSelector": {}}],
    },
    "monitoring": {"enabled": True, "token": {"secret": "serve"}},
}


def rendered(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The chart's resources as `helm template` makes them."""
    with Chart.load(CHART) as chart:
        pages = chart.render(dict(values), name="v", namespace="voxpop")
    return [
        resource
        for path, page in pages.items()
        if path.endswith(".yaml")
        for resource in yaml.safe_load_all(page)
        if resource
    ]


def pods(resources: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Specs of pods, by name of their container."""
    specs = [each["spec"]["template"]["spec"] for each in resources if _has_pods(each)]
    return {spec["containers"][0]["name"]: spec for spec in specs}


def _has_pods(resource: Mapping[str, Any]) -> bool:
    return resource["kind"] in {"Deployment", "Job", "StatefulSet"}


def compose_services() -> dict[str, dict[str, Any]]:
    """The services of compose.yml, with what they take from its templates."""
    found: dict[str, dict[str, Any]] = yaml.safe_load(COMPOSE.read_text())["services"]
    return found


def dockerfile_json(instruction: str) -> list[list[str]]:
    """Arguments of every CMD, or of every health check's CMD, in the exec form."""
    pattern = rf"^{instruction} (\[.*\])$"
    return [json.loads(each) for each in re.findall(pattern, DOCKERFILE.read_text(), re.MULTILINE)]


def unit_values(unit: str, key: str) -> list[str]:
    """Values of a key of a systemd unit, in order."""
    return re.findall(rf"^{key}=(.*)$", (UNITS / unit).read_text(), re.MULTILINE)


def commands() -> Iterator[tuple[str, list[str]]]:
    """Every command of Voxpop that a deployment file starts, with its place."""
    for command in dockerfile_json("CMD"):
        yield f"{DOCKERFILE}", command
    for name, service in compose_services().items():
        if "build" in service and "command" in service:
            command = service["command"]
            told = shlex.split(command) if isinstance(command, str) else command
            yield f"{COMPOSE} {name}", told
    for name, pod in pods(rendered(ALL_OF_THE_CHART)).items():
        (container,) = pod["containers"]
        yield f"{CHART} {name}", [*container["command"], *container.get("args", [])]
    for unit in sorted(UNITS.glob("*.service")):
        (start,) = unit_values(unit.name, "ExecStart")
        yield f"{unit}", shlex.split(start.removeprefix(BINARIES))

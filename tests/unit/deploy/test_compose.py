"""The compose files: their schema, and that nothing of Voxpop's own may do more than it must."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from connectors.tracks.file import load_rules
from tests.unit.deploy.files import (
    COMPOSE,
    COMPOSE_EXPLAIN,
    COMPOSE_GPU,
    DOCKERFILE,
    compose_services,
)

OURS = [name for name, service in compose_services().items() if "build" in service]


@pytest.mark.parametrize("path", [COMPOSE, COMPOSE_EXPLAIN, COMPOSE_GPU], ids=str)
def test_it_keeps_the_schema_of_compose(path: Path) -> None:
    checker = Path(sys.executable).with_name("check-jsonschema")
    done = subprocess.run(
        [checker, "--builtin-schema", "vendor.compose-spec", path],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", OURS)
def test_our_containers_may_write_only_where_they_must(name: str) -> None:
    service = compose_services()[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    kept = [mount.split(":")[1] for mount in service.get("volumes", []) if mount[-3:] != ":ro"]
    written = [mount.split(":")[0] for mount in service["tmpfs"]]
    assert [*written, *kept] == ["/tmp", "/var/lib/voxpop"]


@pytest.mark.parametrize("name", OURS)
def test_our_images_are_stages_of_the_dockerfile(name: str) -> None:
    build = compose_services()[name]["build"]
    assert (COMPOSE.parent / build["context"] / build["dockerfile"]).samefile(DOCKERFILE)
    assert f" AS {build['target']}\n" in DOCKERFILE.read_text()


def test_whoever_is_waited_for_can_tell_that_it_is_ready() -> None:
    services = compose_services()
    for name, service in services.items():
        waits = service.get("depends_on", {})
        for other in waits:
            assert other in services, name
            if isinstance(waits, dict) and waits[other]["condition"] == "service_healthy":
                assert "healthcheck" in services[other], (name, other)


def test_ports_are_open_to_this_machine_alone() -> None:
    for name, service in compose_services().items():
        for port in service.get("ports", []):
            assert port.startswith("127.0.0.1:"), name


def test_a_gpu_is_added_to_a_service_that_is_there() -> None:
    assert set(yaml.safe_load(COMPOSE_GPU.read_text())["services"]) == {"worker"}


def test_prometheus_asks_the_services_under_the_jobs_of_the_rules() -> None:
    scraped = yaml.safe_load(Path("deploy/compose/prometheus.yml").read_text())["scrape_configs"]
    jobs = {each["job_name"]: each for each in scraped}
    plain = yaml.safe_load(Path("deploy/prometheus/prometheus.yml").read_text())["scrape_configs"]
    assert set(jobs) == {each["job_name"] for each in plain}
    for job in ("voxpop-worker", "voxpop-extract"):
        (workers,) = jobs[job]["dns_sd_configs"]
        assert workers["names"] == [job.removeprefix("voxpop-")]
        assert set(workers["names"]) <= set(compose_services())
        assert workers["port"] == 9100
    (api,) = jobs["voxpop-api"]["static_configs"]
    assert [target.split(":")[0] in compose_services() for target in api["targets"]] == [True]


def test_rules_are_mounted_where_they_are_tried_and_a_cursor_is_kept() -> None:
    services = compose_services()
    for name in ("extract", "ingest"):
        assert "./tracks:/etc/voxpop/tracks:ro" in services[name]["volumes"]
        assert "VOXPOP_TRACKS" in services[name]["environment"]
    assert load_rules(COMPOSE.parent / "tracks" / "example.yaml").tracks
    assert "cursors:/var/lib/voxpop" in services["ingest"]["volumes"]
    assert services["ingest"]["profiles"] == ["ingest"]


def test_the_worker_that_extracts_is_told_to_and_waits_for_no_redis() -> None:
    extract = compose_services()["extract"]
    assert extract["environment"]["VOXPOP_ROLE"] == "extract"
    assert set(extract["depends_on"]) == {"kafka", "topics"}


def test_what_explains_is_the_api_from_the_image_that_holds_the_model() -> None:
    services = yaml.safe_load(COMPOSE_EXPLAIN.read_text())["services"]
    assert set(services) == {"api"}
    assert services["api"]["build"] == compose_services()["worker"]["build"]
    assert "8420" in " ".join(services["api"]["healthcheck"]["test"])

"""Strimzi's topics and users are those of Voxpop, and in names that Strimzi knows."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from connectors.kafka.rights import RIGHTS
from connectors.kafka.topics import voxpop_topics
from deploy.strimzi.manifests import manifests, resource_name

FILE = Path("deploy/strimzi/voxpop.yaml")
# of the resource KafkaUser, kafka.strimzi.io/v1
OPERATIONS = {"Read", "Write", "Create", "Describe", "DescribeConfigs"}


def resources(kind: str, prefix: str = "") -> list[dict[str, Any]]:
    text = manifests("kafka", prefix, "voxpop", partitions=8, replication=3)
    return [each for each in yaml.safe_load_all(text) if each["kind"] == kind]


def test_the_file_is_what_the_command_prints() -> None:
    written = manifests("kafka", "", "voxpop", partitions=8, replication=3)
    assert FILE.read_text() == written, f"run `python -m deploy.strimzi.manifests > {FILE}`"


@pytest.mark.parametrize("prefix", ["", "blue-", "Blue_"])
def test_topics_are_those_that_doctor_wants(prefix: str) -> None:
    wanted = {each.name: each for each in voxpop_topics(prefix, 8, 3)}
    found = {
        each["spec"].get("topicName", each["metadata"]["name"]): each["spec"]
        for each in resources("KafkaTopic", prefix)
    }
    assert set(found) == set(wanted)
    for name, spec in found.items():
        assert spec["config"] == wanted[name].config
        assert (spec["partitions"], spec["replicas"]) == (8, 3)


def test_users_have_their_rights_and_no_others() -> None:
    for user in resources("KafkaUser", "blue-"):
        role = user["metadata"]["name"].removeprefix("blue-voxpop-")
        granted = {
            (acl["resource"]["type"], acl["resource"]["name"], operation)
            for acl in user["spec"]["authorization"]["acls"]
            for operation in acl["operations"]
        }
        assert granted == {
            (right.resource, right.thing("blue-", "blue-voxpop"), spoken(right.operation.name))
            for right in RIGHTS[role]
        }
        assert {operation for *_, operation in granted} <= OPERATIONS
    assert len(resources("KafkaUser")) == len(RIGHTS)


def spoken(operation: str) -> str:
    return "".join(word.capitalize() for word in operation.split("_"))


def test_a_name_that_kubernetes_cannot_have_is_refused() -> None:
    assert resource_name("Blue_posts.dlq") == "blue-posts.dlq"
    with pytest.raises(ValueError, match="another prefix"):
        resource_name("-posts")

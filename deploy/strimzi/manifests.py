"""Strimzi's resources for Voxpop's topics and users: `python -m deploy.strimzi.manifests`.

Prints them for `kubectl apply`; voxpop.yaml is what it prints by itself. Not for what topics and
rights there are: `connectors.kafka` knows that.
"""

import argparse
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import yaml

from connectors.kafka.rights import RIGHTS, Right, Role
from connectors.kafka.topics import DEFAULT_PARTITIONS, TopicSpec, voxpop_topics

API: Final = "kafka.strimzi.io/v1"
HEADER: Final = "# Written by `python -m deploy.strimzi.manifests`; docs/deployment.md\n"
Manifest = Mapping[str, Any]


def manifests(cluster: str, prefix: str, group: str, partitions: int, replication: int) -> str:
    """Topics and users as YAML.

    Args:
        cluster: name of the resource `Kafka`.
        prefix: stands before names of topics, users and the group (VOXPOP_TOPIC_PREFIX).
        group: the workers' group without the prefix (VOXPOP_GROUP).
        partitions: of each topic.
        replication: copies of each partition.
    """
    topics = (_topic(cluster, each) for each in voxpop_topics(prefix, partitions, replication))
    users = (_user(cluster, role, prefix, group) for role in RIGHTS)
    return HEADER + yaml.safe_dump_all([*topics, *users], sort_keys=False, width=120)


def _resource(kind: str, cluster: str, name: str, spec: Mapping[str, Any]) -> Manifest:
    metadata = {"name": resource_name(name), "labels": {"strimzi.io/cluster": cluster}}
    return {"apiVersion": API, "kind": kind, "metadata": metadata, "spec": spec}


def resource_name(name: str) -> str:
    """A name that Kubernetes takes, for one that Kafka takes.

    Raises:
        ValueError: it cannot be made one.
    """
    changed = name.lower().replace("_", "-")
    if not re.fullmatch(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?", changed):
        raise ValueError(f"{name!r} cannot be the name of a resource: choose another prefix")
    return changed


def _topic(cluster: str, topic: TopicSpec) -> Manifest:
    spec: dict[str, Any] = {"partitions": topic.partitions, "replicas": topic.replication}
    if resource_name(topic.name) != topic.name:
        spec["topicName"] = topic.name
    return _resource("KafkaTopic", cluster, topic.name, spec | {"config": dict(topic.config)})


def _user(cluster: str, role: Role, prefix: str, group: str) -> Manifest:
    authorization = {"type": "simple", "acls": list(_acls(role, prefix, group))}
    spec = {"authentication": {"type": "scram-sha-512"}, "authorization": authorization}
    return _resource("KafkaUser", cluster, f"{prefix}voxpop-{role}", spec)


def _acls(role: Role, prefix: str, group: str) -> Iterator[Mapping[str, Any]]:
    by_resource: dict[tuple[str, str, bool], list[Right]] = {}
    for right in RIGHTS[role]:
        thing = (right.resource, right.thing(prefix, prefix + group), right.any_ending)
        by_resource.setdefault(thing, []).append(right)
    for (kind, name, any_ending), rights in by_resource.items():
        pattern = "prefix" if any_ending else "literal"
        yield {
            "resource": {"type": kind, "name": name, "patternType": pattern},
            "operations": [_operation(right) for right in rights],
        }


def _operation(right: Right) -> str:
    return right.operation.name.title().replace("_", "")


def _main() -> None:
    options = argparse.ArgumentParser(prog="python -m deploy.strimzi.manifests")
    options.add_argument("--cluster", default="kafka", help="name of the resource Kafka")
    options.add_argument("--prefix", default="", help="VOXPOP_TOPIC_PREFIX")
    options.add_argument("--group", default="voxpop", help="VOXPOP_GROUP")
    options.add_argument("--partitions", type=int, default=DEFAULT_PARTITIONS)
    options.add_argument("--replication", type=int, default=3)
    print(manifests(**vars(options.parse_args())), end="")  # noqa: T201 - what it is for


if __name__ == "__main__":
    _main()

"""Write the lock of Kafka's jars anew: `python -m deploy.local.relock`.

Run by a person who raises Kafka's version; not part of starting the stack.
"""

import hashlib
from pathlib import Path

from deploy.local.jars import LOCK_FILE, LockedJar, jar_cache

KAFKA = "org.apache.kafka:kafka_2.13:4.1.2"
LOGGING = "org.apache.logging.log4j:log4j-slf4j-impl:2.25.3"
HEADER = """\
# Class path of the local Kafka broker: exact Maven coordinates and the SHA-256 of each jar.
# Made by `python -m deploy.local.relock`; do not edit by hand.
"""


def relock(path: Path = LOCK_FILE) -> list[LockedJar]:
    """Resolve Kafka and its logging, fetch every jar, and write the lock.

    Returns:
        The jars, in class path order.
    """
    import jgo  # noqa: PLC0415
    from jgo.maven import MavenContext  # noqa: PLC0415

    context = MavenContext(repo_cache=jar_cache())
    coordinates: dict[tuple[str, str], str] = {}
    for endpoint in (KAFKA, LOGGING):
        for artifact in jgo.resolve(endpoint):
            coordinates.setdefault((artifact.groupId, artifact.artifactId), artifact.version)
    jars = []
    for (group, name), version in coordinates.items():
        jar = context.project(group, name).at_version(version).artifact().resolve()
        jars.append(LockedJar(group, name, version, hashlib.sha256(jar.read_bytes()).hexdigest()))
    path.write_text(HEADER + "".join(map(_entry, jars)))
    return jars


def _entry(jar: LockedJar) -> str:
    return (
        f'\n[[jar]]\ngroup = "{jar.group}"\nartifact = "{jar.artifact}"\n'
        f'version = "{jar.version}"\nsha256 = "{jar.sha256}"\n'
    )


if __name__ == "__main__":
    relock()

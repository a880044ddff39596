"""One real Kafka and one real Valkey for the whole run; a topic prefix of its own for each test."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from uuid import uuid4

import pytest

from deploy.local import Endpoints, LocalStack


@pytest.fixture(scope="session")
def stack_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of the servers of this test run, by which `voxpop stack` knows them."""
    return tmp_path_factory.mktemp("stack")


@pytest.fixture(scope="session")
def stack(stack_folder: Path) -> Iterator[Endpoints]:
    """Where the servers of this test run listen: `.kafka` (host:port) and `.redis` (URL)."""
    servers = LocalStack(stack_folder)
    try:
        yield servers.start()
    finally:
        servers.stop()


@pytest.fixture
def prefix() -> str:
    """Put before every topic and key of a test, so that tests do not see each other's."""
    return f"t{uuid4().hex[:10]}-"


@pytest.fixture
def settings_env(stack: Endpoints, prefix: str, tmp_path: Path) -> Mapping[str, str]:
    """The VOXPOP_* variables with which a subprocess of this test reaches the servers."""
    return {
        "VOXPOP_KAFKA": stack.kafka,
        "VOXPOP_REDIS": stack.redis,
        "VOXPOP_TOPIC_PREFIX": prefix,
        "VOXPOP_GROUP": f"{prefix}voxpop",
        "VOXPOP_DATA_DIR": str(tmp_path / "data"),
    }

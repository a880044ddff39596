"""What a group may do is not known before its coordinator is: then nothing is missing."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.errors import KafkaError

from connectors.kafka import rights
from connectors.kafka.connection import KafkaConnection
from connectors.kafka.errors import BrokerUnreachableError

READ = 1 << 3  # of a group, as Kafka numbers operations


class Admin:
    """A client whose broker answers questions about groups with a code."""

    def __init__(self, code: int, allowed: int) -> None:
        self._code, self._allowed = code, allowed

    async def start(self) -> None:
        pass

    async def close(self) -> None:
        pass

    async def find_coordinator(self, _: str) -> int:
        return 1

    async def _send_request(self, *_: Any) -> Any:
        return SimpleNamespace(groups=[(self._code, "g", "", "", "", [], self._allowed)])


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> Callable[[int, int], None]:
    def answer(code: int, allowed: int) -> None:
        monkeypatch.setattr(rights, "AIOKafkaAdminClient", lambda **_: Admin(code, allowed))

    return answer


@pytest.mark.parametrize("code", [14, 15, 16])
async def test_where_the_coordinator_is_not_known_yet_nothing_is_missing(
    answering: Callable[[int, int], None], code: int
) -> None:
    answering(code, 0)
    assert await rights.missing_for_group(KafkaConnection("k:9092"), "worker", "voxpop") == []


async def test_a_right_that_the_coordinator_denies_is_missing(
    answering: Callable[[int, int], None],
) -> None:
    answering(0, 0)
    (missing,) = await rights.missing_for_group(KafkaConnection("k:9092"), "worker", "voxpop")
    assert "voxpop" in missing
    answering(0, READ)
    assert await rights.missing_for_group(KafkaConnection("k:9092"), "worker", "voxpop") == []


async def test_another_error_is_told(answering: Callable[[int, int], None]) -> None:
    answering(-1, 0)
    with pytest.raises(BrokerUnreachableError) as told:
        await rights.missing_for_group(KafkaConnection("k:9092"), "worker", "voxpop")
    assert isinstance(told.value.__cause__, KafkaError)

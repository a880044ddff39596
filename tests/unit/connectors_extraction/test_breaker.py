"""A host that does not answer is left alone for a while, then tried once."""

import asyncio
from contextlib import suppress

import pytest

from connectors.extraction.errors import AbsentReason, MediaError
from connectors.extraction.fetching import breaker
from connectors.extraction.fetching.breaker import (
    BLAMED_AFTER_S,
    FAILURES,
    FIRST_PAUSE_S,
    LONGEST_PAUSE_S,
    HostBreaker,
)


class Hosts:
    """A breaker whose clock a test moves."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.breaker = HostBreaker(lambda: self.now_s)

    def ask(
        self, host: str = "dead", raises: BaseException | None = None, after_s: float = 0.0
    ) -> bool:
        """Whether the host was asked."""
        try:
            with self.breaker.asked(host):
                self.now_s += after_s
                if raises is not None:
                    raise raises
        except MediaError as error:
            return error.reason is not AbsentReason.HOST_FAILS
        except (OSError, asyncio.CancelledError):
            pass
        return True

    def fail(self, times: int = FAILURES) -> None:
        for _ in range(times):
            assert self.ask(raises=OSError())


@pytest.fixture
def hosts() -> Hosts:
    return Hosts()


def test_after_failures_in_a_row_a_host_is_not_asked_and_others_are(hosts: Hosts) -> None:
    hosts.fail()
    assert not hosts.ask()
    assert hosts.ask("alive")


def test_an_answer_between_failures_begins_the_row_again(hosts: Hosts) -> None:
    hosts.fail(FAILURES - 1)
    assert hosts.ask(raises=MediaError(AbsentReason.REFUSED, "HTTP 404"))
    hosts.fail(FAILURES - 1)
    assert hosts.ask()


def test_after_the_pause_one_request_tries_and_an_answer_ends_it(hosts: Hosts) -> None:
    hosts.fail()
    hosts.now_s = FIRST_PAUSE_S
    with hosts.breaker.asked("dead"):
        assert not hosts.ask()
    assert hosts.ask()


def test_each_try_that_fails_doubles_the_pause_up_to_its_bound(hosts: Hosts) -> None:
    hosts.fail()
    pause_s = FIRST_PAUSE_S
    for _ in range(6):
        hosts.now_s += pause_s
        hosts.fail(1)
        pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
        hosts.now_s += pause_s - 1
        assert not hosts.ask()
        hosts.now_s += 1 - pause_s


def test_only_a_request_that_had_its_time_tells_of_its_host_when_it_is_given_up(
    hosts: Hosts,
) -> None:
    for _ in range(2 * FAILURES):
        hosts.ask(raises=asyncio.CancelledError())
    assert hosts.ask()
    for _ in range(FAILURES):
        hosts.ask("slow", asyncio.CancelledError(), after_s=BLAMED_AFTER_S)
    assert not hosts.ask("slow")


def test_a_host_is_not_blamed_for_what_was_waited_for_besides_it(hosts: Hosts) -> None:
    for _ in range(FAILURES):
        with suppress(asyncio.CancelledError), hosts.breaker.asked("busy") as asked:
            with asked.blameless():
                hosts.now_s += BLAMED_AFTER_S
            raise asyncio.CancelledError
        with (
            suppress(asyncio.CancelledError),
            hosts.breaker.asked("busy") as asked,
            asked.blameless(),
        ):
            hosts.now_s += BLAMED_AFTER_S
            raise asyncio.CancelledError
    assert hosts.ask("busy")


def test_a_try_that_tells_nothing_leaves_the_next_one_to_try(hosts: Hosts) -> None:
    hosts.fail()
    hosts.now_s = FIRST_PAUSE_S
    assert hosts.ask(raises=asyncio.CancelledError())
    assert hosts.ask()


def test_no_more_hosts_are_remembered_than_allowed(
    hosts: Hosts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(breaker, "MOST_HOSTS", 2)
    for name in "abc":
        for _ in range(FAILURES):
            hosts.ask(name, OSError())
    assert hosts.ask("a")
    assert not hosts.ask("c")

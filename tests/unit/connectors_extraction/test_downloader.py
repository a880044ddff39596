"""Media are fetched within bounds, and from nowhere that they could not be fetched from anyway."""

import asyncio
import gzip
import ssl
from collections.abc import AsyncIterator, Awaitable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Protocol

import pytest
import trustme

from connectors.extraction.errors import AbsentReason, MediaError
from connectors.extraction.fetching import destination, resolver
from connectors.extraction.fetching.breaker import FAILURES
from connectors.extraction.fetching.destination import OwnHosts
from connectors.extraction.fetching.downloader import USER_AGENT, Downloader, FetchLimits
from tests.unit.connectors_extraction.media_files import picture, plain
from tests.unit.connectors_extraction.media_server import (
    HERE,
    MediaServer,
    Names,
    media_server,
    ok,
    redirect,
)

PNG = picture(plain((1, 2, 3)))


@pytest.fixture
async def server() -> AsyncIterator[MediaServer]:
    async with media_server() as found:
        yield found


async def at_once() -> None:
    """There is room for every body."""


class Fetch(Protocol):
    async def __call__(
        self, path: str, *, names: Names | None = None, own: str | None = None, **limits: float
    ) -> bytes: ...


@pytest.fixture
async def fetch(server: MediaServer) -> AsyncIterator[Fetch]:
    """Fetches a path of the server, which is one of the own hosts, or a whole URL."""
    async with AsyncExitStack() as stack:

        async def run(
            path: str, *, names: Names | None = None, own: str | None = None, **limits: float
        ) -> bytes:
            hosts = OwnHosts.parse(f"media.test:{server.port}" if own is None else own)
            bounds = FetchLimits(
                most_bytes=int(limits.get("most_bytes", 100_000)),
                total_s=limits.get("total_s", 20.0),
                own=hosts,
            )
            downloader = Downloader(bounds, names or Names(media=HERE))
            await stack.enter_async_context(downloader)
            url = server.url(path) if path[0] == "/" else path
            return await downloader.fetch("image", url, at_once)

        yield run


async def reason(fetching: Awaitable[bytes]) -> AbsentReason:
    with pytest.raises(MediaError) as absent:
        await fetching
    return absent.value.reason


async def test_a_medium_is_fetched_by_a_client_that_says_who_it_is(
    server: MediaServer, fetch: Fetch, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "netrc").write_text("machine media.test login me password secret")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9/")
    server.answers["/a.png"] = ok(PNG, Set_Cookie="a=b")
    assert await fetch("/a.png") == PNG
    await fetch("/a.png")
    sent = server.requests[1].lower()
    assert f"user-agent: {USER_AGENT}".lower().encode() in sent
    assert b"accept-encoding: identity" in sent
    assert b"cookie" not in sent
    assert b"authorization" not in sent


async def test_a_host_that_cannot_be_reached_is_left_alone(server: MediaServer) -> None:
    limits = FetchLimits(own=OwnHosts.parse(f"media.test:{server.port}"))
    async with Downloader(limits, Names()) as downloader:
        for _ in range(FAILURES):
            assert (
                await reason(downloader.fetch("image", server.url("/a"), at_once)) == "unreachable"
            )
        assert await reason(downloader.fetch("image", server.url("/a"), at_once)) == "host_fails"
    assert not server.requests


async def test_a_body_that_is_announced_too_long_is_not_read(
    server: MediaServer, fetch: Fetch
) -> None:
    server.answers["/a"] = ok(PNG, Content_Length="1000000")
    server.held.add("/a")
    assert await reason(fetch("/a")) == AbsentReason.TOO_LARGE


async def test_an_endless_body_is_left_at_the_bound(server: MediaServer, fetch: Fetch) -> None:
    server.answers["/a"] = ok(PNG, Content_Length="", Connection="close")
    server.endless["/a"] = bytes(10_000)
    assert await reason(fetch("/a")) == AbsentReason.TOO_LARGE


async def test_a_body_longer_than_announced_is_no_medium(server: MediaServer, fetch: Fetch) -> None:
    server.answers["/a"] = ok(PNG, Content_Length="100", Connection="close")
    assert await reason(fetch("/a")) == AbsentReason.UNREACHABLE


async def test_endless_chunks_are_left_at_the_bound(server: MediaServer, fetch: Fetch) -> None:
    head = ok(b"", Content_Length="", Transfer_Encoding="chunked")
    server.answers["/a"] = head
    server.endless["/a"] = b"2710\r\n" + bytes(10_000) + b"\r\n"
    assert await reason(fetch("/a")) == AbsentReason.TOO_LARGE


async def test_a_body_shorter_than_announced_is_no_medium(
    server: MediaServer, fetch: Fetch
) -> None:
    server.answers["/a"] = ok(PNG, Content_Length=str(len(PNG) + 1))
    assert await reason(fetch("/a")) == AbsentReason.UNREACHABLE


@pytest.mark.parametrize("begun", [b"", b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n", None])
async def test_a_slow_answer_is_given_up(
    server: MediaServer, fetch: Fetch, begun: bytes | None
) -> None:
    server.answers["/a"] = ok(PNG, Content_Length="9999") if begun is None else begun
    server.held.add("/a")
    assert await reason(fetch("/a", total_s=0.2)) == AbsentReason.TOO_SLOW


async def test_endless_headers_are_refused(server: MediaServer, fetch: Fetch) -> None:
    server.answers["/a"] = b"HTTP/1.1 200 OK\r\nX: "
    server.endless["/a"] = b"x" * 10_000
    assert await reason(fetch("/a")) == AbsentReason.UNREACHABLE


@pytest.mark.parametrize("status", [b"404 Not Found", b"206 Partial Content", b"500 Oops"])
async def test_only_200_is_a_medium(server: MediaServer, fetch: Fetch, status: bytes) -> None:
    server.answers["/a"] = ok(PNG).replace(b"200 OK", status)
    assert await reason(fetch("/a")) == AbsentReason.REFUSED


async def test_a_packed_body_is_never_unpacked(server: MediaServer, fetch: Fetch) -> None:
    server.answers["/a"] = ok(gzip.compress(bytes(10_000_000)), Content_Encoding="gzip")
    assert await reason(fetch("/a")) == AbsentReason.REFUSED


async def test_a_page_is_no_picture_whatever_it_is_called(
    server: MediaServer, fetch: Fetch
) -> None:
    server.answers["/a"] = ok(PNG, "text/html; charset=utf-8")
    server.answers["/b"] = ok(b"<html>", "image/png")
    server.answers["/c"] = ok(b"fLaC" + bytes(99), "image/png")
    assert await reason(fetch("/a")) == AbsentReason.WRONG_TYPE
    assert await reason(fetch("/b")) == AbsentReason.UNSUPPORTED_FORMAT
    assert await reason(fetch("/c")) == AbsentReason.WRONG_TYPE


async def test_three_redirects_are_followed_and_no_more(server: MediaServer, fetch: Fetch) -> None:
    server.answers |= {f"/{n}": redirect(f"/{n + 1}", 301 + n % 3) for n in range(4)}
    server.answers["/4"] = ok(PNG)
    assert await fetch("/1") == PNG
    assert await reason(fetch("/0")) == AbsentReason.TOO_MANY_REDIRECTS


@pytest.mark.parametrize(
    "to",
    [
        "http://127.0.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://inside.test/",
        "http://[::1]/",
        "http://127.1/",
        "file:///etc/passwd",
        "http://media.test:22/",
        "http://user:secret@media.test/",
        "http://[bad/",
    ],
)
async def test_a_redirect_leads_nowhere_that_a_post_could_not(
    server: MediaServer, fetch: Fetch, to: str
) -> None:
    server.answers["/a"] = redirect(to)
    names = Names(media=HERE, inside="10.0.0.1")
    assert await reason(fetch("/a", names=names)) == AbsentReason.FORBIDDEN_ADDRESS
    assert len(server.requests) == 1


@pytest.mark.parametrize("addresses", ["127.0.0.1", "10.0.0.1", "8.8.8.8,192.168.0.1", "::1"])
async def test_a_name_that_leads_to_a_private_address_is_not_fetched_from(
    fetch: Fetch, addresses: str
) -> None:
    names = Names(inside=addresses)
    refused = fetch("http://inside.test/a", names=names, own="")
    assert await reason(refused) == AbsentReason.FORBIDDEN_ADDRESS


async def test_a_number_that_the_system_takes_for_this_machine_is_not_fetched_from(
    server: MediaServer, fetch: Fetch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(destination, "PORTS", (server.port,))
    for host in ("127.1", "2130706433", "0.0.0.0", "[::ffff:127.0.0.1]"):
        assert await reason(fetch(server.url("/a", host))) == AbsentReason.FORBIDDEN_ADDRESS
    assert server.requests == []


@pytest.fixture
def only_here_is_public(monkeypatch: pytest.MonkeyPatch, server: MediaServer) -> None:
    monkeypatch.setattr(resolver, "is_public", HERE.__eq__)
    monkeypatch.setattr(destination, "PORTS", (server.port,))


@pytest.mark.usefixtures("only_here_is_public")
async def test_a_name_that_changes_its_address_is_judged_at_each_connection(
    server: MediaServer, fetch: Fetch
) -> None:
    names = Names(rebinding="127.0.0.1 127.0.0.2")
    server.answers["/a"] = redirect("/b")
    server.answers["/b"] = ok(PNG)
    url = server.url("/a", "rebinding.test")
    assert await reason(fetch(url, names=names, own="")) == AbsentReason.FORBIDDEN_ADDRESS
    assert names.asked == ["rebinding.test"] * 2
    assert len(server.requests) == 1


@pytest.mark.usefixtures("only_here_is_public")
async def test_a_connection_goes_to_the_address_that_was_judged(
    server: MediaServer, fetch: Fetch
) -> None:
    names = Names(rebinding="127.0.0.1 127.0.0.2")
    server.answers["/b"] = ok(PNG)
    assert await fetch(server.url("/b", "rebinding.test"), names=names, own="") == PNG
    assert names.asked == ["rebinding.test"]


async def test_an_unknown_name_and_a_closed_port_are_unreachable(fetch: Fetch) -> None:
    assert await reason(fetch("http://unknown.test/a")) == AbsentReason.UNREACHABLE
    assert await reason(fetch("http://127.0.0.1:9/", own="127.0.0.1:9")) == AbsentReason.UNREACHABLE


async def test_a_certificate_of_nobody_known_is_not_trusted() -> None:
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    trustme.CA().issue_cert("media.test").configure_cert(tls)
    async with media_server(tls) as server:
        server.answers["/a"] = ok(PNG)
        limits = FetchLimits(own=OwnHosts.parse(f"media.test:{server.port}"))
        async with Downloader(limits, Names(media=HERE)) as downloader:
            fetching = downloader.fetch("image", f"https://media.test:{server.port}/a", at_once)
            assert await reason(fetching) == AbsentReason.UNREACHABLE
        assert server.requests == []


async def test_waiting_for_room_is_no_time_that_the_server_takes(server: MediaServer) -> None:
    server.answers["/a"] = ok(PNG)
    bounds = FetchLimits(total_s=0.2, own=OwnHosts.parse(f"media.test:{server.port}"))
    async with Downloader(bounds, Names(media=HERE)) as downloader:

        async def longer_than_a_download_may_take() -> None:
            await asyncio.sleep(2 * bounds.total_s)

        url = server.url("/a")
        assert await downloader.fetch("image", url, longer_than_a_download_may_take) == PNG


async def test_what_is_not_kept_takes_no_room(server: MediaServer) -> None:
    server.answers |= {"/type": ok(PNG, "text/html"), "/long": ok(PNG, Content_Length="999999")}
    bounds = FetchLimits(most_bytes=1000, own=OwnHosts.parse(f"media.test:{server.port}"))
    async with Downloader(bounds, Names(media=HERE)) as downloader:

        async def never() -> None:
            raise AssertionError

        found = [
            await reason(downloader.fetch("image", server.url(path), never))
            for path in server.answers
        ]
    assert found == ["wrong_type", "too_large"]

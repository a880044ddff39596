"""Where a post's URL may lead is decided before a name is resolved."""

import pytest

from connectors.extraction.errors import AbsentReason, MediaError
from connectors.extraction.fetching.destination import OwnHosts, destination

NONE = OwnHosts({})


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org/a.png",
        "http://example.org",
        "https://example.org:443/a?b=c",
        "http://example.org:443/",
        "https://bücher.example/ä.png",
        "http://8.8.8.8/a",
        "http://[2606:4700::1111]/a",
    ],
)
def test_public_places_are_allowed(url: str) -> None:
    assert destination(url, NONE).scheme in {"http", "https"}


@pytest.mark.parametrize(
    "url",
    [
        "",
        "a.png",
        "//example.org/a",
        "ftp://example.org/a",
        "file:///etc/passwd",
        "gopher://example.org/",
        "data:image/png;base64,AAAA",
        "https://user:secret@example.org/",
        "https://user@example.org/",
        "http://example.org:22/",
        "http://example.org:8080/",
        "http://example.org:0/",
        "http://example.org:99999/",
        "http://example.org/ a",
        "http://example.org/\r\nHost: other",
        "http://127.0.0.1/",
        "http://127.1/",
        "http://2130706433/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[fe80::1%25eth0]/",
        "http://[64:ff9b::7f00:1]/",
        "http://\uff11\uff12\uff17.0.0.1/",
        "https://example.org/" + "a" * 3000,
    ],
)
def test_other_places_are_forbidden(url: str) -> None:
    with pytest.raises(MediaError) as refused:
        destination(url, NONE)
    assert refused.value.reason == AbsentReason.FORBIDDEN_ADDRESS
    assert "secret" not in str(refused.value)


def test_a_fragment_is_not_sent() -> None:
    assert str(destination("https://example.org/a#b", NONE)) == "https://example.org/a"


def test_own_hosts_may_be_private_and_have_their_own_ports() -> None:
    own = OwnHosts.parse("cdn.internal, 127.0.0.1:8080,[::1]:9000, CDN.internal:81")
    for url in (
        "http://cdn.internal/",
        "https://CDN.internal/",
        "http://cdn.internal:81/",
        "http://127.0.0.1:8080/",
        "http://[::1]:9000/",
    ):
        destination(url, own)
    for url in ("http://cdn.internal:82/", "http://127.0.0.1/", "http://[::1]:8080/"):
        with pytest.raises(MediaError):
            destination(url, own)


@pytest.mark.parametrize("hosts", ["http://a", "a/b", "a:b", "user@a", "a:99999", ":80"])
def test_own_hosts_that_are_none_are_refused(hosts: str) -> None:
    with pytest.raises(ValueError, match="host"):
        OwnHosts.parse(hosts)

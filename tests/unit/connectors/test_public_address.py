"""Which addresses belong to the public internet, however they are written."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.public_address import is_numeric, is_public

PRIVATE = [
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "127.0.0.1",
    "169.254.169.254",
    "172.16.0.1",
    "192.0.0.8",
    "192.0.2.1",
    "192.168.1.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_that_is_not_public_is_not_so_in_any_wrapping(address: str) -> None:
    number = int(ipaddress.IPv4Address(address))
    assert not is_public(address)
    assert not is_public(f"::ffff:{address}")
    assert not is_public(f"::ffff:0:{address}")
    assert not is_public(f"::{address}")
    assert not is_public(f"64:ff9b::{address}")
    assert not is_public(str(ipaddress.IPv6Address((0x2002 << 112) | (number << 80) | 1)))


@pytest.mark.parametrize(
    "address",
    [
        "::",
        "::1",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "fd12:3456::1",
        "fec0::1",
        "ff02::1",
        "2001::1",
        "2001:db8::1",
        "3fff::1",
        "5f00::1",
        "64:ff9b:1::808:808",
        "100::1",
        "127.1",
        "2130706433",
        "localhost",
        "",
    ],
)
def test_what_is_private_reserved_or_no_address_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "8.8.8.8",
        "1.1.1.1",
        "2606:4700::1111",
        "::ffff:8.8.8.8",
        "64:ff9b::8.8.8.8",
        "2002:808:808::1",
    ],
)
def test_a_public_address_is_public_in_any_wrapping(address: str) -> None:
    assert is_public(address)


@given(st.ip_addresses())
def test_what_python_calls_not_global_is_never_public(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    assert not is_public(str(address)) or address.is_global or "." in str(address)


@pytest.mark.parametrize("host", ["127.1", "2130706433", "1.2.3.4", "::1", "fe80::1%1"])
def test_what_no_resolver_is_asked_for_is_numeric(host: str) -> None:
    assert is_numeric(host)


@pytest.mark.parametrize("host", ["example.org", "0x7f000001", "1e100.net"])
def test_a_name_is_not_numeric(host: str) -> None:
    assert not is_numeric(host)

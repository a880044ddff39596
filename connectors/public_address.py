"""Whether an IP address is one of the public internet, whatever it is wrapped in.

Not for names: whoever resolves one judges each address that comes of it.
"""

import ipaddress
from typing import Final

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# Prefixes by which IPv6 leads to IPv4, and where the IPv4 address stands in them: bits from the
# right. Python calls the first two global.
_WRAPPING: Final = (
    (ipaddress.IPv6Network("64:ff9b::/96"), 0),  # NAT64, RFC 6052
    (ipaddress.IPv6Network("2002::/16"), 80),  # 6to4, RFC 3056
    (ipaddress.IPv6Network("::ffff:0:0:0/96"), 0),  # translated, RFC 2765
    (ipaddress.IPv6Network("::/96"), 0),  # compatible, RFC 4291
)
_NEVER: Final = (
    ipaddress.IPv6Network("2001::/32"),  # Teredo, RFC 4380: leads to somebody's own network
    ipaddress.IPv6Network("64:ff9b:1::/48"),  # NAT64 of an own network, RFC 8215
    ipaddress.IPv6Network("fec0::/10"),  # site-local, RFC 3879
    ipaddress.IPv6Network("5f00::/16"),  # segment routing, RFC 9602
    ipaddress.IPv6Network("3fff::/20"),  # documentation, RFC 9637
    ipaddress.IPv4Network("192.0.0.0/24"),  # protocols' own; Python calls some of them global
    ipaddress.IPv4Network("192.88.99.0/24"),  # 6to4 relays, RFC 7526
)


def unwrapped(text: str) -> Address:
    """The address that packets reach: the IPv4 address within one of IPv6, where there is one.

    Raises:
        ValueError: it is no address.
    """
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.is_loopback or address.is_unspecified:
        return address
    for network, shift in _WRAPPING:
        if address in network:
            return ipaddress.IPv4Address(int(address) >> shift & 0xFFFFFFFF)
    return address


def is_numeric(host: str) -> bool:
    """Whether a host is taken for an address, so that no resolver is asked and none can judge it.

    It need not be one: aiohttp connects to `127.1` or `2130706433` as they are, which the system
    then takes for 127.0.0.1.
    """
    return ":" in host or host.replace(".", "").isdigit()


def is_public(text: str) -> bool:
    """Whether an address belongs to the public internet and to one machine.

    False of private, loopback, link-local (so of the clouds' metadata services), carrier's,
    reserved, unspecified and multicast addresses, and of IPv6 that leads to any of them.

    False also of what is no address, such as `127.1`.
    """
    try:
        address = unwrapped(text)
    except ValueError:
        return False
    if any(address in each for each in _NEVER):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved

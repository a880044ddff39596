"""Names to addresses, judged: a connection goes to exactly what was judged here.

aiohttp asks its resolver once a connection and connects to what it answers, so that a name that
means another address a moment later (DNS rebinding) gains nothing.
"""

import socket

from aiohttp.abc import AbstractResolver, ResolveResult

from connectors.extraction.errors import AbsentReason, MediaError
from connectors.extraction.fetching.destination import OwnHosts
from connectors.public_address import is_public


class JudgedResolver(AbstractResolver):
    """Resolves names, and refuses one of whose addresses any is not public.

    Args:
        resolver: asked for the addresses; closed with this one.
        own: hosts that need not be public.
    """

    def __init__(self, resolver: AbstractResolver, own: OwnHosts) -> None:
        self._resolver = resolver
        self._own = own

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Every address of a host.

        Raises:
            MediaError: forbidden_address.
            OSError: it has none.
        """
        found = await self._resolver.resolve(host, port, family)
        if not self._own.has(host):
            for each in found:
                if not is_public(each["host"]):
                    raise MediaError(
                        AbsentReason.FORBIDDEN_ADDRESS, f"{host[:100]} leads to {each['host']}"
                    )
        return found

    async def close(self) -> None:
        """Close the resolver that is asked."""
        await self._resolver.close()

"""Whether a service can be reached, decided by the same rules about proxies as every request."""

from __future__ import annotations

import asyncio

from gptalk_client.addresses import Address
from gptalk_client.errors import GptalkError
from gptalk_client.providers.proxies import choose_proxy


async def can_connect(url: str, *, proxy: str | None = None) -> bool:
    """Return whether the service, or the proxy in front of it, accepts connections. Sends nothing.

    Args:
        url: The service's address.
        proxy: A proxy's URL; None or empty takes the environment's. Loopback takes none.
    """
    try:
        address = Address.parse(url)
        first_hop = choose_proxy(address, proxy) or address
        _, writer = await asyncio.open_connection(first_hop.host, first_hop.port)
    except (GptalkError, OSError, UnicodeError):
        return False
    writer.close()
    return True

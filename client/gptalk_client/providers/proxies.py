"""Which proxy a connection takes: the given one, else the environment's; loopback never takes one."""

from __future__ import annotations

from gptalk_client.addresses import Address, Proxy
from gptalk_client.errors import ConfigError


def choose_proxy(address: Address, given: str | None) -> Proxy | None:
    """Return the proxy for an address, or None for a direct connection.

    Args:
        address: Where the connection goes.
        given: The proxy from the settings, which overrides `NO_PROXY`; None or empty takes the environment's.

    Raises:
        ConfigError: The proxy's address is malformed or of an unsupported kind. None of it is quoted.
    """
    if address.is_loopback:
        return None
    url, name = given or _from_environment(address), "The proxy" if given else "The environment's proxy"
    if not url:
        return None
    if url.lower().startswith("socks"):
        raise ConfigError(f"{name}: SOCKS proxies are not supported.", hint="Use an http:// proxy.")
    return Proxy.parse(url if "://" in url else f"http://{url}", name)


def _from_environment(address: Address) -> str | None:
    # Imported late: it costs as much as the rest of the client together.
    from urllib.request import getproxies, proxy_bypass

    host = f"[{address.host}]" if ":" in address.host else address.host
    if proxy_bypass(f"{host}:{address.port}"):
        return None
    proxies = getproxies()
    return proxies.get(address.scheme) or proxies.get("all")

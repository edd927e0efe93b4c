"""Which proxy a connection takes: the given one, else the environment's; loopback never takes one."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from gptalk_client.errors import ConfigError
from gptalk_client.providers.addresses import Address


@dataclass(frozen=True, slots=True)
class ProxyChoice:
    """A proxy that can be used."""

    url: str = field(repr=False)
    """With the password, if it has one: do not show."""
    name: str
    """Its host and port, for people."""
    is_tls: bool
    """Whether the proxy itself is spoken to over TLS."""


def choose_proxy(address: Address, given: str | None) -> ProxyChoice | None:
    """Return the proxy for an address, or None for a direct connection.

    Args:
        address: Where the connection goes.
        given: A proxy of the settings, which wins over `NO_PROXY`; None or empty takes the environment's.

    Raises:
        ConfigError: The proxy is malformed or of a kind that is not supported. Its password is not shown.
    """
    if address.is_loopback:
        return None
    if given:
        return _parse(given, "The proxy of the settings")
    # Imported late: it costs as much as the rest of the client together.
    from urllib.request import getproxies, proxy_bypass

    host = f"[{address.host}]" if ":" in address.host else address.host
    if proxy_bypass(f"{host}:{address.port}"):
        return None
    proxies = getproxies()
    found = proxies.get(address.scheme) or proxies.get("all")
    return _parse(found, "The proxy of the environment") if found else None


def _parse(url: str, what: str) -> ProxyChoice:
    if "://" not in url:
        url = f"http://{url}"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ConfigError(f"{what} is malformed.") from None
    if parts.scheme.startswith("socks"):
        raise ConfigError(f"{what} is a SOCKS proxy, which is not supported.", hint="Give an http:// proxy.")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigError(f"{what} must be an http:// or https:// address.")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    name = f"{host}:{port}" if port else host
    return ProxyChoice(url=url, name=name, is_tls=parts.scheme == "https")

"""Addresses of services and proxies: checked, taken apart, and as much of them as may be shown.

The address of an embedded endpoint carries a secret in its path, so the path of a loopback address is never shown.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from gptalk_client.errors import ConfigError

_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Address:
    """The base address of a service."""

    base: str = field(repr=False)
    """What paths are appended to, without a trailing slash. May hold a secret: do not show."""
    scheme: str
    host: str
    """In lower case, IPv6 without brackets."""
    port: int
    origin: str
    """`scheme://host[:port]`, as a browser sends it."""
    query: str = field(default="", repr=False)
    """What follows every path, such as `?api-version=1`; usually empty. May hold a secret: do not show."""

    @classmethod
    def parse(cls, url: str, name: str = "The service's address", *, takes_query: bool = False) -> Address:
        """Return the parts of an address.

        Args:
            url: `http://` or `https://`, a host, and optionally a port and a path.
            name: What to call it in an error, such as `--url`.
            takes_query: Whether it may have a query.

        Raises:
            ConfigError: It is not such an address, or has a user name, a fragment, or a query that it may not
                have. It is not quoted.
        """
        parts, port = _split(url, name)
        if parts.scheme not in _DEFAULT_PORTS:
            raise ConfigError(f"{name}: an address starts with http:// or https://.")
        if "@" in parts.netloc:
            raise ConfigError(f"{name}: an address can't contain a user name or password.")
        if not parts.hostname:
            raise ConfigError(f"{name}: the address has no host.")
        if parts.fragment or (parts.query and not takes_query):
            raise ConfigError(f"{name}: an address ends with its path, without ? or #.")
        default_port = _DEFAULT_PORTS[parts.scheme]
        origin = f"{parts.scheme}://{_host_and_port(parts.hostname, None if port == default_port else port)}"
        return cls(
            base=origin + parts.path.rstrip("/"),
            scheme=parts.scheme,
            host=parts.hostname,
            port=port or default_port,
            origin=origin,
            query=f"?{parts.query}" if parts.query else "",
        )

    @property
    def whole(self) -> str:
        """The address as it can be parsed again. May hold a secret: do not show."""
        return self.base + self.query

    @property
    def service(self) -> str:
        """The host, and the port if it is unusual: the name for people."""
        return self.origin.partition("://")[2]

    @property
    def is_loopback(self) -> bool:
        """Whether this machine itself is meant."""
        return is_loopback(self.host)

    @property
    def public(self) -> str:
        """The address as it may be shown: without the path of a loopback address."""
        return self.origin if self.is_loopback else self.base


@dataclass(frozen=True, slots=True)
class Proxy:
    """The address of a proxy."""

    url: str = field(repr=False)
    """With the password, if it has one: do not show."""
    scheme: str
    host: str
    port: int
    name: str
    """Its host and port, for people."""

    @classmethod
    def parse(cls, url: str, name: str) -> Proxy:
        """Return the parts of a proxy's address. SOCKS passes; it is refused only when a connection needs it.

        Raises:
            ConfigError: It is not a proxy's address. None of it is quoted.
        """
        parts, port = _split(url, name)
        if parts.scheme not in ("http", "https", "socks5", "socks5h") or not parts.hostname:
            raise ConfigError(f"{name}: write a proxy as http://host:port or https://host:port.")
        return cls(
            url=url,
            scheme=parts.scheme,
            host=parts.hostname,
            port=port or _DEFAULT_PORTS.get(parts.scheme, 1080),
            name=_host_and_port(parts.hostname, port),
        )


def with_scheme(typed: str) -> str:
    """Return an address as a person typed it, with the scheme that it lacks.

    It is `http` on this computer and at addresses of the local network, which have no certificate, else `https`.
    """
    typed = typed.strip()
    if "://" in typed:
        return typed
    try:
        host = urlsplit(f"//{typed}").hostname or ""
    except ValueError:
        host = ""
    return f"http://{typed}" if is_loopback(host) or _is_private(host) else f"https://{typed}"


def _is_private(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return False


def is_loopback(host: str) -> bool:
    """Return whether a host name or address is this machine itself."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _split(url: str, name: str) -> tuple[SplitResult, int | None]:
    if not url.isprintable() or " " in url:
        raise ConfigError(f"{name}: an address can't contain spaces or control characters.")
    try:
        parts = urlsplit(url)
        return parts, parts.port
    except ValueError:
        raise ConfigError(f"{name}: that is not an address.") from None


def _host_and_port(host: str, port: int | None) -> str:
    shown = f"[{host}]" if ":" in host else host
    return shown if port is None else f"{shown}:{port}"

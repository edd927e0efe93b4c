"""The address of a service: where it is called, and how much of it may be shown.

An embedded endpoint's address carries a secret as its path, so the path of a loopback address is never shown.
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
    """What paths are added to, without a slash at its end. May hold a secret: do not show."""
    scheme: str
    host: str
    """In lower case, IPv6 without brackets."""
    port: int
    origin: str
    """`scheme://host[:port]`, as a browser sends it."""

    @classmethod
    def parse(cls, url: str) -> Address:
        """Return the parts of an address.

        Raises:
            ConfigError: It is no http or https address, or it holds a password, a query or a fragment.
        """
        parts, port = _split(url)
        if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
            raise ConfigError(
                "The address of the service must begin with http:// or https:// and name a host."
            )
        if parts.username is not None or parts.query or parts.fragment:
            raise ConfigError(
                "The address of the service must hold no user name, password, query or fragment."
            )
        host = parts.hostname
        shown = f"[{host}]" if ":" in host else host
        if port is not None and port != _DEFAULT_PORTS[parts.scheme]:
            shown += f":{port}"
        origin = f"{parts.scheme}://{shown}"
        return cls(
            base=origin + parts.path.rstrip("/"),
            scheme=parts.scheme,
            host=host,
            port=port or _DEFAULT_PORTS[parts.scheme],
            origin=origin,
        )

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


def is_loopback(host: str) -> bool:
    """Return whether a host name or address is this machine itself."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _split(url: str) -> tuple[SplitResult, int | None]:
    try:
        if not url.isprintable() or " " in url:
            raise ValueError
        parts = urlsplit(url)
        return parts, parts.port
    except ValueError:
        raise ConfigError("The address of the service is malformed.") from None

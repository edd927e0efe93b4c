"""Access to the endpoint: only for programs on this computer that know the secret.

A web page in a browser on this computer can send requests to loopback, and by rebinding a name of its own to
127.0.0.1 it can also read the answers. Checking `Host` stops the second, checking `Origin` the first, and the
secret in the path stops other users of the computer.
"""

from __future__ import annotations

import hmac

import msgspec
from starlette.types import ASGIApp, Receive, Scope, Send

_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
_HTTP_PORT = 80
"""The port that clients leave out."""


class Guard:
    """Admits only requests that are meant for this endpoint, and strips the secret from the path."""

    def __init__(self, app: ASGIApp, *, secret: str, port: int) -> None:
        self._app = app
        self._prefix = f"/{secret}/".encode()
        self._hosts = {f"{host}:{port}" for host in _LOOPBACK}
        if port == _HTTP_PORT:
            self._hosts.update(_LOOPBACK)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Respond with 403 or 404, or pass the request on."""
        if scope["type"] != "http":
            raise RuntimeError("the endpoint speaks HTTP only")
        headers: dict[bytes, list[str]] = {}
        for name, value in scope["headers"]:
            headers.setdefault(name, []).append(value.decode("latin-1"))
        hosts, origins = headers.get(b"host", []), headers.get(b"origin", [])
        if len(hosts) != 1 or hosts[0].lower() not in self._hosts:
            await refuse(send, 403, "This endpoint answers under its loopback address only.")
        elif len(origins) > 1 or not all(self._is_own(origin) for origin in origins):
            await refuse(send, 403, "This endpoint answers no page of another origin.")
        elif not self._knows_secret(scope["path"]):
            await refuse(send, 404, "There is nothing here.")
        else:
            path = scope["path"][len(self._prefix) - 1 :]
            await self._app({**scope, "path": path, "raw_path": path.encode()}, receive, send)

    def _knows_secret(self, path: str) -> bool:
        given = path.encode("utf-8", "surrogateescape")[: len(self._prefix)]
        return hmac.compare_digest(given, self._prefix)

    def _is_own(self, origin: str) -> bool:
        """Whether an origin is this endpoint's. A path is tolerated: clients send their whole base address."""
        scheme, _, rest = origin.partition("://")
        return scheme == "http" and rest.partition("/")[0].lower() in self._hosts


async def refuse(send: Send, status: int, reason: str) -> None:
    """Respond with a reason, as the protocol's `code` and `msg`."""
    body = msgspec.json.encode({"code": status, "msg": reason})
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),  # an idle connection is for those who know the secret
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})

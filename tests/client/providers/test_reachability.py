"""Whether a service can be reached: directly, through a proxy, and never by sending a request unasked."""

from __future__ import annotations

import pytest

from gptalk_client.providers.reachability import can_connect
from support.raw_server import Connection, RawServer


async def refuse(connection: Connection) -> None:
    await connection.request()
    await connection.answer({}, status="404 Not Found")


async def test_a_probe_connects_and_sends_nothing() -> None:
    async with RawServer(refuse) as server:
        assert await can_connect(server.url)
        assert server.requests == []
    assert not await can_connect("http://127.0.0.1:1")


@pytest.mark.parametrize(
    "url", ["ftp://x", "http://", "http://host\u20ac..test", "https://no.such.host.invalid"]
)
async def test_an_address_without_a_service_cannot_be_reached(url: str) -> None:
    assert not await can_connect(url)


async def test_a_probe_takes_the_proxy_that_a_turn_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    async with RawServer(refuse) as server:
        assert await can_connect("https://service.invalid", proxy=server.url)
        monkeypatch.setenv("HTTPS_PROXY", server.url)
        assert await can_connect("https://service.invalid")
        monkeypatch.setenv("NO_PROXY", "service.invalid")
        assert not await can_connect("https://service.invalid")
        assert server.requests == []
    assert not await can_connect("https://service.invalid", proxy="http://127.0.0.1:1")
    assert not await can_connect("https://service.invalid", proxy="socks5://127.0.0.1:1")

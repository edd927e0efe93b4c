"""Proxies, certificates, and what the logs show of either."""

from __future__ import annotations

import asyncio
import logging
import ssl
from contextlib import suppress
from pathlib import Path

import pytest

from gptalk_client.addresses import Address, is_loopback
from gptalk_client.errors import ConfigError, GptalkError, NetworkError, ProxyError, TLSError
from gptalk_client.providers import http
from gptalk_client.providers.gptalk import GPTalk
from gptalk_client.providers.proxies import choose_proxy
from gptalk_client.providers.redaction import redact, redact_http_logs
from gptalk_client.settings import Timeouts
from support.gptalk_wire import LOGIN_TOKEN, STREAM_TOKEN, Outcome, gptalk, paths_of, run_turn
from support.raw_server import Connection, RawServer, Request

TLS = Path(__file__).parents[2] / "support" / "tls"
SECRET = "PASSWORD-CANARY"


async def turn_at(url: str, proxy: str | None = None) -> Outcome:
    provider = GPTalk(url=url, proxy=proxy, timeouts=Timeouts(connect_s=5))
    try:
        return await run_turn(provider)
    finally:
        await provider.aclose()


def at(server: RawServer, scheme: str = "http") -> str:
    return f"{scheme}://user:{SECRET}@127.0.0.1:{server.port}"


# Through a proxy


forward = gptalk()
"""A plain proxy is asked for whole addresses; this one answers as the service itself."""


async def test_a_proxy_carries_the_turn_and_gets_its_password() -> None:
    async with RawServer(forward) as server:
        outcome = await turn_at("http://service.test", at(server))
        assert (outcome.text, outcome.error) == ("Hi", None)
        for request in server.requests:
            assert request.target.startswith("http://service.test/api/")
            assert request.headers["proxy-authorization"].startswith("Basic ")


@pytest.mark.parametrize("variable", ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"])
async def test_the_environments_proxy_is_used(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with RawServer(forward) as server:
        monkeypatch.setenv(variable, at(server))
        assert (await turn_at("http://service.test")).text == "Hi"


@pytest.mark.parametrize("exception", ["service.test", ".test", "*", "other, service.test:80"])
async def test_the_environments_exceptions_hold(exception: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", exception)
    outcome = await turn_at("http://service.test")
    assert isinstance(outcome.error, NetworkError)
    assert "No such host" in outcome.error.message


@pytest.mark.parametrize("no_proxy", ["[::1]", "::1", "[", "http://[::1", "*.x, [::1]:80", "\u20ac"])
async def test_odd_no_proxy_values_are_harmless(no_proxy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", no_proxy)
    async with RawServer(forward) as server:
        monkeypatch.setenv("HTTP_PROXY", at(server))
        assert (await turn_at("http://service.test")).text == "Hi"


@pytest.mark.parametrize("given", [None, "http://127.0.0.1:9"])
async def test_loopback_is_never_proxied(given: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    async with RawServer(gptalk()) as server:
        assert (await turn_at(server.url, given)).text == "Hi"


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "x.localhost", "127.0.0.1", "127.9.9.9", "::1"])
def test_loopback_is_recognised_by_any_of_its_names(host: str) -> None:
    assert is_loopback(host.lower())
    shown = f"[{host}]" if ":" in host else host
    assert choose_proxy(Address.parse(f"http://{shown}:80"), "http://proxy.test") is None


@pytest.mark.parametrize(
    "host", ["127.0.0.1.evil.test", "localhost.evil.test", "10.0.0.1", "0x7f.1", "nolocalhost"]
)
def test_other_names_are_no_loopback(host: str) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_proxy_that_asks_for_a_password(scheme: str) -> None:
    async def refuse(connection: Connection) -> None:
        await connection.request()
        await connection.answer(
            b"", status="407 Proxy Authentication Required", headers="content-type: text/html\r\n"
        )

    async with RawServer(refuse) as server:
        outcome = await turn_at(f"{scheme}://service.test", at(server))
    assert isinstance(outcome.error, ProxyError)
    assert "password" in outcome.error.message
    assert SECRET not in outcome.error.for_humans()


async def test_a_proxy_that_refuses_the_tunnel() -> None:
    async def refuse(connection: Connection) -> None:
        await connection.request()
        await connection.answer(b"", status="503 REASON-CANARY")

    async with RawServer(refuse) as server:
        outcome = await turn_at("https://service.test", at(server))
    assert isinstance(outcome.error, ProxyError)
    assert "(503)" in outcome.error.message
    assert "CANARY" not in outcome.error.message


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_an_unreachable_proxy(scheme: str) -> None:
    async with RawServer(forward) as server:
        gone = at(server)
    outcome = await turn_at(f"{scheme}://service.test", gone)
    assert isinstance(outcome.error, ProxyError)
    assert SECRET not in outcome.error.for_humans()


@pytest.mark.parametrize(
    "proxy",
    [f"socks5://user:{SECRET}@127.0.0.1:1", f"socks://x:{SECRET}@y", f"ftp://user:{SECRET}@x", f"http://:{SECRET}@",
     f"http://user:{SECRET}@x:port", f"http://user:{SECRET}@[::1", f"http://user:{SECRET}@x:99999", f"http://user:{SECRET}@256.1.1.1"],
)  # fmt: skip
async def test_a_proxy_that_cannot_be_used_is_a_setting_to_correct(
    proxy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = await turn_at("http://service.test", proxy)
    monkeypatch.setenv("ALL_PROXY", proxy)
    found = await turn_at("http://service.test")
    for outcome in (given, found):
        assert type(outcome.error) is ConfigError
        assert SECRET not in outcome.error.for_humans()
        assert ("SOCKS" in outcome.error.message) == proxy.startswith("socks")


def test_a_choice_of_proxy_does_not_show_its_password() -> None:
    choice = choose_proxy(Address.parse("http://service.test"), f"http://user:{SECRET}@proxy.test:8080")
    assert choice is not None
    assert SECRET in choice.url
    assert SECRET not in repr(choice)


# Certificates


def server_context(name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / f"{name}.pem")
    return context


async def test_a_trusted_certificate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(TLS / "good.pem"))
    async with RawServer(gptalk(), tls=server_context("good")) as server:
        outcome = await turn_at(server.url)
        assert (outcome.text, outcome.error) == ("Hi", None)
        assert len(server.connections) == 1


@pytest.mark.parametrize(
    ("name", "trusted", "says"),
    [("good", "", "self-signed"), ("expired", "expired", "expired")],
    ids=["nobody vouches for it", "it is expired"],
)
async def test_an_invalid_certificate(
    name: str, trusted: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(TLS / f"{trusted}.pem"))
    async with RawServer(gptalk(), tls=server_context(name)) as server:
        outcome = await turn_at(server.url)
        assert type(outcome.error) is TLSError
        assert says in outcome.error.message.replace("self signed", "self-signed")
        assert outcome.retries == []
        assert len(server.connections) <= 1
        assert server.requests == []


async def test_a_certificate_of_another_name_behind_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(TLS / "good.pem"))

    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                writer.write(data)
        writer.close()

    async with RawServer(gptalk(), tls=server_context("good")) as service:

        async def tunnel(connection: Connection) -> None:
            request = await connection.request()
            assert request is not None
            assert (request.method, request.target) == ("CONNECT", "service.test:443")
            reader, writer = await asyncio.open_connection("127.0.0.1", service.port)
            await connection.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await asyncio.gather(copy(connection.reader, writer), copy(reader, connection.writer))

        async with RawServer(tunnel) as proxy:
            outcome = await turn_at("https://service.test", at(proxy))
    assert type(outcome.error) is TLSError
    assert "service.test" in outcome.error.message


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize(
    ("name", "trusted"),
    [("good", ""), ("expired", "expired")],
    ids=["nobody vouches for it", "it is expired"],
)
async def test_a_proxy_whose_certificate_is_not_good_gets_nothing(
    name: str, trusted: str, scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(TLS / f"{trusted}.pem"))
    async with RawServer(forward, tls=server_context(name)) as server:
        outcome = await turn_at(f"{scheme}://service.test", at(server, "https"))
        assert type(outcome.error) is TLSError
        assert outcome.retries == []
        assert server.requests == []


async def test_a_proxy_whose_certificate_is_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(TLS / "good.pem"))
    async with RawServer(forward, tls=server_context("good")) as server:
        assert (await turn_at("http://service.test", at(server, "https"))).text == "Hi"


async def test_a_server_that_speaks_no_tls() -> None:
    async def plain(connection: Connection) -> None:
        await connection.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await connection.client_gone()

    async with RawServer(plain) as server:
        outcome = await turn_at(server.url.replace("http:", "https:"))
    assert type(outcome.error) is TLSError


def test_nothing_turns_verification_off() -> None:
    folder = Path(__file__).parents[3] / "client" / "gptalk_client"
    for file in folder.rglob("*.py"):
        text = file.read_text()
        for way in ("CERT_NONE", "check_hostname = False", "verify=False", "_create_unverified_context"):
            assert way not in text, file


# No connection


async def test_a_host_that_does_not_exist() -> None:
    outcome = await turn_at("http://nowhere.test")
    assert type(outcome.error) is NetworkError
    assert "nowhere.test" in outcome.error.message


@pytest.mark.parametrize("host", ["a..test", f"{'a' * 64}.test", "."])
async def test_a_name_that_no_host_can_have(host: str) -> None:
    outcome = await turn_at(f"http://{host}")
    assert type(outcome.error) is NetworkError
    assert f"No such host: {host}" in outcome.error.message
    outcome = await turn_at("http://service.test", f"http://{host}")
    assert type(outcome.error) is ProxyError


async def test_a_port_where_nobody_listens() -> None:
    async with RawServer(forward) as server:
        url = server.url + "/PATH-CANARY"
    outcome = await turn_at(url)
    assert type(outcome.error) is NetworkError
    assert "Nothing answers at 127.0.0.1" in outcome.error.message
    assert "CANARY" not in outcome.error.for_humans()


# What the logs show


async def test_no_log_shows_a_token_a_secret_path_or_a_key(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    async def cut(connection: Connection, request: Request) -> None:
        cookie = "set-cookie: sid=COOKIE-CANARY; path=/\r\n"
        await connection.start_stream(headers=f"content-type: text/event-stream\r\n{cookie}")
        await connection.chunk(b'data: {"content": "Hi"}\n\n')
        raise ConnectionAbortedError

    async with RawServer(gptalk(stream=cut)) as server:
        outcome = await turn_at(server.url + "/PATH-CANARY")
        assert paths_of(server.requests) == ["login", "text", "stream"]
    assert isinstance(outcome.error, GptalkError)
    assert "HTTP Request: GET" in caplog.text
    assert "sid" not in caplog.text
    for secret in (LOGIN_TOKEN, STREAM_TOKEN, "PATH-CANARY", "COOKIE-CANARY"):
        assert secret not in caplog.text
        assert secret not in repr(outcome.error) + outcome.error.for_humans()


def test_a_request_does_not_show_what_it_carries() -> None:
    request = http.Request(
        "POST", "/x", {"authorization": "HEADER-CANARY"}, {"token": "QUERY-CANARY"}, b"BODY-CANARY"
    )
    assert "CANARY" not in repr(request)


def test_no_traceback_of_the_http_client_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    redact_http_logs()
    redact_http_logs()
    for name in ("httpx", "httpcore.connection", "httpcore.http11", "httpcore.proxy"):
        logging.getLogger(name).error(
            "it failed", exc_info=ValueError(f"http://x.test/?token={STREAM_TOKEN}")
        )
    assert caplog.text.count("it failed") == 4
    assert STREAM_TOKEN not in caplog.text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("GET https://x.test/stream?token=abc%20d&b=1", "GET https://x.test/stream?token=[hidden]&b=1"),
        ("(b'Authorization', b'Bearer abc.d-e')", "(b'Authorization', b'Bearer [hidden]')"),
        (
            "GET https://x.test/models?v=1&api_key=abc&b=1",
            "GET https://x.test/models?v=1&api_key=[hidden]&b=1",
        ),
        ("(b'x-api-key', b'abc')", "(b'x-api-key', b'[hidden]')"),
        ("authorization: Basic abc", "authorization: [hidden]"),
        ("http://user:pw@proxy.test:1", "http://[hidden]@proxy.test:1"),
        ("http://127.0.0.1:4711/s3cret/api/x?token=y", "http://127.0.0.1:4711/[hidden]?token=[hidden]"),
        ("http://localhost/s3cret", "http://localhost/[hidden]"),
        ("(b'Set-Cookie', b'sid=1; path=/')", "(b'Set-Cookie', b'[hidden]')"),
        ("connect_tcp.started host='x.test' port=1", "connect_tcp.started host='x.test' port=1"),
    ],
)
def test_redaction(text: str, expected: str) -> None:
    assert redact(text) == expected

"""The three requests of the GPTalk protocol, served by an engine.

login, submit, stream: a fingerprint gets a login, a login and a prompt get a one-time token, the token gets
the reply as events that each repeat the whole text so far. All paths lie under a secret that changes at each
start, so a client that knows only the base address works unchanged.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from gptalk_client.embedded.engine import Engine
from gptalk_client.embedded.guard import Guard
from gptalk_client.embedded.prompt import parse_prompt
from gptalk_client.embedded.token_store import TokenStore
from gptalk_client.errors import GptalkError
from gptalk_client.json_decoding import JsonError, decode

_log = logging.getLogger(__name__)

_MAX_BODY_BYTES = 8 << 20
_EVENT_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
]


@dataclass(frozen=True, slots=True)
class EndpointTimeouts:
    """How long tokens and silences last, in seconds."""

    login_s: float = 3600
    stream_token_s: float = 60
    keepalive_s: float = 10
    """Resend the last event after this much silence, as a keep-alive."""


@dataclass(slots=True)
class _Reply:
    """What the engine has written so far, and whether it has finished."""

    text: str = ""
    error: str = ""
    ended: bool = False
    changed: asyncio.Event = field(default_factory=asyncio.Event)


class _Refused(Exception):
    """A request that is refused with a reason."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class Endpoint:
    """The protocol's state: logins, submitted prompts, replies in progress."""

    def __init__(self, engine: Engine, timeouts: EndpointTimeouts | None = None) -> None:
        """Start without logins.

        Args:
            engine: What writes the replies.
            timeouts: How long tokens and silences last.
        """
        self._engine = engine
        self._timeouts = timeouts or EndpointTimeouts()
        self._logins: TokenStore[str] = TokenStore(lifetime_s=self._timeouts.login_s, limit=1000)
        self._prompts: TokenStore[Mapping[str, Any]] = TokenStore(
            lifetime_s=self._timeouts.stream_token_s, limit=100
        )
        self._writing: set[asyncio.Task[None]] = set()

    def app(self, *, secret: str, port: int) -> ASGIApp:
        """Return the guarded application.

        Args:
            secret: What the path begins with.
            port: The port that it listens on, for the check of `Host` and `Origin`.
        """
        routes = [
            Route("/api/chatgpt/user/login", self._login, methods=["POST"]),
            Route("/api/chatgpt/chatapi/text", self._submit, methods=["POST"]),
            Route("/api/chatgpt/chatapi/stream", self._stream, methods=["GET"]),
        ]
        inner = Starlette(routes=routes, exception_handlers={_Refused: _answer_refused})
        inner.router.redirect_slashes = False
        return Guard(inner, secret=secret, port=port)

    async def aclose(self) -> None:
        """Stop the replies in progress."""
        for task in self._writing:
            task.cancel()
        await asyncio.gather(*self._writing, return_exceptions=True)

    async def _login(self, request: Request) -> Response:
        body = await _read_object(request)
        fingerprint = body.get("fingerprint")
        if not isinstance(fingerprint, str) or not fingerprint:
            raise _Refused(400, "The fingerprint is missing.")
        token = self._logins.issue(fingerprint)
        return _answer({"data": {"token": token, "expires_at": int(time.time() + self._timeouts.login_s)}})

    async def _submit(self, request: Request) -> Response:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or self._logins.look_up(token.strip()) is None:
            raise _Refused(401, "The login is unknown or expired.")
        body = await _read_object(request)
        content = body.get("content")
        if not isinstance(content, str) or not content.strip():
            raise _Refused(400, "The prompt is missing.")
        return _answer({"data": {"token": self._prompts.issue(body)}})

    async def _stream(self, request: Request) -> ASGIApp:
        body = self._prompts.redeem(request.query_params.get("token", ""))
        if body is None:
            raise _Refused(401, "The stream token is unknown, used or expired.")
        return _EventStream(self, body)

    def write(self, body: Mapping[str, Any]) -> tuple[_Reply, asyncio.Task[None]]:
        """Start a reply; cancel the task to stop it."""
        reply = _Reply()
        task = asyncio.create_task(self._write(body, reply))
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)
        return reply, task

    async def _write(self, body: Mapping[str, Any], reply: _Reply) -> None:
        messages = parse_prompt(body["content"])
        try:
            async with aclosing(self._engine.stream(messages, body)) as pieces:
                async for piece in pieces:
                    reply.text += piece
                    reply.changed.set()
        except asyncio.CancelledError:
            # A reply that was cut off must not look complete.
            reply.error = "The endpoint was stopped."
            raise
        except GptalkError as err:
            reply.error = err.for_humans()
        except Exception:  # noqa: BLE001 - whatever the engine raises, its client is told instead of waiting
            _log.exception("the engine failed")
            reply.error = "The engine failed with an internal error."
        finally:
            reply.ended = True
            reply.changed.set()

    @property
    def keepalive_s(self) -> float:
        """How long a stream may stay silent, in seconds."""
        return self._timeouts.keepalive_s


class _EventStream:
    """One reply as events.

    Not a `StreamingResponse`: that one learns that its client has left only when it sends, which it does not
    while the engine reads a long prompt. And here a slow client gets the newest text, not every event.
    """

    def __init__(self, endpoint: Endpoint, body: Mapping[str, Any]) -> None:
        self._endpoint = endpoint
        self._body = body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send events until the reply ends or the client disconnects."""
        await send({"type": "http.response.start", "status": 200, "headers": _EVENT_HEADERS})
        gone = asyncio.create_task(_until_gone(receive))
        reply, writing = self._endpoint.write(self._body)
        gone.add_done_callback(lambda _: reply.changed.set())
        try:
            async with aclosing(self._events(reply)) as events:
                async for event in events:
                    if gone.done():
                        return
                    await send({"type": "http.response.body", "body": event, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            writing.cancel()
            gone.cancel()

    async def _events(self, reply: _Reply) -> AsyncGenerator[bytes, None]:
        sent = ""
        while not reply.ended:
            with suppress(TimeoutError):
                await asyncio.wait_for(reply.changed.wait(), self._endpoint.keepalive_s)
            reply.changed.clear()
            if not reply.ended:
                sent = reply.text
                yield _event({"content": sent})
        if reply.text != sent:
            yield _event({"content": reply.text})
        yield _event({"error": reply.error}) if reply.error else b"data: [DONE]\n\n"


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _event(data: Mapping[str, str]) -> bytes:
    return b"data: " + msgspec.json.encode(data) + b"\n\n"


def _answer(data: Mapping[str, Any], status: int = 200) -> Response:
    return Response(msgspec.json.encode(data), status_code=status, media_type="application/json")


def _answer_refused(_request: Request, err: Exception) -> Response:
    assert isinstance(err, _Refused)
    return _answer({"code": err.status, "msg": err.reason}, err.status)


async def _read_object(request: Request) -> dict[str, Any]:
    """Return the JSON object of a request's body."""
    data = bytearray()
    try:
        async for part in request.stream():
            data += part
            if len(data) > _MAX_BODY_BYTES:
                raise _Refused(413, "The request is too big.")
        body = decode(data)
    except JsonError as err:
        raise _Refused(400, f"The request is not JSON: {err}.") from err
    except ClientDisconnect as err:
        raise _Refused(400, "The request broke off.") from err
    if not isinstance(body, dict):
        raise _Refused(400, "The request is not a JSON object.")
    return body

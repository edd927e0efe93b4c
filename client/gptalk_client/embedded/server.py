"""The three requests of the GPTalk protocol, served by an engine.

login, submit, stream: a fingerprint gets a login, a login and a prompt get a one-time token, the token gets
the reply as events that each repeat the whole text so far. All paths lie under a secret that changes at each
start, so a client that knows only the base address works unchanged.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from gptalk_client.embedded.engine import Engine, Reasoning
from gptalk_client.embedded.guard import Guard
from gptalk_client.embedded.prompt import ChatMessage, parse_prompt, read_messages
from gptalk_client.embedded.token_store import FullError, TokenStore
from gptalk_client.errors import GptalkError
from gptalk_client.json_decoding import JsonError, decode
from gptalk_client.providers.base import Rewritten
from gptalk_client.providers.reply_bound import MAX_REPLY_BYTES

_log = logging.getLogger(__name__)

MAX_PROMPT_BYTES = 8 << 20
"""The largest submit body, in bytes."""

MAX_HELD_BYTES = 128 << 20
"""How much all prompts may take together from their first byte to the end of their replies, in bytes."""

MAX_WAITING_PROMPTS = 100
"""How many prompts may wait to be asked for."""

MAX_LOGINS = 1000
"""How many logins there may be at a time; one for each fingerprint."""

_MAX_LOGIN_BYTES = 256 << 10
_BUSY_S = 1.0  # after which to ask again: a prompt rarely waits longer
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
    request_s: float = 30
    """How long a request may take to arrive."""


@dataclass(frozen=True, slots=True)
class _Prompt:
    """A submitted prompt."""

    messages: list[ChatMessage]
    options: Mapping[str, Any]
    """The plain members of the submit body; the engine picks what it knows."""
    size_bytes: int
    """Of the submit body."""


@dataclass(slots=True)
class _Reply:
    """What the engine has written so far, and whether it has finished."""

    text: str = ""
    reasoning: str = ""
    error: str = ""
    ended: bool = False
    changed: asyncio.Event = field(default_factory=asyncio.Event)


class _Refused(Exception):
    """A request that is refused with a reason."""

    def __init__(self, status: int, reason: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.retry_after_s = retry_after_s


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
        self._logins: TokenStore[str] = TokenStore(lifetime_s=self._timeouts.login_s, limit=MAX_LOGINS)
        self._prompts: TokenStore[_Prompt] = TokenStore(
            lifetime_s=self._timeouts.stream_token_s, limit=MAX_WAITING_PROMPTS, on_expired=self.forget
        )
        self._held_bytes = 0
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
        body, _ = await _read_object(request, _MAX_LOGIN_BYTES)
        fingerprint = body.get("fingerprint")
        if not isinstance(fingerprint, str) or not fingerprint:
            raise _Refused(400, "The fingerprint is missing.")
        try:
            token = self._logins.renew(fingerprint) or self._logins.issue(fingerprint)
        except FullError as err:
            raise _Refused(429, "There are too many logins.", retry_after_s=err.wait_s) from err
        expires_at = int(time.time() + self._timeouts.login_s)
        return _answer({"data": {"token": token, "expires_at": expires_at, "accepts": ["messages"]}})

    async def _submit(self, request: Request) -> Response:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or self._logins.look_up(token.strip()) is None:
            raise _Refused(401, "The login is unknown or expired.")
        body, size_bytes = await _read_object(request, MAX_PROMPT_BYTES, self._hold)
        try:
            content = body.get("content")
            if not isinstance(content, str) or not content.strip():
                raise _Refused(400, "The prompt is missing.")
            messages = read_messages(body["messages"]) if "messages" in body else parse_prompt(content)
            if messages is None:
                raise _Refused(400, "The messages are not of the form that this endpoint takes.")
            options = {name: value for name, value in body.items() if isinstance(value, str | int | float)}
            del options["content"]
            token = self._prompts.issue(_Prompt(messages, options, size_bytes))
        except FullError as err:
            self._hold(-size_bytes)
            raise _Refused(429, "Too many prompts are waiting.", retry_after_s=_BUSY_S) from err
        except BaseException:
            self._hold(-size_bytes)
            raise
        return _answer({"data": {"token": token}})

    def _hold(self, size_bytes: int) -> None:
        """Count bytes of a prompt as held, or as released if negative."""
        if size_bytes > 0 and self._held_bytes + size_bytes > MAX_HELD_BYTES:
            self._prompts.drop_expired()
            if self._held_bytes + size_bytes > MAX_HELD_BYTES:
                raise _Refused(429, "The waiting prompts take too much memory.", retry_after_s=_BUSY_S)
        self._held_bytes += size_bytes

    def forget(self, prompt: _Prompt) -> None:
        """Release the bytes of a prompt that was answered or has expired."""
        self._hold(-prompt.size_bytes)

    async def _stream(self, request: Request) -> ASGIApp:
        prompt = self._prompts.redeem(request.query_params.get("token", ""))
        if prompt is None:
            raise _Refused(401, "The stream token is unknown, used or expired.")
        return _EventStream(self, prompt)

    def write(self, prompt: _Prompt) -> tuple[_Reply, asyncio.Task[None]]:
        """Start a reply; cancel the task to stop it."""
        reply = _Reply()
        task = asyncio.create_task(self._write(prompt, reply))
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)
        return reply, task

    async def _write(self, prompt: _Prompt, reply: _Reply) -> None:
        size_bytes = 0
        try:
            async with aclosing(self._engine.stream(prompt.messages, prompt.options)) as pieces:
                async for piece in pieces:
                    size_bytes += len(piece.encode("utf-8", "replace"))
                    if size_bytes > MAX_REPLY_BYTES:
                        reply.error = "The reply is too long."
                        break
                    if isinstance(piece, Reasoning):
                        reply.reasoning += piece
                    elif isinstance(piece, Rewritten):
                        reply.text = str(piece)
                    else:
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

    def __init__(self, endpoint: Endpoint, prompt: _Prompt) -> None:
        self._endpoint = endpoint
        self._prompt = prompt

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send events until the reply ends or the client disconnects."""
        try:
            await self._send_all(receive, send)
        finally:
            self._endpoint.forget(self._prompt)

    async def _send_all(self, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": _EVENT_HEADERS})
        gone = asyncio.create_task(_until_gone(receive))
        reply, writing = self._endpoint.write(self._prompt)
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
        sent = {"content": ""}
        while not reply.ended:
            with suppress(TimeoutError):
                await asyncio.wait_for(reply.changed.wait(), self._endpoint.keepalive_s)
            reply.changed.clear()
            if not reply.ended:
                sent = self._so_far(reply)
                yield _event(sent)
        if (last := self._so_far(reply)) != sent:
            yield _event(last)
        yield _event({"error": reply.error}) if reply.error else b"data: [DONE]\n\n"

    def _so_far(self, reply: _Reply) -> dict[str, str]:
        """Return the text, and the reasoning for a client whose submit body asked for it."""
        asks = self._prompt.options.get("reasoning") is True
        return {"content": reply.text, **({"reasoning": reply.reasoning} if asks else {})}


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _event(data: Mapping[str, str]) -> bytes:
    return b"data: " + msgspec.json.encode(data) + b"\n\n"


def _answer(data: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(
        msgspec.json.encode(data), status_code=status, headers=headers, media_type="application/json"
    )


def _answer_refused(_request: Request, err: Exception) -> Response:
    assert isinstance(err, _Refused)
    wait_s = err.retry_after_s
    headers = None if wait_s is None else {"retry-after": str(max(1, math.ceil(wait_s)))}
    return _answer({"code": err.status, "msg": err.reason}, err.status, headers)


async def _read_object(
    request: Request, max_bytes: int, hold: Callable[[int], None] = lambda _: None
) -> tuple[dict[str, Any], int]:
    """Return the JSON object of a request's body, and the body's size in bytes.

    Args:
        request: The request.
        max_bytes: The largest body.
        hold: Called with the size of each part as it arrives; if the body is refused, with that of all, negative.
    """
    data = bytearray()
    try:
        async for part in request.stream():
            hold(len(part))
            data += part
            if len(data) > max_bytes:
                raise _Refused(413, "The request is too big.")
        body = decode(data)
        if not isinstance(body, dict):
            raise _Refused(400, "The request is not a JSON object.")
    except BaseException as err:
        hold(-len(data))
        if isinstance(err, JsonError):
            raise _Refused(400, f"The request is not JSON: {err}.") from err
        if isinstance(err, ClientDisconnect):
            raise _Refused(400, "The request broke off.") from err
        raise
    return body, len(data)

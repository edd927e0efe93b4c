"""Any OpenAI-compatible server as the engine: the endpoint becomes a relay to it."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpx
import msgspec

from gptalk_client.embedded.engine import sampling
from gptalk_client.embedded.errors import EngineError
from gptalk_client.embedded.prompt import ChatMessage
from gptalk_client.errors import ConfigError
from gptalk_client.models import DEFAULT_MODEL

KEY_VARIABLES = ("GPTALK_UPSTREAM_KEY", "OPENAI_API_KEY")
"""Where the key is looked for, in this order."""

_MAX_LINE_BYTES = 1 << 20
_MAX_REASON_BYTES = 1 << 16


def key_from_environment() -> str:
    """Return the key for the upstream, or an empty string.

    Raises:
        ConfigError: It holds what no header may hold.
    """
    for name in KEY_VARIABLES:
        if key := os.environ.get(name, "").strip():
            if not (key.isascii() and key.isprintable()):
                raise ConfigError(f"{name} holds characters that no key has.", hint="Set it again.")
            return key
    return ""


def base_address(url: str) -> str:
    """Return the address under which `chat/completions` lies, without a slash at the end.

    `http://host:8000` and `http://host:8000/v1/chat/completions` both become `http://host:8000/v1`.

    Raises:
        ConfigError: It is no address of a server.
    """
    try:
        parts = urlsplit(url.strip())
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise ConfigError(
            "The address of the upstream cannot be used.",
            hint="Give it as http://host:port or https://host/v1.",
        )
    path = parts.path.rstrip("/").removesuffix("/chat/completions")
    return urlunsplit((parts.scheme, parts.netloc, path or "/v1", "", ""))


class UpstreamEngine:
    """A relay to an OpenAI-compatible server."""

    def __init__(self, url: str, *, model: str = "", key: str = "") -> None:
        """Prepare the relay; nothing is sent yet.

        Args:
            url: The server's address, with or without `/v1`.
            model: The model to ask for whatever the client asks for; empty takes the client's if the server
                has it, else the server's first.
            key: Sent as a bearer token if it is not empty. Never logged.

        Raises:
            ConfigError: The address cannot be used.
        """
        self._base = base_address(url)
        self._model = model
        self._offered: list[str] | None = None
        self.name = model or urlsplit(self._base).hostname or "upstream"
        headers = {"authorization": f"Bearer {key}"} if key else {}
        # A model behind a queue may think long before its first word; it is the client who gives up.
        timeout = httpx.Timeout(connect=10, read=300, write=30, pool=30)
        try:
            self._client = httpx.AsyncClient(headers=headers, timeout=timeout, follow_redirects=False)
        except (ValueError, httpx.InvalidURL) as err:
            raise ConfigError("A proxy variable of the environment cannot be used.") from err

    async def stream(
        self, messages: Sequence[ChatMessage], options: Mapping[str, Any]
    ) -> AsyncGenerator[str, None]:
        """Yield the reply piece by piece; see `Engine.stream`."""
        try:
            model = await self._choose(str(options.get("model") or ""))
            body = {"model": model, "messages": list(messages), "stream": True, **sampling(options)}
            async with self._client.stream("POST", f"{self._base}/chat/completions", json=body) as response:
                await _check(response)
                async for piece in _pieces(response):
                    yield piece
        except httpx.HTTPError as err:
            raise EngineError(_in_words(err), hint="Check --upstream, then try again.") from err

    async def _choose(self, asked: str) -> str:
        if self._model:
            return self._model
        if self._offered is None:
            self._offered = await self._models()
        if asked in self._offered or not self._offered:
            return asked or DEFAULT_MODEL
        return self._offered[0]

    async def _models(self) -> list[str]:
        """Ask for the names on offer. A server without that call is taken at the client's word."""
        response = await self._client.get(f"{self._base}/models")
        try:
            data = msgspec.json.decode(response.content) if response.is_success else {}
        except msgspec.DecodeError:
            return []
        models = data.get("data") if isinstance(data, dict) else None
        return [m["id"] for m in models or [] if isinstance(m, dict) and isinstance(m.get("id"), str)]

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()


async def _pieces(response: httpx.Response) -> AsyncGenerator[str, None]:
    """Yield the text of a stream of OpenAI chunks, that of one read together."""
    rest = b""
    ended = False
    async for data in response.aiter_bytes():
        *lines, rest = (rest + data).split(b"\n")
        if len(rest) > _MAX_LINE_BYTES:
            raise EngineError("The upstream sent a line without an end.")
        texts: list[str] = []
        for line in lines:
            payload = line.removeprefix(b"data:").strip() if line.startswith(b"data:") else b""
            if payload == b"[DONE]":
                ended = True
                break
            if payload:
                text, finished = _decode(payload)
                texts.append(text)
                ended = ended or finished
        if text := "".join(texts):
            yield text
        if ended and payload == b"[DONE]":
            return
    if not ended:
        raise EngineError("The upstream broke off before the end of its reply.")


def _decode(payload: bytes) -> tuple[str, bool]:
    try:
        chunk = msgspec.json.decode(payload)
    except (msgspec.DecodeError, RecursionError) as err:
        raise EngineError("The upstream sent what is no OpenAI-compatible stream.") from err
    if not isinstance(chunk, dict):
        raise EngineError("The upstream sent what is no OpenAI-compatible stream.")
    if "error" in chunk:
        raise EngineError(f"The upstream failed: {_reason(chunk)}")
    choices = chunk.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}
    delta = choice.get("delta")
    text = delta.get("content") if isinstance(delta, dict) else None
    return (text if isinstance(text, str) else ""), bool(choice.get("finish_reason"))


async def _check(response: httpx.Response) -> None:
    """Raise for anything but a stream, with the server's reason."""
    kind = response.headers.get("content-type", "")
    if response.status_code == 200 and "text/html" not in kind and "application/json" not in kind:
        return
    data = b""
    async for part in response.aiter_bytes():
        data += part
        if len(data) > _MAX_REASON_BYTES:
            break
    try:
        reason = _reason(msgspec.json.decode(data[:_MAX_REASON_BYTES]))
    except (msgspec.DecodeError, RecursionError):
        reason = "no reason given."
    status = response.status_code
    what = {
        401: "The upstream refused the key",
        403: "The upstream refused the key",
        404: "The upstream has no such address or model",
        429: "The upstream takes no more requests for now",
    }.get(status, f"The upstream answered with status {status} instead of a stream")
    hint = f"Set {' or '.join(KEY_VARIABLES)}." if status in (401, 403) else ""
    raise EngineError(f"{what}: {reason}", hint=hint)


def _reason(data: Any) -> str:
    error = data.get("error", data) if isinstance(data, dict) else data
    if isinstance(error, dict):
        error = error.get("message") or error.get("detail")
    text = error if isinstance(error, str) and error.strip() else "no reason given."
    return text.strip()[:500]


def _in_words(err: httpx.HTTPError) -> str:
    if isinstance(err, httpx.ConnectError | httpx.ConnectTimeout):
        return "The upstream could not be reached."
    if isinstance(err, httpx.TimeoutException):
        return "The upstream went silent."
    return "The connection to the upstream broke."

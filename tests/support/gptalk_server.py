"""A well-behaved GPTalk server on loopback for tests of the chat, the command line and the app.

```python
async with GptalkServer(reply="Hello there") as server:
    GPTalk(url=server.url)

with threaded_gptalk_server(reply="Hello there") as server:     # for synchronous code and other processes
    subprocess.run([..., "--url", server.url])
```

Nothing depends on time unless `pace_s` is given: `hold()` stops a reply before its next event, `step(n)` lets n
events go, `release()` lets all of them.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from support.raw_server import Connection, RawServer, Request, threaded


class Whole(str):
    """A piece that is all of the text from now on: the service rewrites its reply."""

    __slots__ = ()


@dataclass(slots=True)
class _Failure:
    step: str
    status: str
    body: dict[str, Any]
    headers: str


@dataclass(slots=True)
class _Turn:
    prompt: str
    pieces: list[str]
    error: dict[str, Any] | None
    is_cut: bool


@dataclass(slots=True)
class _Script:
    pieces: list[str]
    error: dict[str, Any] | None = None
    is_cut: bool = False
    prompt: str | None = None


@dataclass(slots=True)
class Counts:
    """What was asked of the server so far."""

    logins: int = 0
    submits: int = 0
    streams: int = 0
    done: int = 0
    """Replies sent to their end mark."""
    hung_up: int = 0
    """Replies whose client hung up before the end mark."""


@dataclass(slots=True)
class _Gate:
    """How many more events may go; None: as many as there are."""

    left: int | None = None
    changed: asyncio.Event = field(default_factory=asyncio.Event)


class GptalkServer:
    """A scriptable GPTalk service.

    Args:
        reply: What every prompt is answered with unless a script says otherwise.
        piece_chars: Characters that each event of a plain reply adds.
        token_life_s: How long a login holds, in seconds.
        secret: A path prefix without which nothing answers, as an embedded endpoint has.
        pace_s: How long each event of a reply waits for the one before it, in seconds.
        compose: Makes the pieces of a reply from its prompt, where no script does.
    """

    def __init__(
        self,
        reply: str = "Hello",
        *,
        piece_chars: int = 20,
        token_life_s: int = 3600,
        secret: str = "",
        pace_s: float = 0.0,
        compose: Callable[[str], Sequence[str]] | None = None,
    ) -> None:
        self.reply = reply
        self.pace_s = pace_s
        self._compose = compose
        self.piece_chars = piece_chars
        self.token_life_s = token_life_s
        self.secret = secret
        self.accepts: object = None
        """What a login says that prompts may hold beside their text; None says nothing."""
        self.counts = Counts()
        self.prompts: list[str] = []
        """The `content` of every submit."""
        self.bodies: list[dict[str, Any]] = []
        """The whole body of every submit."""
        self.requests: list[Request] = []
        self.fingerprints: list[str] = []
        self._answers: dict[str, str] = {}
        self._scripts: list[_Script] = []
        self._failures: list[_Failure] = []
        self._tokens: set[str] = set()
        self._turns: dict[str, _Turn] = {}
        self._gate = _Gate()
        self._raw = RawServer(self._serve)
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def url(self) -> str:
        """The service's address, as `--url` takes it."""
        return self._raw.url + (f"/{self.secret}" if self.secret else "")

    @property
    def connections(self) -> int:
        """How many connections were ever made."""
        return len(self._raw.connections)

    @property
    def open_connections(self) -> int:
        return self._raw.open_connections

    def answer(self, prompt_part: str, reply: str) -> None:
        """Answer prompts that contain `prompt_part` with this reply."""
        self._answers[prompt_part] = reply

    def script(
        self,
        pieces: Sequence[str],
        *,
        prompt: str | None = None,
        error: dict[str, Any] | None = None,
        cut: bool = False,
    ) -> None:
        """Say what the next reply adds, event by event.

        Args:
            pieces: What each event adds to the text; a `Whole` one takes its place.
            prompt: Only for a prompt that contains this.
            error: Sent as the last event instead of the end mark, such as `{"error": "overloaded"}`.
            cut: Hang up after the pieces, without the end mark.
        """
        self._scripts.append(_Script(list(pieces), error, cut, prompt))

    def fail_next(
        self,
        step: str,
        status: str = "500 Internal Server Error",
        body: dict[str, Any] | None = None,
        headers: str = "",
    ) -> None:
        """Answer the next `login`, `submit` or `stream` with this status line and JSON body."""
        self._failures.append(_Failure(step, status, body or {}, headers))

    def expire_tokens(self) -> None:
        """From now on every token given out before is refused with 401."""
        self._tokens.clear()

    def hold(self) -> None:
        """Stop every reply before its next event."""
        self._set_gate(0)

    def release(self) -> None:
        """Let every reply go on to its end."""
        self._set_gate(None)

    def step(self, events: int = 1) -> None:
        """While held: let that many events go, over all replies (the end mark is one too)."""
        self._set_gate((self._gate.left or 0) + events)

    def _set_gate(self, left: int | None) -> None:
        self._gate.left = left
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._gate.changed.set)

    async def __aenter__(self) -> GptalkServer:
        self._loop = asyncio.get_running_loop()
        await self._raw.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._raw.__aexit__(kind, error, trace)
        self._loop = None

    async def _serve(self, connection: Connection) -> None:
        while (request := await connection.request()) is not None:
            self.requests.append(request)
            prefix = f"/{self.secret}" if self.secret else ""
            steps = {
                f"{prefix}/api/chatgpt/user/login": ("login", self._login),
                f"{prefix}/api/chatgpt/chatapi/text": ("submit", self._submit),
                f"{prefix}/api/chatgpt/chatapi/stream": ("stream", self._stream),
            }
            name, step = steps.get(request.path, ("", None))
            if step is None:
                await connection.answer({"msg": "not found"}, status="404 Not Found")
                continue
            failure = next((each for each in self._failures if each.step == name), None)
            if failure is not None:
                self._failures.remove(failure)
                await connection.answer(failure.body, status=failure.status, headers=failure.headers)
                continue
            await step(connection, request)

    async def _login(self, connection: Connection, request: Request) -> None:
        self.counts.logins += 1
        self.fingerprints.append(request.json()["fingerprint"])
        token = f"login-{self.counts.logins}-{secrets.token_hex(8)}"
        self._tokens.add(token)
        data = {"token": token, "expires_at": int(time.time()) + self.token_life_s}
        await connection.answer({"data": data if self.accepts is None else {**data, "accepts": self.accepts}})

    async def _submit(self, connection: Connection, request: Request) -> None:
        self.counts.submits += 1
        if request.headers.get("authorization", "").removeprefix("Bearer ") not in self._tokens:
            await connection.answer({"code": 401, "msg": "token expired"}, status="401 Unauthorized")
            return
        body = request.json()
        prompt = str(body["content"])
        self.bodies.append(body)
        self.prompts.append(prompt)
        stream_token = f"stream-{self.counts.submits}-{secrets.token_hex(8)}"
        self._turns[stream_token] = self._turn(prompt)
        await connection.answer({"data": {"token": stream_token}})

    def _turn(self, prompt: str) -> _Turn:
        for script in self._scripts:
            if script.prompt is None or script.prompt in prompt:
                self._scripts.remove(script)
                return _Turn(prompt, script.pieces, script.error, script.is_cut)
        if self._compose is not None:
            return _Turn(prompt, list(self._compose(prompt)), None, False)
        reply = next((text for part, text in self._answers.items() if part in prompt), self.reply)
        size = self.piece_chars
        return _Turn(prompt, [reply[at : at + size] for at in range(0, len(reply), size)], None, False)

    async def _stream(self, connection: Connection, request: Request) -> None:
        self.counts.streams += 1
        turn = self._turns.pop(request.target.partition("?token=")[2], None)
        if turn is None:
            await connection.answer({"code": 401, "msg": "no such stream"}, status="401 Unauthorized")
            return
        await connection.start_stream()
        text = ""
        for piece in turn.pieces:
            text = piece if isinstance(piece, Whole) else text + piece
            if self.pace_s:
                await asyncio.sleep(self.pace_s)
            await self._send(connection, json.dumps({"content": text}, ensure_ascii=False))
        if turn.is_cut:
            raise ConnectionAbortedError
        if turn.error is not None:
            await self._send(connection, json.dumps(turn.error))
        else:
            await self._send(connection, "[DONE]")
            self.counts.done += 1
        await connection.end_stream()

    async def _send(self, connection: Connection, data: str) -> None:
        await self._pass_gate(connection)
        try:
            await connection.chunk(f"data: {data}\n\n".encode())
        except ConnectionError:
            self.counts.hung_up += 1
            raise

    async def _pass_gate(self, connection: Connection) -> None:
        """Wait until an event may go; stop at once if the client hangs up meanwhile."""
        while self._gate.left == 0:
            self._gate.changed.clear()
            gate = asyncio.ensure_future(self._gate.changed.wait())
            gone = asyncio.ensure_future(connection.reader.read(1))
            try:
                await asyncio.wait({gate, gone}, return_when=asyncio.FIRST_COMPLETED)
                if gone.done():
                    self.counts.hung_up += 1
                    raise ConnectionAbortedError
            finally:
                gate.cancel()
                gone.cancel()
                await asyncio.wait({gate, gone})
        if self._gate.left is not None:
            self._gate.left -= 1


@contextmanager
def threaded_gptalk_server(reply: str = "Hello", **options: Any) -> Iterator[GptalkServer]:
    """Run a GptalkServer on a loop of its own thread; its methods and counts can be used from any thread."""
    with threaded(GptalkServer(reply, **options)) as server:
        yield server

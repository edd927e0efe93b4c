"""A GPTalk service whose steps a test replaces one by one, and what a provider made of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

from gptalk_client.errors import GptalkError
from gptalk_client.models import Phase, PhaseChanged, ReplyEvent, ReplyRequest, TextAdded, TextReplaced
from gptalk_client.providers.base import Provider
from support.raw_server import LIMIT_S, Connection, Handler, Request

Step = Callable[[Connection, Request], Awaitable[None]]
REQUEST = ReplyRequest([{"role": "user", "content": "hello"}])
STREAM_TOKEN = "stream-CANARY-7f3a"
LOGIN_TOKEN = "login-CANARY-91bd"


async def good_login(connection: Connection, request: Request) -> None:
    await connection.answer({"data": {"token": LOGIN_TOKEN, "expires_at": int(time.time()) + 3600}})


async def good_submit(connection: Connection, request: Request) -> None:
    await connection.answer({"data": {"token": STREAM_TOKEN}})


def stream_of(*pieces: bytes, head: str = "content-type: text/event-stream\r\n", end: bool = True) -> Step:
    """Return a stream step that sends each piece as one HTTP chunk and then ends the body properly."""

    async def step(connection: Connection, request: Request) -> None:
        await connection.start_stream(headers=head)
        await connection.chunk(*pieces)
        if end:
            await connection.end_stream()

    return step


good_stream = stream_of(b'data: {"content": "Hi"}\n\n', b"data: [DONE]\n\n")


def answers(*all_: tuple[str, bytes, str]) -> Step:
    """Return a step that gives these answers (status line, body, headers), the last one again and again."""
    left = list(all_)

    async def step(connection: Connection, request: Request) -> None:
        status, body, headers = left.pop(0) if len(left) > 1 else left[0]
        await connection.answer(body, status=status, headers=headers)

    return step


def gptalk(login: Step = good_login, submit: Step = good_submit, stream: Step = good_stream) -> Handler:
    """Return the handler of a service that does as the protocol says, but for the steps that are given.

    What stands before `/api/` in a request's target, such as a prefix or a host, is left to the test.
    """
    steps = {"user/login": login, "chatapi/text": submit, "chatapi/stream": stream}

    async def handle(connection: Connection) -> None:
        while (request := await connection.request()) is not None:
            await steps[request.path.partition("/api/chatgpt/")[2]](connection, request)

    return handle


@dataclass(slots=True)
class Outcome:
    """What a turn came to."""

    events: list[ReplyEvent] = field(default_factory=list)
    text: str = ""
    rewrites: int = 0
    error: GptalkError | None = None

    @property
    def phases(self) -> list[Phase]:
        return [event.phase for event in self.events if isinstance(event, PhaseChanged)]

    @property
    def retries(self) -> list[PhaseChanged]:
        return [e for e in self.events if isinstance(e, PhaseChanged) and e.phase is Phase.RETRYING]

    def take(self, event: ReplyEvent) -> None:
        self.events.append(event)
        if isinstance(event, TextAdded):
            self.text += event.text
        elif isinstance(event, TextReplaced):
            self.text = event.text
            self.rewrites += 1


async def run_turn(provider: Provider, request: ReplyRequest = REQUEST) -> Outcome:
    """Run one turn to its end, whatever that is."""
    outcome = Outcome()
    try:
        async with asyncio.timeout(LIMIT_S), aclosing(provider.stream(request)) as events:
            async for event in events:
                outcome.take(event)
    except GptalkError as err:
        outcome.error = err
    return outcome


def paths_of(requests: Sequence[Request]) -> list[str]:
    """Return what was asked for, by the last word of each path."""
    return [request.path.rpartition("/")[2] for request in requests]

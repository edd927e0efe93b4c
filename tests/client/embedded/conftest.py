"""A scripted engine behind the real server, a tiny package for pip, and the real weights where they can be had."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from gptalk_client.embedded.listen import bind, listen
from gptalk_client.embedded.prompt import ChatMessage
from gptalk_client.embedded.server import EndpointTimeouts
from support.openai_peer import weights_or_skip
from support.weights_package import WheelIndex, gguf_bytes, the_only_index

Step = str | BaseException | asyncio.Event


class ScriptedEngine:
    """Writes what it was told: text is yielded, an exception raised, an event waited for."""

    name = "scripted"

    def __init__(self, *steps: Step) -> None:
        self.steps = steps
        self.calls: list[tuple[list[ChatMessage], Mapping[str, Any]]] = []
        self.running = 0

    async def stream(
        self, messages: Sequence[ChatMessage], options: Mapping[str, Any]
    ) -> AsyncGenerator[str, None]:
        self.calls.append((list(messages), options))
        self.running += 1
        try:
            for step in self.steps:
                if isinstance(step, asyncio.Event):
                    await step.wait()
                elif isinstance(step, str):
                    yield step
                    await asyncio.sleep(0)
                else:
                    raise step
        finally:
            self.running -= 1

    async def aclose(self) -> None:
        pass


@asynccontextmanager
async def serving(engine: ScriptedEngine, timeouts: EndpointTimeouts | None = None) -> AsyncIterator[str]:
    """Serve an engine on a real socket; yield the base address."""
    ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(listen(engine, bind(), ready.set_result, timeouts=timeouts))
    try:
        await asyncio.wait({task, ready}, return_when=asyncio.FIRST_COMPLETED)
        yield ready.result()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


Serve = Callable[..., AbstractAsyncContextManager[str]]


@pytest.fixture
def serve_engine() -> Serve:
    return serving


@pytest.fixture
def scripted() -> type[ScriptedEngine]:
    return ScriptedEngine


@pytest.fixture
def make_gguf(tmp_path: Path) -> Callable[..., Path]:
    def make(
        *entries: tuple[str, object], name: str = "Tiny-Model.Q4_0.gguf", data: bytes | None = None
    ) -> Path:
        path = tmp_path / name
        path.write_bytes(gguf_bytes(*entries) if data is None else data)
        return path

    return make


@pytest.fixture
def wheel_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WheelIndex:
    return the_only_index(tmp_path / "wheels", monkeypatch)


@pytest.fixture(scope="session")
def real_models_dir() -> Path:
    """The folder with the real weights, fetched once; skips where they cannot be had."""
    return weights_or_skip()

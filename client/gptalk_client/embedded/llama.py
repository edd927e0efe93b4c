"""llama.cpp as the engine, through xllamacpp, in this process.

xllamacpp brings llama.cpp's own HTTP server along and always starts it. It is given a Unix socket in a
private folder whose name is removed as soon as the model is loaded, so nobody can reach it; where there are
no Unix sockets it listens on loopback behind a random key.
"""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import shutil
import sys
import tempfile
import threading
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

from gptalk_client.embedded import native
from gptalk_client.embedded.context import drop_oldest
from gptalk_client.embedded.engine import Reasoning, sampling
from gptalk_client.embedded.errors import EngineError
from gptalk_client.embedded.gguf import read_info
from gptalk_client.embedded.prompt import ChatMessage
from gptalk_client.errors import LocalModelError
from gptalk_client.reply_record import LENGTH_LIMIT

_log = logging.getLogger(__name__)

_MAX_REPLY_TOKENS = 1024
"""Longest reply, in tokens, since a small model may repeat itself forever."""
_BATCH_TOKENS = 256
"""Tokens of a prompt per batch; between batches, a reply can be stopped and others continue."""
_PROMPT_CACHE_MIB = 128
_QUIET = -1


@dataclass(frozen=True, slots=True)
class _TooLong:
    """The prompt has too many tokens."""

    tokens: int
    room: int
    certain: bool
    """Whether the engine refused it. Otherwise it fits, but leaves little room for the reply."""


@dataclass(slots=True)
class _Run:
    """One native call. It blocks its own thread, which passes chunks to the event loop."""

    loop: asyncio.AbstractEventLoop
    room_tokens: int
    """A longer prompt ends the run with `_TooLong`; 0 leaves the limit to the engine."""
    inbox: asyncio.Queue[str | _TooLong | EngineError | None] = field(default_factory=asyncio.Queue)
    cancelled: bool = False

    def work(self, server: Any, body: dict[str, Any], on_end: Any) -> None:
        """Run to the end of the reply. Called in the thread."""
        try:
            server.handle_chat_completions(body, self.take)
        except Exception as err:  # noqa: BLE001 - native code raises anything; it becomes words for the client
            self._put(EngineError(f"The model could not answer: {err}."))
        self._put(None)
        self._call(on_end)

    def take(self, chunk: dict[str, Any]) -> bool:
        """Pass one chunk on; return True to stop the native call. Called in the thread."""
        if self.cancelled:
            return True
        if error := chunk.get("error"):
            self._put(_refusal(error))
            return True
        progress = chunk.get("prompt_progress")
        if progress and self.room_tokens and progress.get("total", 0) > self.room_tokens:
            self._put(_TooLong(progress["total"], self.room_tokens, certain=False))
            return True
        choice = (chunk.get("choices") or [{}])[0]
        delta = choice.get("delta") or {}
        if reasoning := delta.get("reasoning_content"):
            self._put(Reasoning(reasoning))
        if text := delta.get("content"):
            self._put(text)
        if choice.get("finish_reason") == "length":
            self._put(EngineError(LENGTH_LIMIT, hint=""))
        return self.cancelled

    def _put(self, item: str | _TooLong | EngineError | None) -> None:
        self._call(self.inbox.put_nowait, item)

    def _call(self, function: Any, *args: Any) -> None:
        try:
            self.loop.call_soon_threadsafe(function, *args)
        except RuntimeError:  # the loop is closed: nobody is waiting
            self.cancelled = True


def _refusal(error: Any) -> _TooLong | EngineError:
    if isinstance(error, dict):
        if error.get("type") == "exceed_context_size_error":
            return _TooLong(int(error.get("n_prompt_tokens", 0)), int(error.get("n_ctx", 0)), certain=True)
        error = error.get("message", "no reason given")
    return EngineError(f"The model could not answer: {error}.")


class LlamaEngine:
    """A GGUF model in this process. A few replies run at the same time; the rest wait."""

    def __init__(self, server: Any, name: str, *, slots: int, context_tokens: int) -> None:
        self.name = name
        self._server = server
        self._slots = asyncio.Semaphore(slots)
        self._runs: dict[threading.Thread, _Run] = {}
        self._room_tokens = context_tokens - min(context_tokens // 4, _MAX_REPLY_TOKENS)

    @classmethod
    def load(cls, model_file: Path, *, slots: int = 2, context_tokens: int = 4096) -> LlamaEngine:
        """Load a model. Blocks, and holds the interpreter's lock, until the weights are in memory.

        llama.cpp takes SIGINT and SIGTERM over while it loads: set handlers for them afterwards.

        Args:
            model_file: The GGUF file.
            slots: How many replies are written at the same time.
            context_tokens: What one conversation and its reply may take; a model that was trained on less
                gets less.

        Raises:
            LocalModelError: xllamacpp cannot be loaded, or the file cannot be used.
        """
        xllamacpp = native.load()
        info = read_info(model_file)
        if info.context_tokens:
            context_tokens = min(context_tokens, info.context_tokens)
        params = xllamacpp.CommonParams()
        params.model.path = str(model_file)
        params.n_parallel = slots
        params.n_ctx = context_tokens * slots
        params.n_batch = _BATCH_TOKENS
        params.n_ubatch = _BATCH_TOKENS
        params.cache_ram_mib = _PROMPT_CACHE_MIB
        for processors in (params.cpuparams, params.cpuparams_batch):
            processors.n_threads = thread_count()
            processors.poll = 0
        params.verbosity = _QUIET
        # The first reply warms the model up; doing it here would only delay the start.
        params.warmup = False
        folder = _hide(params)
        try:
            server = xllamacpp.Server(params)
        except RuntimeError as err:
            raise LocalModelError(
                f"The model {model_file.name} could not be loaded.",
                hint="The file may be damaged, of an unknown kind, or too big for this computer's memory.",
            ) from err
        finally:
            if folder:
                shutil.rmtree(folder, ignore_errors=True)
        return cls(server, info.name, slots=slots, context_tokens=context_tokens)

    async def stream(
        self, messages: Sequence[ChatMessage], options: Mapping[str, Any]
    ) -> AsyncGenerator[str, None]:
        """Yield the reply piece by piece; see `Engine.stream`.

        A conversation that is too long loses its oldest turns; only the log tells.
        """
        kept: Sequence[ChatMessage] = messages
        room = self._room_tokens
        while True:
            too_long: _TooLong | None = None
            async with aclosing(self._run(kept, options, room)) as items:
                async for item in items:
                    if isinstance(item, _TooLong):
                        too_long = item
                        break
                    yield item
            if too_long is None:
                return
            shorter = drop_oldest(kept, too_long.tokens, too_long.room)
            if shorter is not None:
                _log.info("dropped the %d oldest messages of %d", len(kept) - len(shorter), len(kept))
                kept = shorter
            elif too_long.certain:
                raise EngineError(
                    f"The message is too long for this model: it takes {too_long.tokens} tokens, "
                    f"and the model's limit is {too_long.room}.",
                    hint="Send a shorter message.",
                )
            else:
                room = 0

    async def _run(
        self, messages: Sequence[ChatMessage], options: Mapping[str, Any], room_tokens: int
    ) -> AsyncGenerator[str | _TooLong, None]:
        await self._slots.acquire()
        body = {
            "messages": list(messages),
            "max_tokens": _MAX_REPLY_TOKENS,
            # Without it a small model at temperature 0, the protocol's default, repeats itself without end; a
            # repeat penalty ends that too, but made it answer worse.
            "frequency_penalty": 0.2,
            **sampling(options),
            "stream": True,
            # Progress during the prompt too, so that it can be measured, and stopped before the first word.
            "return_progress": True,
            "chat_template_kwargs": {"enable_thinking": False},
        }
        run = _Run(asyncio.get_running_loop(), room_tokens)
        thread: threading.Thread = threading.Thread(
            # The slot is free once the native call has ended, not once its reader has left.
            target=run.work, args=(self._server, body, lambda: self._ended(thread)), name="reply", daemon=True
        )  # fmt: skip
        self._runs[thread] = run
        thread.start()
        try:
            while (item := await run.inbox.get()) is not None:
                pieces: list[str | _TooLong | EngineError | None] = [item]
                while not run.inbox.empty() and isinstance(pieces[-1], str):
                    pieces.append(run.inbox.get_nowait())
                for kind, alike in groupby((each for each in pieces if isinstance(each, str)), type):
                    yield kind("".join(alike))
                last = pieces[-1]
                if isinstance(last, EngineError):
                    raise last
                if isinstance(last, _TooLong):
                    yield last
                if not isinstance(last, str):
                    return
        finally:
            run.cancelled = True

    def _ended(self, thread: threading.Thread) -> None:
        self._runs.pop(thread, None)
        self._slots.release()

    async def aclose(self) -> None:
        """Stop the replies, wait for their native calls, and release the model."""
        threads = list(self._runs)
        for run in self._runs.values():
            run.cancelled = True
        for thread in threads:
            await asyncio.to_thread(thread.join)
        self._server = None


def thread_count() -> int:
    """Return how many threads to use: half of the processors, leaving at least one for the terminal.

    The threads wait for each other after each layer. One that shares its processor with another program holds all
    of them up: on two processors of which one was busy, two threads wrote 6 tokens a second, and one thread 53.
    """
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(usable - 1, max(usable // 2, 2)))


def _hide(params: Any) -> str | None:
    """Make llama.cpp's own HTTP server unreachable; return the folder to remove once it listens."""
    params.api_keys = [secrets.token_urlsafe(32)]
    params.ui = False
    params.endpoint_slots = False
    params.n_threads_http = 1
    params.cors_origins = ""
    params.port = 0
    if sys.platform == "win32":
        params.hostnames = ["127.0.0.1"]
        return None
    folder = tempfile.mkdtemp(prefix="gptalk-")
    params.hostnames = [os.path.join(folder, "s.sock")]
    return folder

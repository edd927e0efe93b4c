"""The parent's side of the endpoint's process: starting it, watching it, stopping it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path

import msgspec

from gptalk_client.embedded.child import Orders, Report
from gptalk_client.embedded.errors import EndpointCrashedError, require_local_extra
from gptalk_client.embedded.lifeline import OUT_OF_REACH
from gptalk_client.embedded.weights import resolve
from gptalk_client.errors import LocalModelError

_PASSED_ON = {
    "PATH", "HOME", "USERPROFILE", "SYSTEMROOT", "WINDIR", "COMSPEC", "TMPDIR", "TEMP", "TMP",
    "LANG", "LC_ALL", "LC_CTYPE", "TZ", "PYTHONPATH", "PYTHONHOME", "PYTHONUTF8", "VIRTUAL_ENV",
    "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH",
}  # fmt: skip
_PASSED_ON_PREFIXES = ("GGML_", "CUDA_", "HIP_", "ROCR_", "VK_", "OMP_")
_PASSED_TO_RELAY = {
    "GPTALK_UPSTREAM_KEY", "OPENAI_API_KEY", "SSL_CERT_FILE", "SSL_CERT_DIR",
    "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY",
    "http_proxy", "https_proxy", "all_proxy", "no_proxy",
}  # fmt: skip
_KEPT_LINES = 20
_MAX_LINE_BYTES = 1 << 16
_STOP_S = 2.0


class EndpointState(StrEnum):
    """The state of the endpoint's process, for the status line."""

    STOPPED = "stopped"
    STARTING = "starting"
    LOADING = "loading the model"
    READY = "ready"


class LocalEndpoint:
    """The endpoint in its own process, which is started on first use and dies with this one.

    Use it from one event loop.
    """

    def __init__(
        self,
        models_dir: Path,
        model_file: str | os.PathLike[str] | None = None,
        *,
        upstream: str = "",
        upstream_model: str = "",
        port: int = 0,
        secret: str = "",
        slots: int = 2,
        context_tokens: int = 4096,
        start_timeout_s: float = 300,
        on_state: Callable[[EndpointState], None] | None = None,
    ) -> None:
        """Prepare the endpoint; nothing is started yet.

        Args:
            models_dir: Where pulled weights are kept.
            model_file: A GGUF file to use instead of them, or the name of one in `models_dir`.
            upstream: The address of an OpenAI-compatible server to relay to instead of a model.
            upstream_model: The model to ask that server for; empty takes the client's, or the server's first.
            port: The port to listen on; 0 takes any free one.
            secret: What the address's path begins with; empty makes a new one at each start.
            slots: How many replies the model writes at the same time.
            context_tokens: What one conversation and its reply may take.
            start_timeout_s: How long loading may take, in seconds.
            on_state: Called at each change of `state`, in the event loop.
        """
        self._models_dir = models_dir
        self._model_file = model_file
        self._orders = Orders(
            upstream=upstream,
            upstream_model=upstream_model,
            port=port,
            secret=secret,
            slots=slots,
            context_tokens=context_tokens,
        )
        self._start_timeout_s = start_timeout_s
        self._on_state = on_state
        self._state = EndpointState.STOPPED
        self._process: asyncio.subprocess.Process | None = None
        self._starting: asyncio.Task[str] | None = None
        self._listening: asyncio.Task[None] | None = None
        self._last_words: deque[str] = deque(maxlen=_KEPT_LINES)
        self._url = ""
        self.model_name = ""
        """The model's display name; empty until it is being loaded."""

    @property
    def state(self) -> EndpointState:
        """The state of the process."""
        if (
            self._state is not EndpointState.STOPPED
            and self._process
            and self._process.returncode is not None
        ):
            return EndpointState.STOPPED
        return self._state

    @property
    def pid(self) -> int | None:
        """The process id while the process runs."""
        return self._process.pid if self._process and self._process.returncode is None else None

    async def start(self) -> str:
        """Return the endpoint's base address, starting the process if it isn't running.

        Several callers share one start, and a caller that is cancelled does not stop it for the others.

        Raises:
            WeightsMissingError: There is no model yet.
            LocalModelError: It could not be started.
        """
        if self.state is EndpointState.READY:
            return self._url
        if self._starting is None or self._starting.done():
            self._starting = asyncio.create_task(self._start())
            self._starting.add_done_callback(_retrieve)
        return await asyncio.shield(self._starting)

    async def stop(self) -> None:
        """Stop the process and wait until it has exited."""
        if self._starting and not self._starting.done():
            self._starting.cancel()
            await asyncio.wait({self._starting})
        await self._end()

    async def crash(self, wait_s: float = 1.0) -> EndpointCrashedError | None:
        """Return whether the process has crashed, after its connection broke.

        Args:
            wait_s: How long to wait for an end that a broken connection announces, in seconds.

        Returns:
            What to raise for the turn that it failed, or None if the process runs.
        """
        process = self._process
        if process is None:
            return None
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), wait_s)
        if process.returncode is None:
            return None
        self._set(EndpointState.STOPPED)
        return EndpointCrashedError(f"The local model stopped: {_ending(process.returncode)}.")

    async def wait(self) -> None:
        """Return once the process has exited."""
        if self._process:
            await self._process.wait()

    async def _start(self) -> str:
        await self._end()
        relay = bool(self._orders.upstream)
        require_local_extra("starlette", "uvicorn", *(() if relay else ("xllamacpp",)))
        if not relay:
            # Checking an installed package's weights reads all of them.
            path = await asyncio.to_thread(resolve, self._models_dir, self._model_file)
            self._orders.model_file = str(path)
        self._set(EndpointState.STARTING)
        try:
            process = self._process = await self._spawn()
            self._last_words.clear()
            self._listening = asyncio.create_task(self._listen(process))
            assert process.stdin
            process.stdin.write(msgspec.json.encode(self._orders) + b"\n")
            async with asyncio.timeout(self._start_timeout_s):
                report = await self._until_ready(process)
        except TimeoutError as err:
            await self._end()
            raise LocalModelError(
                f"The local model was not ready after {self._start_timeout_s:.0f} s.",
                hint="Try a smaller one.",
            ) from err
        except BaseException:
            await self._end()
            raise
        self._url, self.model_name = report.url, report.model
        self._set(EndpointState.READY)
        return self._url

    async def _spawn(self) -> asyncio.subprocess.Process:
        if not sys.executable:
            raise LocalModelError("Could not find the Python interpreter to run the local model.")
        try:
            return await asyncio.create_subprocess_exec(
                # -P: a file in the current folder must not be imported instead of a library.
                *(sys.executable, "-P", "-m", "gptalk_client.embedded"),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env=environment(os.environ, relay=bool(self._orders.upstream)),
                limit=_MAX_LINE_BYTES,
                **OUT_OF_REACH,
            )
        except OSError as err:
            raise LocalModelError(f"The local model could not be started: {err.strerror or err}.") from err

    async def _until_ready(self, process: asyncio.subprocess.Process) -> Report:
        assert process.stdout
        while line := await process.stdout.readline():
            try:
                report = msgspec.json.decode(line, type=Report)
            except msgspec.DecodeError:
                break
            if report.state == "ready":
                return report
            if report.state == "failed":
                raise LocalModelError(report.message, hint=report.hint, remedy=report.remedy)
            self.model_name = report.model
            self._set(EndpointState.LOADING)
        code = await process.wait()
        if self._listening:
            await asyncio.wait({self._listening}, timeout=1)
        words = self._last_words[-1] if self._last_words else "it said nothing"
        raise LocalModelError(f"The local model could not be started: {_ending(code)} ({words}).")

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        """Read the process's standard error; only the last lines are kept, for an error."""
        assert process.stderr
        while data := await process.stderr.read(4096):
            for line in data.decode(errors="replace").splitlines():
                if line.strip():
                    self._last_words.append(line.strip()[:500])

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            if process.stdin:
                process.stdin.close()
            try:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(process.wait(), _STOP_S)
            finally:
                if process.returncode is None:
                    with contextlib.suppress(ProcessLookupError):
                        process.kill()
            await process.wait()
        if self._listening:
            self._listening.cancel()
            self._listening = None
        self._set(EndpointState.STOPPED)

    def _set(self, state: EndpointState) -> None:
        if state is not self._state:
            self._state = state
            if self._on_state:
                self._on_state(state)


def environment(variables: Mapping[str, str], *, relay: bool) -> dict[str, str]:
    """Return the environment to pass to the process: what it needs to run, and keys only for a relay.

    Args:
        variables: The parent's environment.
        relay: Whether it passes requests on to another server.
    """
    names = _PASSED_ON | (_PASSED_TO_RELAY if relay else set())
    return {
        name: value
        for name, value in variables.items()
        if name in names or name.startswith(_PASSED_ON_PREFIXES)
    }


def _ending(code: int) -> str:
    if code < 0:
        try:
            return f"its process was ended by {signal.Signals(-code).name}"
        except ValueError:
            return f"its process was ended by signal {-code}"
    return f"its process ended with status {code}"


def _retrieve(task: asyncio.Task[str]) -> None:
    """Mark the error of a start as retrieved: whoever awaited it may have been cancelled."""
    if not task.cancelled():
        task.exception()

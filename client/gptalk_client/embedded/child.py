"""The child's side of the endpoint's process.

Its orders come as one line of JSON on standard input, so nothing of them shows in the list of processes. What
it has to say goes as lines of JSON to standard output; native code that writes there is sent to standard
error. When standard input ends, the parent is gone, and so is this process, whatever it does at that moment.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from gptalk_client.embedded import lifeline
from gptalk_client.embedded.engine import Engine
from gptalk_client.errors import GptalkError, LocalModelError, Remedy

_PR_SET_PDEATHSIG = 1


class Orders(msgspec.Struct, forbid_unknown_fields=True):
    """The parent's orders. One of `model_file` and `upstream` is set."""

    model_file: str = ""
    upstream: str = ""
    upstream_model: str = ""
    port: int = 0
    secret: str = ""
    slots: int = 2
    context_tokens: int = 4096


class Report(msgspec.Struct, omit_defaults=True):
    """A report from the child."""

    state: str
    """`loading`, `ready` or `failed`."""
    url: str = ""
    model: str = ""
    message: str = ""
    hint: str = ""
    remedy: Remedy | None = None


def main() -> None:
    """Run the endpoint until the parent exits. Never returns."""
    report = _take_standard_output()
    _die_with_parent()
    try:
        orders = msgspec.json.decode(sys.stdin.buffer.readline(), type=Orders)
    except msgspec.DecodeError:
        sys.stderr.write("This process is started by gptalk-tui; run `gptalk-tui serve` instead.\n")
        _leave(2)
    lifeline.hold()
    try:
        asyncio.run(_serve(orders, report))
    except GptalkError as err:
        report(Report("failed", message=err.message, hint=err.hint, remedy=err.remedy))
    except MemoryError:
        report(Report("failed", message="The model does not fit into memory."))
    _leave(1)


async def _serve(orders: Orders, report: Callable[[Report], None]) -> None:
    from gptalk_client.embedded.listen import bind, listen

    sock = bind(orders.port)
    engine = _make_engine(orders, report)
    # llama.cpp installed its own handlers while loading. There is nothing to save here.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: _leave(0))

    def ready(url: str) -> None:
        report(Report("ready", url=url, model=engine.name))

    await listen(engine, sock, ready, secret=orders.secret)


def _make_engine(orders: Orders, report: Callable[[Report], None]) -> Engine:
    if orders.upstream:
        from gptalk_client.embedded.upstream import UpstreamEngine, key_from_environment

        return UpstreamEngine(orders.upstream, model=orders.upstream_model, key=key_from_environment())
    if not orders.model_file:
        raise LocalModelError("No model was specified.")
    from gptalk_client.embedded.gguf import read_info
    from gptalk_client.embedded.llama import LlamaEngine

    path = Path(orders.model_file)
    report(Report("loading", model=read_info(path).name))
    return LlamaEngine.load(path, slots=orders.slots, context_tokens=orders.context_tokens)


def _take_standard_output() -> Callable[[Report], None]:
    """Reserve standard output for reports; other output there goes to standard error."""
    mine = os.dup(1)
    os.dup2(2, 1)

    def report(what: Any) -> None:
        # If the parent is gone, the lifeline's thread is about to end this process.
        with contextlib.suppress(BrokenPipeError):
            os.write(mine, msgspec.json.encode(what) + b"\n")

    return report


def _die_with_parent() -> None:
    """Ask Linux to kill this process with its parent, even while native code holds the interpreter's lock."""
    if sys.platform == "linux":
        import ctypes

        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _leave(code: int) -> Any:
    """Exit at once: an orderly exit would crash while native threads are still running."""
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.flush()
    os._exit(code)

"""The program as a process of a test: it reaches loopback only, and fails on demand.

Run as a script with the program's own arguments. `GPTALK_TEST_FAULT` names where SIGUSR1 makes the app fail:
`handler` (a message's), `worker`, `callback` (one of the event loop's), `thread`, `block` (the event loop stands
still). Without SIGUSR1: `start` (while the app mounts), `early` (SIGTERM to itself at the same place),
`unmount` (while it ends), `open` (while the conversations are opened). `unguarded` fails nothing: the last guard
in front of the terminal lets everything through, so that what stands before it is tested by itself.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from support.usual_ports import real_address

SECRET = "canary-in-an-exception-1f0e"
"""What the failure's own text holds, which no report may show."""


def _only_loopback() -> None:
    connect, look_up = socket.socket.connect, socket.getaddrinfo

    def guarded_connect(self: socket.socket, address: Any) -> None:
        if isinstance(address, tuple) and not str(address[0]).startswith(("127.", "::1", "localhost")):
            raise OSError(f"a test tried to reach {address[0]}")
        connect(self, real_address(address))

    def guarded_look_up(host: Any, *args: Any, **kwargs: Any) -> Any:
        if not str(host or "").startswith(("127.", "::1", "localhost")):
            raise socket.gaierror(socket.EAI_NONAME, f"a test tried to look up {host}")
        return look_up(host, *args, **kwargs)

    socket.socket.connect = guarded_connect  # type: ignore[method-assign,assignment]
    socket.getaddrinfo = guarded_look_up


def _fail_on_demand(where: str) -> None:
    from gptalk_tui.app import GptalkApp

    on_mount = GptalkApp.on_mount

    def fail(*_: Any) -> None:
        prompt = f"a local that holds {SECRET}"
        raise RuntimeError(prompt)

    async def fail_soon() -> None:
        fail()

    def block() -> None:
        print("\x1b]2;blocked\x07", end="", file=sys.__stderr__, flush=True)
        time.sleep(3600)

    def install(self: GptalkApp) -> None:
        if where == "early":
            os.kill(os.getpid(), signal.SIGTERM)
        on_mount(self)
        if where == "start":
            fail()
        if where == "open":
            self._services.store._open = fail
        if where == "unmount":
            self.close_services = fail_soon  # type: ignore[method-assign]
        loop = self._loop
        assert loop is not None
        actions = {
            "handler": lambda: self.call_later(fail),
            "worker": lambda: self.run_worker(fail_soon(), description="fails"),
            "callback": fail,
            "block": block,
            "thread": lambda: threading.Thread(target=fail).start(),
        }
        if where in actions:
            loop.add_signal_handler(signal.SIGUSR1, actions[where])

    GptalkApp.on_mount = install  # type: ignore[method-assign]


def _take_guard_away() -> None:
    from gptalk_tui.terminal.control_filter import ControlFilter

    ControlFilter.apply = lambda _self, segments, _background: segments  # type: ignore[method-assign]


def main() -> None:
    """Run the program."""
    _only_loopback()
    where = os.environ.pop("GPTALK_TEST_FAULT", "")
    if limit_s := os.environ.pop("GPTALK_TEST_FORCE_AFTER_S", ""):
        from gptalk_tui.terminal import signals

        signals.SignalWatch.__init__.__kwdefaults__["force_after_s"] = float(limit_s)
    if where == "unguarded":
        _take_guard_away()
    elif where:
        _fail_on_demand(where)
    from gptalk_tui.__main__ import main as run

    run()


if __name__ == "__main__":
    main()

"""A headless Chromium that tests drive, and a loopback server that records whatever it asks for.

The browser is spoken to over its debugging pipe: JSON texts with a NUL between them on two file descriptors.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

LIMIT_S = 30.0
NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--disable-default-apps",
    "--disable-extensions", "--disable-dev-shm-usage", "--remote-debugging-pipe",
)  # fmt: skip

# Time and updates, which no option turns off altogether. The recording proxy does not pass them on.
_BROWSERS_OWN = re.compile(r"(https?://)?([a-z0-9-]+\.)*(google|googleapis|gvt1)\.com[:/]")


class RecordingServer:
    """Serves pages on loopback and keeps what was asked for, also as the browser's proxy to everywhere else."""

    def __init__(self) -> None:
        self.requests: list[str] = []
        """Paths; whole addresses of other hosts. Without what the browser asks its maker of its own accord."""
        self.pages: dict[str, str] = {}
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if not _BROWSERS_OWN.match(self.path):
                    owner.requests.append(self.path)
                body = owner.pages.get(self.path, "").encode()
                self.send_response(200 if self.path in owner.pages else 404)
                self.send_header("content-type", "text/html; charset=utf-8")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_CONNECT = do_GET

            def log_message(self, *_: object) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self._http.server_port}"

    @contextlib.contextmanager
    def running(self) -> Iterator[RecordingServer]:
        """Serve."""
        thread = threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._http.shutdown()
            self._http.server_close()
            thread.join(LIMIT_S)


class Chromium:
    """One browser with one page.

    Args:
        to_browser: File descriptor to write commands to.
        from_browser: File descriptor to read answers and events from.
    """

    def __init__(self, to_browser: int, from_browser: int) -> None:
        self._to, self._from = to_browser, from_browser
        self._buffer = b""
        self._number = 0
        self._session = ""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.call("Page.enable")
        self.call("Page.setLifecycleEventsEnabled", enabled=True)

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Return what a command of the protocol answers."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if self._session and not method.startswith(("Target.", "Browser.")):
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        answer = self._until(lambda each: each.get("id") == self._number)
        assert "error" not in answer, answer
        return dict(answer["result"])

    def open(self, url: str, *, scheme: str = "light") -> None:
        """Open a page and wait until it is loaded and has asked for nothing more for half a second.

        Args:
            url: The page's address.
            scheme: What the person prefers: `light` or `dark`.
        """
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        loader = self.call("Page.navigate", url=url)["loaderId"]
        is_quiet = {"name": "networkIdle", "loaderId": loader}
        self._until(lambda each: is_quiet.items() <= each.get("params", {}).items())

    def evaluate(self, expression: str) -> Any:
        """Return what an expression or its promise comes to on the page."""
        answer = self.call(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True, userGesture=True
        )
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def click(self, selector: str) -> None:
        """Press and release the mouse over an element, as a person does."""
        x, y = self.evaluate(
            f"(box => [box.x + box.width / 2, box.y + box.height / 2])"
            f"(document.querySelector({json.dumps(selector)}).getBoundingClientRect())"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def _until(self, is_wanted: Any) -> dict[str, Any]:
        while True:
            while b"\0" not in self._buffer:
                data = os.read(self._from, 1 << 20)
                assert data, "the browser ended"
                self._buffer += data
            raw, _, self._buffer = self._buffer.partition(b"\0")
            message: dict[str, Any] = json.loads(raw)
            if is_wanted(message):
                return message


@contextlib.contextmanager
def chromium(proxy: str) -> Iterator[Chromium]:
    """Run a browser that sends what leaves this computer to a proxy; skip the test where there is none.

    Args:
        proxy: The proxy's address.
    """
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None or os.name != "posix":
        pytest.skip("there is no Chromium on the PATH (Debian: apt-get install chromium)")
    with tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True) as profile:
        commands, to_browser = os.pipe()
        from_browser, answers = os.pipe()
        # Out of the way of 3 and 4, where the browser expects its ends.
        ends = [fcntl.fcntl(end, fcntl.F_DUPFD, 20) for end in (commands, answers)]

        def place_ends() -> None:
            os.dup2(ends[0], 3)
            os.dup2(ends[1], 4)

        process = subprocess.Popen(
            [program, *FLAGS, f"--user-data-dir={profile}", f"--proxy-server={proxy}", "about:blank"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=place_ends,
            pass_fds=(3, 4),
            start_new_session=True,
        )
        for end in (commands, answers, *ends):
            os.close(end)
        # A browser that hangs is ended, and with it the reading from its pipe.
        timer = threading.Timer(LIMIT_S, process.kill)
        timer.start()
        try:
            yield Chromium(to_browser, from_browser)
        finally:
            timer.cancel()
            process.kill()
            process.wait(LIMIT_S)
            os.close(to_browser)
            os.close(from_browser)

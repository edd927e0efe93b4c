"""Standard streams that are closed or full, and limits of the system: a sentence, never a crash."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from gptalk_client.models import Status
from gptalk_client.store.store import Store
from support.command_line import LIMIT_S, command
from support.gptalk_server import threaded_gptalk_server

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="streams as a POSIX shell closes them")
FULL = pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no device that is always full")


def through_the_shell(line: str, *arguments: str) -> tuple[int, bytes]:
    """Run a line of shell, where `"$@"` is the program with its arguments; return exit code and standard error."""
    done = subprocess.run(
        ["sh", "-c", line, "sh", *command(*arguments)], capture_output=True, timeout=LIMIT_S, check=False
    )
    assert b"Traceback" not in done.stderr
    assert b"unexpectedly" not in done.stderr
    assert b"Exception ignored" not in done.stderr
    return done.returncode, done.stdout + done.stderr


@pytest.mark.usefixtures("conversations")
def test_closed_standard_streams_do_not_crash() -> None:
    assert through_the_shell('"$@" >&-', "list") == (0, b"")
    assert through_the_shell('"$@" >&-', "--help") == (0, b"")
    with threaded_gptalk_server() as server:
        all_closed = through_the_shell('"$@" <&- >&- 2>&-', "doctor", "--url", server.url)
    assert all_closed == (0, b"")
    assert through_the_shell('"$@" 2>&-', "show", "nobody") == (2, b""), "errors are not for standard output"
    code, told = through_the_shell('"$@" <&-')
    assert code == 2
    assert b"needs a terminal" in told


@FULL
@pytest.mark.usefixtures("conversations")
@pytest.mark.parametrize(
    "words", [["list"], ["--help"], ["show", "Rust", "--json"], ["export", "Rust"]], ids=str
)
def test_full_disk_under_standard_output_is_reported(words: list[str]) -> None:
    code, told = through_the_shell('exec "$@" >/dev/full', *words)
    assert code == 1
    assert b"No space left on device" in told


@FULL
def test_reply_is_saved_when_standard_output_is_full(store: Store) -> None:
    with threaded_gptalk_server(reply="what was said") as server:
        code, told = through_the_shell('exec "$@" >/dev/full', "--url", server.url, "ask", "hello")
    assert code == 1
    assert b"No space left on device" in told
    (conversation,) = store.conversations()
    prompt, reply = store.messages(conversation.id)
    assert prompt.content == "hello"
    assert reply.content
    assert reply.status is not Status.STREAMING


def test_system_limit_is_reported() -> None:
    code, told = through_the_shell('ulimit -n 12; exec "$@"', "--url", "http://127.0.0.1:9", "ask", "hello")
    assert code == 1
    assert b"Too many open files" in told


def test_endless_input_is_refused() -> None:
    code, told = through_the_shell('yes | "$@"', "--url", "http://127.0.0.1:9", "ask", "what is this")
    assert code == 2
    assert b"the limit is 16 MB" in told

"""However the app ends, the terminal is as it was, the exit code says why, and what had come is on disk.

`GPTALK_TEST_ROUNDS=50` repeats each end that often.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from gptalk_tui.terminal.driver import RESTORE
from support.gptalk_server import GptalkServer
from support.guarded_program import SECRET
from support.terminal import CTRL_N, CTRL_O, CTRL_P, CTRL_Q, ENTER, READY, Terminal, program

ROUNDS = range(int(os.environ.get("GPTALK_TEST_ROUNDS", "1")))
CODES = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}
PROMPT = "a prompt about prompts 7d21"

Kept = Callable[[], list[tuple[str, str, str]]]


def stream(terminal: Terminal, service: GptalkServer, text: str = "So far") -> None:
    """Bring the app to the middle of a reply."""
    service.script([text, " and more"])
    service.hold()
    terminal.wait_for(READY)
    terminal.send(PROMPT, ENTER)
    service.step()
    terminal.wait_for(text)


def still_kept(kept: Kept) -> bool:
    return kept() == [("user", "complete", PROMPT), ("assistant", "stopped", "So far")]


@pytest.mark.parametrize("round_", ROUNDS)
@pytest.mark.parametrize("number", CODES, ids=lambda number: number.name)
def test_a_signal_while_a_reply_streams(
    start, service: GptalkServer, kept: Kept, number, round_: int
) -> None:
    with start() as terminal:
        stream(terminal, service)
        terminal.kill(number)
        assert terminal.wait() == CODES[number]
        assert terminal.complaints() == []
        assert b"Traceback" not in terminal.output
        assert terminal.children() == []
    assert still_kept(kept)


def test_no_answer_of_the_terminal_reaches_the_shell(start, service: GptalkServer) -> None:
    """Each frame of a reply asks how far the terminal has come; over a long link answers come after the end."""
    with start(delay_s=0.4) as terminal:
        stream(terminal, service)
        asked = terminal.output.count(b"\x1b[5n")
        service.step()
        terminal.wait_for(lambda _: terminal.output.count(b"\x1b[5n") > asked, "another question")
        assert terminal.end(CTRL_Q) == 0
        assert terminal.left_for_the_shell() == b""
        assert terminal.complaints() == []


@pytest.mark.parametrize("keys", [(CTRL_O,), (CTRL_P,), (CTRL_N,)], ids=["export", "palette", "elsewhere"])
def test_a_signal_under_a_dialog_or_from_another_conversation(
    start, service: GptalkServer, kept: Kept, keys: tuple[str, ...]
) -> None:
    with start() as terminal:
        stream(terminal, service)
        before = terminal.text
        terminal.send(*keys)
        terminal.wait_for(lambda t: t.text != before, "the dialog")
        terminal.kill(signal.SIGTERM)
        terminal.kill(signal.SIGHUP)
        assert terminal.wait() in (143, 129)  # which one of two at the same time counts is not ours to say
        assert terminal.complaints() == []
    assert still_kept(kept)


def test_a_signal_at_any_moment_of_the_start(start) -> None:
    started = time.monotonic()
    with start() as terminal:
        terminal.wait_for(READY)
        length_s = time.monotonic() - started
        assert terminal.end(CTRL_Q) == 0
    tries = max(5, len(ROUNDS))
    codes = []
    for at in range(tries):
        with start() as terminal:
            deadline = time.monotonic() + 1.2 * length_s * at / tries
            terminal.wait_for(lambda _, deadline=deadline: time.monotonic() >= deadline, "a moment")
            terminal.kill(signal.SIGTERM)
            codes.append(terminal.wait())
            assert terminal.complaints() == [], at
            assert b"Traceback" not in terminal.output, at
    # Before Python itself has come up, the signal's own way ends the process.
    assert set(codes) <= {143, -signal.SIGTERM}
    assert codes[-1] == 143


CAUGHT = """
import os, signal
from gptalk_tui.cli.signals import Signalled, signals_as_exit_codes
from gptalk_tui.terminal.signals import SignalWatch
codes = []
try:
    with signals_as_exit_codes():
        try:
            os.kill(os.getpid(), signal.SIGTERM)
        except BaseException:
            pass
        with SignalWatch(codes.append, print, print):
            pass
except Signalled as signalled:
    codes.append(signalled.exit_code)
assert codes == [143, 143], codes
"""


def test_a_signal_that_some_code_caught_while_it_was_imported_is_not_forgotten() -> None:
    done = subprocess.run([sys.executable, "-c", CAUGHT], capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_a_signal_before_the_first_paint(start) -> None:
    with start(environment={"GPTALK_TEST_FAULT": "early"}) as terminal:
        assert terminal.wait() == 143
        assert terminal.complaints() == []


@pytest.mark.parametrize("is_session", [True, False], ids=["with SIGHUP", "without a signal"])
def test_a_terminal_that_goes_away(start, service: GptalkServer, kept: Kept, is_session: bool) -> None:
    with start(is_session=is_session) as terminal:
        stream(terminal, service)
        terminal.hang_up()
        assert terminal.wait() == 129
    assert still_kept(kept)


def test_a_terminal_that_hangs_holds_nobody_up(start, service: GptalkServer, kept: Kept) -> None:
    service.script(["So far"], prompt=PROMPT)
    with start(size=(300, 100)) as terminal:
        terminal.wait_for(READY)
        terminal.send(PROMPT, ENTER)
        terminal.wait_for("So far")
        terminal.wait_for(lambda _: kept()[1][1] == "complete", "the whole reply is on disk")
        terminal.pause()
        for step in range(120):  # paint more than the kernel and the queue hold
            terminal.resize(300 - step % 2, 100)
            terminal.send("x" * 50)
        terminal.kill(signal.SIGTERM)
        assert terminal.process.wait(30) == 143
        terminal.resume()
        terminal.wait()
        assert terminal.termios_after == terminal.termios_before
    assert kept()[1] == ("assistant", "complete", "So far")


def test_a_terminal_that_hangs_keeps_no_reply_from_the_disk(start, service: GptalkServer, kept: Kept) -> None:
    pieces = [f"piece {number} " for number in range(60)]
    service.script(pieces, prompt=PROMPT)
    service.hold()
    with start(size=(300, 100)) as terminal:
        terminal.wait_for(READY)
        terminal.send(PROMPT, ENTER)
        service.step()
        terminal.wait_for("piece 0")
        terminal.pause()
        for step in range(120):  # paint more than the kernel and the queue hold
            terminal.resize(300 - step % 2, 100)
            terminal.send("x")
            service.step(step % 2)
        service.release()
        whole = ("assistant", "complete", "".join(pieces))
        terminal.wait_for(lambda _: kept()[1] == whole, "the whole reply is on disk")
        terminal.resume()
        terminal.wait_for("piece 59")
        terminal.wait_for("xxxxxxxxxxxxxxxxxxxx")
        assert terminal.end(CTRL_Q) == 0
        assert terminal.complaints() == []


def test_a_loop_that_stands_still_is_ended_by_force(start, service: GptalkServer, kept: Kept) -> None:
    faults = {"GPTALK_TEST_FAULT": "block", "GPTALK_TEST_FORCE_AFTER_S": "1.5"}
    with start(environment=faults) as terminal:
        stream(terminal, service)
        terminal.wait_for(lambda _: kept()[1][2] == "So far", "the text is on disk")
        terminal.kill(signal.SIGUSR1)
        terminal.wait_for(lambda t: b"\x1b]2;blocked" in t.output, "the loop stands still")
        terminal.kill(signal.SIGTERM)
        assert terminal.wait() == 143
        assert terminal.complaints() == []
        assert terminal.output.endswith(RESTORE)
    assert kept()[1] == ("assistant", "incomplete", "So far")


@pytest.mark.parametrize("round_", ROUNDS)
@pytest.mark.parametrize("where", ["handler", "worker"])
def test_a_crash_says_where_the_report_is_and_keeps_everything(
    start, service: GptalkServer, kept: Kept, own_world: Path, where: str, round_: int
) -> None:
    with start(environment={"GPTALK_TEST_FAULT": where}) as terminal:
        stream(terminal, service)
        terminal.kill(signal.SIGUSR1)
        assert terminal.wait() == 1
        assert terminal.complaints() == []
        assert "Start gptalk-tui again" in " ".join(terminal.text.split())
        said = terminal.output[terminal.output.rindex(b"\x1b[?1049l") :].decode()
        assert b"Traceback" not in terminal.output
        assert SECRET.encode() not in terminal.output
    (report,) = own_world.rglob("crash-*.txt")
    assert str(report) in said.replace("\r\n", "")
    text = report.read_text(encoding="utf-8")
    assert "builtins.RuntimeError" in text
    assert "in fail" in text
    for secret in (SECRET, PROMPT, "So far", str(own_world)):
        assert secret not in text
    assert report.stat().st_mode & 0o777 == 0o600
    assert report.parent.stat().st_mode & 0o777 == 0o700
    assert still_kept(kept)


@pytest.mark.parametrize("where", ["start", "open", "unmount"])
def test_a_crash_at_the_start_and_at_the_end(start, own_world: Path, where: str) -> None:
    with start(environment={"GPTALK_TEST_FAULT": where}) as terminal:
        if where == "unmount":
            terminal.wait_for(READY)
            terminal.send(CTRL_Q)
        assert terminal.wait() == 1
        assert terminal.complaints() == []
        assert SECRET.encode() not in terminal.output
        assert b"Traceback" not in terminal.output
    (report,) = own_world.rglob("crash-*.txt")
    assert SECRET not in report.read_text(encoding="utf-8")


@pytest.mark.parametrize("where", ["callback", "thread"])
def test_a_fault_that_nobody_waits_for_paints_nothing(start, where: str) -> None:
    with start(environment={"GPTALK_TEST_FAULT": where}) as terminal:
        terminal.wait_for(READY)
        terminal.kill(signal.SIGUSR1)
        terminal.send("still here")
        terminal.wait_for("still here")
        assert terminal.end(CTRL_Q) == 0
        assert SECRET.encode() not in terminal.output
        assert b"Traceback" not in terminal.output


def test_the_report_folder_may_be_out_of_reach(start, own_world: Path) -> None:
    (own_world / "state").write_text("no folder")
    with start(environment={"GPTALK_TEST_FAULT": "start"}) as terminal:
        assert terminal.wait() == 1
        assert b"The crash report could not be written" in terminal.output


def test_what_was_typed_is_there_after_a_signal(start, service: GptalkServer) -> None:
    with start() as terminal:
        terminal.wait_for(READY)
        terminal.send("Hello", ENTER)
        terminal.wait_for("Hello from the service")
        terminal.send("half a thought")
        terminal.wait_for("half a thought")
        terminal.kill(signal.SIGTERM)
        assert terminal.wait() == 143
    with start() as terminal:
        terminal.wait_for("half a thought")
        assert terminal.end(CTRL_Q) == 0


@pytest.mark.parametrize("size", [(1, 1), (20, 3), (300, 80)])
def test_any_size_of_terminal(data: Path, service: GptalkServer, size: tuple[int, int]) -> None:
    arguments = ("--data-dir", str(data), "--url", service.url)
    with Terminal(program(*arguments), size=size) as terminal:
        terminal.wait_for(lambda t: t.modes.get("?2004"), "the app is up")
        terminal.resize(80, 24)
        terminal.wait_for("Ctrl+")
        terminal.resize(*size)
        terminal.resize(80, 24)
        terminal.wait_for(READY)
        assert terminal.end(CTRL_Q) == 0
        assert terminal.complaints() == []


def is_painted_for(terminal: Terminal, columns: int, rows: int) -> bool:
    """Whether the header ends at the last column but one, and the footer is in the last row."""
    return len(terminal.lines[0]) == columns - 1 and terminal.lines[rows - 1].startswith(" Enter send")


def test_a_window_that_is_dragged_ends_at_its_last_size(start) -> None:
    with start() as terminal:
        terminal.wait_for(READY)
        for _ in range(12):
            terminal.send("busy " * 40)  # so that one signal comes while another one is handled
            for step in range(20):
                terminal.resize(80 + step % 9, 24 + step % 5)
            terminal.resize(110, 32)
            terminal.wait_for(lambda t: is_painted_for(t, 110, 32), "the last size")
        assert terminal.end(CTRL_Q) == 0
        assert terminal.complaints() == []


def test_a_size_in_the_environment_is_not_believed(start) -> None:
    with start(size=(110, 32), environment={"COLUMNS": "80", "LINES": "24"}) as terminal:
        terminal.wait_for(lambda t: is_painted_for(t, 110, 32), "the real size")
        assert terminal.end(CTRL_Q) == 0


@pytest.mark.parametrize("term", ["dumb", ""])
def test_a_terminal_that_can_do_nothing_is_told_in_words(data: Path, term: str) -> None:
    with Terminal(program("--data-dir", str(data)), environment={"TERM": term}) as terminal:
        assert terminal.wait() == 2
        assert b"gptalk-tui ask" in terminal.output
        assert b"\x1b" not in terminal.output

"""Keys as different terminals send them, written to the app byte by byte, and what comes of them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gptalk_client.store.store import Store
from support.gptalk_server import GptalkServer
from support.terminal import CTRL_Q, ENTER, ESCAPE, LIMIT_S, READY, Terminal, program


def composed(terminal: Terminal) -> list[str]:
    """The words in the composer."""
    return terminal.in_frame.split()


@pytest.fixture
def app(start) -> Iterator[Terminal]:
    with start(has_kitty_keys=True) as terminal:
        terminal.wait_for(READY)
        yield terminal
        assert terminal.end(CTRL_Q) == 0
        assert terminal.complaints() == []


@pytest.mark.parametrize(
    "sequence", ["\x1b[27;5;112~", "\x1b[1079;5u", "\x1b[1079::112;5u", "\x1b[112;133u", "\x1b[27;5;1079~"]
)
def test_ctrl_p_opens_the_palette_in_every_encoding(app: Terminal, sequence: str) -> None:
    app.send("draft", sequence)
    app.wait_for("New conversation")
    app.send(ESCAPE)
    app.wait_for(lambda t: "New conversation" not in t.text, "the palette closes")
    assert "draft" in app.text
    assert "draftp" not in app.text


def test_ctrl_c_types_no_letter(app: Terminal) -> None:
    app.send("draft", "\x1b[27;5;99~")
    app.wait_for("Draft cleared.")
    app.send("x")
    app.wait_for(lambda t: composed(t) == ["x"], "only what was typed since")


def test_erasing_and_word_keys(app: Terminal) -> None:
    app.send("one two threee", "\x1b[127;2u")  # Shift+Backspace
    app.wait_for(lambda t: "three" in t.text and "threee" not in t.text, "a character is erased")
    app.send("\x1b[127;3u")  # Alt+Backspace
    app.wait_for(lambda t: "three" not in t.text, "a word is erased")
    app.send("\x1b[1;3D", "<", "\x1b[1;3C", ">")  # Alt+Left, Alt+Right
    app.wait_for("one <two>")
    app.send("\x1b[H", "\x1b[3;3~")  # Home, Alt+Delete
    app.wait_for(lambda t: "<two>" in t.text and "one" not in t.text, "the word ahead is erased")


@pytest.mark.parametrize("sequence", ["\x1b\r", "\x1b[13;3u", "\x1b[27;3;13~", "\x1b[27;2;13~", "\x1b[13;2u"])
def test_alt_and_shift_enter_are_new_lines(app: Terminal, service: GptalkServer, sequence: str) -> None:
    app.send("one", sequence, "two")
    app.wait_for(lambda t: composed(t) == ["one", "two"], "two lines")
    assert service.prompts == []


def test_releases_locks_and_unknown_sequences_type_nothing(app: Terminal) -> None:
    app.send("a\x1b[112;5:3u\x1b[57441;2u\x1b[57358u\x1b[31m\x1b[1;99~\x1b[99;5:3u\x1b[57400;129;49ub")
    app.wait_for(lambda t: composed(t) == ["a1b"], "the letters and the keypad's digit")


def test_lines_without_paste_brackets_are_not_sent(app: Terminal, service: GptalkServer) -> None:
    app.send("first line\rsecond line\rthird line")
    app.wait_for(lambda t: composed(t) == ["first", "line", "second", "line", "third", "line"])
    assert service.prompts == []
    app.send(ENTER)
    app.wait_for("Hello from the service")
    assert len(service.prompts) == 1
    assert "first line\nsecond line\nthird line" in service.prompts[0]


def test_sixty_kilobytes_without_brackets_are_one_paste(
    app: Terminal, service: GptalkServer, data: Path
) -> None:
    pasted = "".join(f"line {number} of what was pasted\r" for number in range(2000))
    app.send(pasted)
    app.wait_for("2,000 lines")
    assert service.prompts == []
    app.send(ENTER)
    app.wait_for("Hello from the service")
    with Store.open(data / "conversations.db") as store:
        (conversation,) = store.conversations()
        assert store.messages(conversation.id)[0].content.strip() == pasted.replace("\r", "\n").strip()


def test_a_line_and_enter_in_one_write_are_sent(app: Terminal, service: GptalkServer) -> None:
    app.send("hi" + ENTER)
    app.wait_for("Hello from the service")
    assert len(service.prompts) == 1


def test_keys_are_asked_for_as_the_terminal_can_send_them(start) -> None:
    for has_kitty_keys in (True, False):
        with start(has_kitty_keys=has_kitty_keys) as terminal:
            terminal.wait_for(READY)
            assert b"\x1b[=4;2u" in terminal.output
            if not has_kitty_keys:
                terminal.wait_for(lambda t: t.has_modified_keys, "xterm's keys are asked for")
            assert terminal.has_modified_keys is not has_kitty_keys
            assert terminal.end(CTRL_Q) == 0
            assert not terminal.has_modified_keys
            assert terminal.complaints() == []


def until(condition: Callable[[], object]) -> None:
    """Ask again and again; each question starts a process, so that there is no need to sleep."""
    end_s = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < end_s, "it did not happen"


@contextmanager
def in_tmux(folder: Path, command: list[str]) -> Iterator[Callable[..., str]]:
    """Run a program in tmux with extended keys, and yield what calls tmux."""
    config = folder / "tmux.conf"
    config.write_text("set -s extended-keys on\nset -s escape-time 0\n")
    environment = {**os.environ, "TERM": "xterm-256color"}

    def tmux(*arguments: str) -> str:
        called = ["tmux", "-S", str(folder / "tmux"), "-f", str(config), *arguments]
        return subprocess.run(
            called, env=environment, capture_output=True, text=True, check=True, timeout=LIMIT_S
        ).stdout

    tmux("new-session", "-d", "-x", "100", "-y", "30", *command)
    try:
        yield tmux
    finally:
        tmux("kill-server")


@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
def test_shift_enter_in_tmux_is_a_new_line(service: GptalkServer, data: Path, tmp_path: Path) -> None:
    command = program("--data-dir", str(data), "--url", service.url)
    with in_tmux(tmp_path, command) as tmux:
        until(lambda: READY in tmux("capture-pane", "-p"))
        # tmux sends modified keys once it has taken the app's wish.
        tmux("send-keys", "one")
        tmux("send-keys", "S-Enter")
        tmux("send-keys", "two")
        until(lambda: re.search(r"│ one +│\n.*│ two +│", tmux("capture-pane", "-p")))
        assert service.prompts == []
        tmux("send-keys", " and three", "Enter")
        until(lambda: "Hello from the service" in tmux("capture-pane", "-p"))
        assert len(service.prompts) == 1

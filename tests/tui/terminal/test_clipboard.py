"""A copy uses the best way available, cannot inject escape sequences, and the toast says how it went."""

from __future__ import annotations

import base64
import stat
import sys
from pathlib import Path

import pytest

from gptalk_tui.terminal import clipboard
from gptalk_tui.terminal.clipboard import Clipboard, tools
from gptalk_tui.terminal.escape_sequences import OSC52_LIMIT, osc52
from support.apps import running_app
from support.scripted_provider import ScriptedProvider

XTERM = {"TERM": "xterm-256color"}


def tool(folder: Path, name: str, code: str) -> Path:
    folder.mkdir(exist_ok=True)
    file = folder / name
    file.write_text(f"#!{sys.executable}\nimport sys, time\n{code}\n")
    file.chmod(0o755)
    return file


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the only folder on the search path."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def test_the_sequence_contains_the_text_as_base64_only() -> None:
    payload = base64.b64encode("a\x07\x1b]é".encode()).decode()
    assert osc52("a\x07\x1b]é", XTERM) == f"\x1b]52;c;{payload}\x07"


def test_tmux_gets_the_sequence_both_plain_and_wrapped() -> None:
    plain = osc52("hi", XTERM)
    assert osc52("hi", XTERM | {"TMUX": "/tmp/x"}) == f"{plain}\x1bPtmux;\x1b{plain}\x1b\\"


def test_screen_gets_the_sequence_in_short_parts() -> None:
    parts = osc52("x" * 300, XTERM | {"STY": "1"}).split("\x1b\\")
    assert all(len(part) <= 80 and part.startswith("\x1bP") for part in parts[:-1])
    assert parts[-1] == ""


@pytest.mark.parametrize(
    ("text", "environment"),
    [
        ("x" * OSC52_LIMIT, XTERM),
        ("x", {"TERM": "linux"}),
        ("x", XTERM | {"TERM_PROGRAM": "Apple_Terminal"}),
    ],
)
def test_nothing_is_sent_to_a_terminal_that_would_ignore_it(text: str, environment: dict[str, str]) -> None:
    assert osc52(text, environment) == ""


def test_only_tools_for_the_users_own_screen_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: f"/bin/{name}")

    def names(environment: dict[str, str], platform: str = "linux") -> list[str]:
        return [command[0] for command in tools(environment, platform)]

    assert names({}) == []
    assert names({"DISPLAY": ":0", "WAYLAND_DISPLAY": "w"}) == ["wl-copy", "xclip", "xsel"]
    assert names({"TMUX": "x", "SSH_CONNECTION": "x"}, "darwin") == ["tmux"]
    assert names({}, "darwin") == ["pbcopy"]
    assert names({"WSL_DISTRO_NAME": "x"}) == ["clip.exe"]


async def test_a_tool_receives_the_text_and_is_named(tmp_path: Path, path: Path) -> None:
    tool(path, "wl-copy", f"open({str(tmp_path / 'got')!r}, 'wb').write(sys.stdin.buffer.read())")
    written: list[str] = []
    how = await Clipboard(written.append, tmp_path, XTERM | {"WAYLAND_DISPLAY": "w"}).put("ünï\n")
    assert how == "with wl-copy"
    assert (tmp_path / "got").read_text("utf-8") == "ünï\n"
    assert len(written) == 1


async def test_a_tool_that_hangs_or_fails_is_skipped(
    tmp_path: Path, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clipboard, "TOOL_LIMIT_S", 0.3)
    tool(path, "xclip", "time.sleep(60)")
    tool(path, "xsel", "sys.exit(1)")
    written: list[str] = []
    how = await Clipboard(written.append, tmp_path, XTERM | {"DISPLAY": ":0"}).put("hi")
    assert how == "through the terminal (OSC 52)"
    assert len(written) == 1


async def test_a_private_file_is_the_last_resort(tmp_path: Path, path: Path) -> None:
    folder = tmp_path / "data"
    written: list[str] = []
    text = "long\r\n" * 20_000
    target = Clipboard(written.append, folder, XTERM)
    for _ in range(2):
        how = await target.put(text)
    file = folder / "clipboard.txt"
    assert how == f"to the file {file}, because the clipboard is out of reach"
    assert file.read_bytes() == text.encode()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [each.name for each in folder.iterdir()] == ["clipboard.txt"]
    assert written == []


async def test_the_toast_says_how_it_was_copied(
    tmp_path: Path, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("TMUX", "STY", "DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    async with running_app(ScriptedProvider(["*A reply*"]), tmp_path) as app:
        await app.send("Go")
        await app.until_idle()
        await app.press("alt+up", "y")
        await app.until(lambda: app.app._notifications)
        [said] = [each.message for each in app.app._notifications]
        assert said == "Copied the message through the terminal (OSC 52)."
        assert app.app.clipboard == "*A reply*"


async def test_cutting_in_the_composer_uses_the_same_clipboard(
    tmp_path: Path, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "dumb")
    async with running_app(ScriptedProvider([]), tmp_path) as app:
        await app.press(*"words", "ctrl+shift+left", "ctrl+x")
        await app.until(lambda: (app.paths.data / "clipboard.txt").exists())
        assert (app.paths.data / "clipboard.txt").read_text() == "words"
        await app.press("ctrl+v")
        assert app.chat.composer.text == "words"

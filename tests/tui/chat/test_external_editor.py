"""The prompt is written in the person's own editor, and comes back whatever happens."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gptalk_tui.chat.external_editor import editor_command
from support.apps import Running, running_app
from support.scripted_provider import ScriptedProvider

EDITOR = """
import os, stat, sys
path = sys.argv[-1]
mode = stat.S_IMODE(os.stat(path).st_mode)
open({log!r}, "w").write(f"{{mode:o}} {{path}} {{open(path).read()}}")
open(path + "~", "w").write("a backup")
open(path, "a").write(" and \\x1b]52;c;aGk=\\x07 more\\n")
sys.exit({code})
"""


async def edit(app: Running, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    monkeypatch.setenv("VISUAL", command)

    @contextmanager
    def suspend() -> Iterator[None]:
        # Ctrl+C is a signal from the moment at which the terminal is lent until it is taken back.
        signal.raise_signal(signal.SIGINT)
        yield
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(app.app, "suspend", suspend)
    await app.press("ctrl+g")
    await app.pilot.pause()
    await app.until(lambda: not any(each.group == "editor" for each in app.app.workers))
    await app.pilot.pause()


def script(folder: Path, code: int) -> tuple[str, Path]:
    log, file = folder / "log", folder / "editor.py"
    file.write_text(EDITOR.format(log=str(log), code=code))
    return f"'{sys.executable}' '{file}' --wait", log


async def test_the_text_comes_back_harmless_and_the_file_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command, log = script(tmp_path, 0)
    async with running_app(ScriptedProvider([]), tmp_path) as app:
        await app.press(*"words")
        await edit(app, monkeypatch, command)
        assert app.chat.composer.text == "words and ␛]52;c;aGk=␇ more"
        mode, path, text = log.read_text().split(" ", 2)
        assert (mode, text) == ("600", "words")
        assert path.endswith(".md")
        assert not Path(path).parent.exists()
        await app.press("ctrl+z")
        assert app.chat.composer.text == "words"


async def test_a_failing_editor_leaves_the_prompt_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command, _ = script(tmp_path, 3)
    async with running_app(ScriptedProvider([]), tmp_path) as app:
        await app.press(*"words")
        await edit(app, monkeypatch, command)
        assert app.chat.composer.text == "words"
        [said] = [each.message for each in app.app._notifications]
        assert said.endswith("ended with code 3. The prompt is unchanged.")


async def test_a_missing_editor_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running_app(ScriptedProvider([]), tmp_path) as app:
        await app.press(*"words")
        await edit(app, monkeypatch, "/no/such/editor")
        assert app.chat.composer.text == "words"
        [said] = [each.message for each in app.app._notifications]
        assert said.startswith('There is no editor "/no/such/editor"')


def test_the_environment_names_the_editor(monkeypatch: pytest.MonkeyPatch) -> None:
    assert editor_command({"EDITOR": "vim", "VISUAL": "code --wait"}) == ["code", "--wait"]
    assert editor_command({"EDITOR": "vim", "VISUAL": " "}) == ["vim"]
    with pytest.raises(ValueError, match="cannot be read as a command"):
        editor_command({"EDITOR": "vim 'unclosed"})
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(ValueError, match="No editor is set"):
        editor_command({})

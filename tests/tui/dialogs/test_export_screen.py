"""Export from the app: where to, how a path is completed, what is told, and what opens it."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from pathlib import Path

import pytest
from textual.widgets import Static

from gptalk_client.models import Status
from gptalk_tui.chat.exports import Exports
from gptalk_tui.dialogs.export import ExportScreen
from gptalk_tui.dialogs.path_input import PathInput, completion_of
from gptalk_tui.terminal.desktop import open_outside
from support.apps import Running, running_app
from support.scripted_provider import ScriptedProvider

NAMES = ("Go.md", "notes/", "notes.md", "Новости/", "with space.txt")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with a few things in it."""
    folder = tmp_path / "here"
    folder.mkdir()
    for name in NAMES[1:]:
        (folder / name).mkdir() if name.endswith("/") else (folder / name).touch()
    monkeypatch.chdir(folder)
    return folder


def toasts(app: Running) -> list[str]:
    return [each.message for each in app.app._notifications]


async def ask_where(app: Running) -> PathInput:
    """Have a conversation and press the key; return the field."""
    if not app.store.conversations():
        await app.send("Go")
        await app.until_idle()
    await app.press("ctrl+o")
    await app.until(lambda: isinstance(app.app.screen, ExportScreen))
    return app.app.screen.query_one(PathInput)


async def write_to(app: Running, text: str) -> None:
    (await ask_where(app)).value = text
    await app.press("enter")
    await app.until(lambda: app.app.screen is app.chat)


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("", None),
        ("no", "notes/"),
        ("notes.", "notes.md"),
        ("notes.md", None),
        ("notes/", None),
        ("Нов", "Новости/"),
        ("wi", "with space.txt"),
        ("otes", None),
        ("gone/x", None),
        ("\0", None),
    ],
)
def test_a_path_is_completed_by_what_is_there(folder: Path, typed: str, completed: str | None) -> None:
    assert completion_of(typed) == completed
    if typed:
        assert completion_of(f"{folder}/{typed}") == (completed and f"{folder}/{completed}")


async def test_the_format_changes_the_ending_and_the_file_is_named_after_the_conversation(
    folder: Path, tmp_path: Path
) -> None:
    async with running_app(ScriptedProvider(["**ok**"]), tmp_path) as app:
        target = await ask_where(app)
        assert target.value == "Go.md"
        await app.press("down")
        assert target.value == "Go.html"
        await app.press("enter")
        await app.until(lambda: app.app.screen is app.chat)
    assert "<strong>ok</strong>" in (folder / "Go.html").read_text("utf-8")


async def test_tab_completes_and_then_goes_on_to_the_branches(folder: Path, tmp_path: Path) -> None:
    async with running_app(ScriptedProvider(["ok"]), tmp_path) as app:
        target = await ask_where(app)
        target.value = ""
        await app.press("n", "o", "t", "tab")
        await app.until(lambda: target.value == "notes/")
        assert app.app.focused is target
        assert target.cursor_position == len("notes/")
        await app.press("tab")
        await app.until(lambda: app.app.focused is not target)
        assert app.app.focused is not None
        assert app.app.focused.id == "branches"
        box = app.app.screen.query_one("#branches")
        assert "X" not in box.render_line(0).text
        await app.press("space")
        await app.until(lambda: "X" in box.render_line(0).text)
        await app.press("shift+tab")
        assert app.app.focused is target


async def test_what_tab_would_add_is_shown(folder: Path, tmp_path: Path) -> None:
    async with running_app(ScriptedProvider(["ok"]), tmp_path) as app:
        target = await ask_where(app)
        target.value = ""
        await app.press("w", "i")
        await app.until(lambda: "with space.txt" in target.render_line(0).text)


@pytest.mark.parametrize("typed", ["notes", "notes/", "new/deep/"])
async def test_a_folder_takes_the_named_file(folder: Path, tmp_path: Path, typed: str) -> None:
    async with running_app(ScriptedProvider(["a reply"]), tmp_path) as app:
        await write_to(app, typed)
    assert "a reply" in (folder / typed / "Go.md").read_text("utf-8")


@pytest.mark.parametrize("typed", ["n" * 300, "n" * 300 + "/", "~no-such-user/x"])
async def test_a_path_that_cannot_be_is_told_and_can_be_corrected(
    folder: Path, tmp_path: Path, typed: str
) -> None:
    async with running_app(ScriptedProvider(["a reply"]), tmp_path) as app:
        target = await ask_where(app)
        target.value = typed
        await app.press("enter")
        await app.until(lambda: app.app.screen.query(".dialog-error.-shown"))
        assert typed[:13] in str(app.app.screen.query_one(".dialog-error", Static).render())
        target.value = "good.md"
        await app.press("enter")
        await app.until(lambda: app.app.screen is app.chat)
    assert "a reply" in (folder / "good.md").read_text("utf-8")


async def test_a_file_in_a_folder_is_not_replaced_unasked(folder: Path, tmp_path: Path) -> None:
    (folder / "notes" / "Go.md").write_text("mine")
    async with running_app(ScriptedProvider(["a reply"]), tmp_path) as app:
        (await ask_where(app)).value = "notes"
        await app.press("enter")
        await app.until(lambda: app.app.screen.query(".dialog-error.-shown"))
        assert (folder / "notes" / "Go.md").read_text() == "mine"
        await app.press("enter")
        await app.until(lambda: app.app.screen is app.chat)
    assert "a reply" in (folder / "notes" / "Go.md").read_text("utf-8")


async def test_what_cannot_be_written_is_told_and_the_dialog_stays(folder: Path, tmp_path: Path) -> None:
    async with running_app(ScriptedProvider(["ok"]), tmp_path) as app:
        (await ask_where(app)).value = "notes.md/below/a-file.md"
        await app.press("enter")
        await app.until(lambda: app.app.screen.query(".dialog-error.-shown"))
        assert "cannot be written" in str(app.app.screen.query_one(".dialog-error").render())
        assert app.chat.controllers.exports.last is None


async def test_all_branches_are_written_on_request(folder: Path, tmp_path: Path) -> None:
    async with running_app(ScriptedProvider(["first answer"], ["second answer"]), tmp_path) as app:
        await app.send("Go")
        await app.until_idle()
        await app.press("alt+up", "r")
        await app.until(lambda: len(app.store.messages(app.store.conversations()[0].id)) == 3)
        await app.until_idle()
        await write_to(app, "one.md")
        target = await ask_where(app)
        await app.press("tab", "space")
        target.value = "all.md"
        target.focus()
        await app.press("enter")
        await app.until(lambda: app.app.screen is app.chat)
        messages = app.store.messages(app.store.conversations()[0].id)
        assert [each.status for each in messages] == [Status.COMPLETE] * 3
    assert "first answer" not in (folder / "one.md").read_text("utf-8")
    assert "first answer" in (folder / "all.md").read_text("utf-8")


async def test_what_was_written_is_told_with_what_opens_it(folder: Path, tmp_path: Path) -> None:
    async with running_app(ScriptedProvider(["ok"]), tmp_path) as app:
        assert not app.chat.controllers.exports.last
        await write_to(app, "with \x1b[2Jspace.md")
        await app.until(lambda: toasts(app))
        assert toasts(app) == [
            f"Wrote {folder}/with ␛[2Jspace.md · “Open the last export” in the commands (Ctrl+P) opens it."
        ]


@pytest.fixture
def opener(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program that opens files: it keeps its arguments, and fails for what is named so."""
    if sys.platform == "win32":
        pytest.skip("Windows opens files by itself")
    programs = tmp_path / "programs"
    programs.mkdir()
    program = programs / ("open" if sys.platform == "darwin" else "xdg-open")
    program.write_text(
        '#!/bin/sh\ntest ! -t 0 && printf "%s|" "$#" "$@" > "$OPENED.part" && mv "$OPENED.part" "$OPENED"\n'
        'case "$1" in *fails*) exit 3;; esac\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    opened = tmp_path / "opened"
    monkeypatch.setenv("OPENED", str(opened))
    return opened


async def test_the_last_export_is_opened_from_the_commands_without_a_shell(
    folder: Path, tmp_path: Path, opener: Path
) -> None:
    async with running_app(ScriptedProvider(["ok"]), tmp_path) as app:
        await write_to(app, "$(touch evil) `touch evil`; x.md")
        await app.press("ctrl+p", *"open the last", "enter")
        await app.until(opener.exists, "the program is called")
        assert opener.read_text() == f"1|{folder}/$(touch evil) `touch evil`; x.md|"
    assert not (folder / "evil").exists()


async def test_a_file_that_nothing_opens_or_that_is_gone_is_told(
    folder: Path, tmp_path: Path, opener: Path
) -> None:
    async with running_app(ScriptedProvider(["ok"]), tmp_path) as app:
        await write_to(app, "fails.md")
        exports: Exports = app.chat.controllers.exports
        exports.open_last()
        await app.until(lambda: any("No program is set up to open" in each for each in toasts(app)))
        (folder / "fails.md").unlink()
        exports.open_last()
        await app.until(lambda: any("fails.md is gone." in each for each in toasts(app)))


async def test_a_system_without_an_opener_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    failures: list[bool] = []
    open_outside(str(tmp_path), lambda: failures.append(True))
    assert failures == [True]


async def test_the_conversations_themselves_are_never_replaced(folder: Path, tmp_path: Path) -> None:
    async with running_app(ScriptedProvider(["ok"]), tmp_path) as app:
        (await ask_where(app)).value = str(app.paths.database)
        box = app.app.screen.query_one(".dialog-error", Static)
        for _ in range(2):
            await app.press("enter")
            await app.until(lambda: "-shown" in box.classes)
        assert app.store.integrity() == []
        assert len(app.store.conversations()) == 1


async def test_a_path_that_is_completed_after_the_dialog_was_left_is_for_nobody(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_left = threading.Event()

    def slow(typed: str) -> str | None:
        assert is_left.wait(10)
        return None

    async with running_app(ScriptedProvider(["ok"]), tmp_path) as app:
        target = await ask_where(app)
        monkeypatch.setattr("gptalk_tui.dialogs.path_input.completion_of", slow)
        completing = asyncio.create_task(target.action_complete())
        await app.pilot.pause()
        await app.press("escape")
        await app.until(lambda: app.app.screen is app.chat and not target.is_attached)
        is_left.set()
        await completing
        assert app.app.focused is app.chat.composer

"""`@path` completes files and sends their text, fenced; what cannot be sent is said."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from textual import events

from gptalk_client.errors import NetworkError, UsageError
from gptalk_tui.chat import attachments
from gptalk_tui.chat.attachments import MAX_FILE_BYTES, mentions, missing, read_text, with_files
from gptalk_tui.dialogs.confirm import ConfirmScreen
from gptalk_tui.dialogs.path_completion import file_rows, nested_rows
from gptalk_tui.widgets.composer_tokens import Token, TokenKind, token_at
from support.apps import Running, running_app
from support.scripted_provider import ScriptedProvider


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "project"
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "main.py").write_text("print('hi')\n")
    (folder / "src" / "My notes.md").write_text("# Notes\n```\ncode\n```")
    (folder / ".hidden").write_text("x")
    (folder / "picture.bin").write_bytes(b"\x89PNG\x00\xff")
    (folder / "large.txt").write_text("x" * (MAX_FILE_BYTES + 1))
    monkeypatch.chdir(folder)
    return folder


def rows(app: Running) -> list[str]:
    completing = app.chat.controllers.autocomplete
    return [row.key for row in completing._rows.rows] if completing._rows is not None else []


@pytest.mark.parametrize(
    ("before", "token"),
    [
        ("@", Token(TokenKind.FILE, "", 0)),
        ("look at @src/ma", Token(TokenKind.FILE, "src/ma", 8)),
        ('in @"My no', Token(TokenKind.FILE, "My no", 3)),
        ("(@a", Token(TokenKind.FILE, "a", 1)),
        ("me@example.org", None),
        ("@done ", None),
        ("no", None),
        ("/exp", Token(TokenKind.COMMAND, "exp", 0)),
        ("/usr/bin", None),
    ],
)
def test_what_can_be_completed(before: str, token: Token | None) -> None:
    assert token_at(before, before) == token


def test_a_command_stands_alone() -> None:
    assert token_at("/new", "/new\nline") is None


def test_files_are_offered_by_their_beginning_first_and_hidden_ones_only_when_asked_for() -> None:
    assert [row.key for row in file_rows("")] == ["large.txt", "picture.bin", "src/"]
    assert [row.key for row in file_rows("S")] == ["src/"]
    assert [row.key for row in file_rows("src/n")] == ["src/main.py", "src/My notes.md"]
    assert [row.key for row in file_rows(".h")] == [".hidden"]
    assert file_rows("src/main.py") == []
    assert file_rows("nowhere/") == []
    assert file_rows("\0") == []


def test_only_files_that_are_there_are_mentions() -> None:
    text = 'See @src/main.py, @alice and "me@src" (@"src/My notes.md") @src @/dev/null @src/main.py'
    assert mentions(text) == ["src/main.py", "src/My notes.md"]
    assert with_files("mail me@example.org @nobody", []) == "mail me@example.org @nobody"


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("see @/no/such.txt.", "/no/such.txt"),
        ('see @"my thing"', "my thing"),
        ("@~/no-such-file-here", "~/no-such-file-here"),
        ("(@./nothing)", "./nothing"),
        ("@types/node and @alice and @src and @/ and @~", ""),
    ],
)
def test_a_path_that_leads_nowhere_is_told(text: str, path: str) -> None:
    assert missing(text) == path


def test_a_file_stands_below_the_prompt_in_a_fence_that_it_cannot_close() -> None:
    text = 'Compare @src/main.py with @"src/My notes.md"'
    sent = with_files(text, mentions(text))
    assert sent == (
        "Compare @src/main.py with @\"src/My notes.md\"\n\n```py src/main.py\nprint('hi')\n```\n\n"
        "````md src/My notes.md\n# Notes\n```\ncode\n```\n````"
    )
    assert mentions(sent) == []


@pytest.mark.parametrize(
    ("name", "words"),
    [("picture.bin", "not a text"), ("large.txt", "larger than 200 kB"), ("locked.txt", "cannot be read")],
)
async def test_what_cannot_be_sent_is_said_and_the_prompt_stays(
    tmp_path: Path, files: Path, name: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if name == "locked.txt":
        (files / name).write_text("x")

        def refuse(*_: object) -> int:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(attachments, "_open_at_once", refuse)
    with pytest.raises(UsageError, match=words):
        read_text(name)
    provider = ScriptedProvider(["ok"])
    async with running_app(provider, tmp_path) as app:
        await app.send(f"Read @{name} ")
        await app.until(lambda: isinstance(app.app.screen, ConfirmScreen))
        await app.press("enter")
        await app.until(lambda: any(words in each.message for each in app.app._notifications))
        assert app.chat.composer.text == f"Read @{name} "
        assert provider.requests == []


async def test_a_path_is_completed_folder_by_folder_and_the_file_is_sent(tmp_path: Path) -> None:
    provider = ScriptedProvider([NetworkError("No connection.")], ["ok"])
    async with running_app(provider, tmp_path) as app:
        await app.press(*"Fix @s")
        await app.until(lambda: rows(app) == ["src/"] and app.chat.composer.is_completing)
        await app.press("tab")
        await app.until(lambda: rows(app) == ["src/main.py", "src/My notes.md"])
        await app.press("down", "up", "enter")
        assert app.chat.composer.text == "Fix @src/main.py "
        await app.until(lambda: not app.chat.composer.is_completing)
        await app.press("enter")
        await app.until_idle()
        expected = "Fix @src/main.py\n\n```py src/main.py\nprint('hi')\n```"
        assert provider.requests[0].messages[-1]["content"] == expected
        await app.until(lambda: app.chat.composer.text == expected)
        await app.press("enter")
        await app.until_idle()
        assert provider.requests[1].messages[-1]["content"] == expected


def test_a_link_to_itself_does_not_keep_the_other_files_from_being_offered(files: Path) -> None:
    (files / "endless").symlink_to("endless")
    assert [row.key for row in file_rows("")] == ["endless", "large.txt", "picture.bin", "src/"]


async def test_a_name_with_spaces_is_quoted(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider(["ok"]), tmp_path) as app:
        await app.press(*"@src/my")
        await app.until(lambda: rows(app) == ["src/My notes.md"])
        await app.press("tab")
        assert app.chat.composer.text == '@"src/My notes.md" '


async def test_escape_closes_the_list_and_nothing_else(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider(["ok"]), tmp_path) as app:
        await app.press(*"@s")
        await app.until(lambda: app.chat.composer.is_completing)
        await app.press("escape")
        assert not app.chat.composer.is_completing
        assert app.chat.composer.text == "@s"
        assert app.chat.composer.has_focus


@pytest.mark.parametrize(("key", "sent"), [("n", ["Read @src/main.py"]), ("escape", []), ("y", None)])
async def test_a_file_that_nobody_chose_goes_along_only_after_a_question(
    tmp_path: Path, key: str, sent: list[str] | None
) -> None:
    provider = ScriptedProvider(["ok"])
    async with running_app(provider, tmp_path) as app:
        app.app.post_message(events.Paste("Read @src/main.py"))
        await app.until(lambda: app.chat.composer.text)
        await app.press("enter")
        await app.until(lambda: isinstance(app.app.screen, ConfirmScreen))
        assert provider.requests == []
        await app.press(key)
        await app.until(lambda: app.app.screen is app.chat)
        await app.until_idle()
        asked = [request.messages[-1]["content"] for request in provider.requests]
        if sent is None:
            sent = ["Read @src/main.py\n\n```py src/main.py\nprint('hi')\n```"]
        assert asked == sent
        assert app.chat.composer.text == ("" if sent else "Read @src/main.py")


async def test_a_missing_file_is_told_and_nothing_is_sent(tmp_path: Path) -> None:
    provider = ScriptedProvider(["ok"])
    async with running_app(provider, tmp_path) as app:
        await app.send("Read @./nothing.txt")
        await app.until(lambda: app.app._notifications)
        assert "There is no file ./nothing.txt." in next(each.message for each in app.app._notifications)
        assert provider.requests == []


def test_what_is_no_file_any_more_is_not_waited_for(files: Path) -> None:
    os.mkfifo(files / "pipe")
    with pytest.raises(UsageError, match="no file of text"):
        read_text("pipe")


def test_any_part_of_a_path_finds_files_in_subfolders(files: Path) -> None:
    (files / "src" / "deep").mkdir()
    (files / "src" / "deep" / "Main_window.py").write_text("")
    (files / ".git").mkdir()
    (files / ".git" / "main").write_text("")
    assert [row.key for row in nested_rows("main")] == ["src/main.py", "src/deep/Main_window.py"]
    assert [row.key for row in nested_rows("EEP/ma")] == ["src/deep/Main_window.py"]
    assert nested_rows("src/m")[0].key == "src/main.py"
    assert nested_rows("nowhere/") == []
    assert nested_rows("/nowhere/main") == []


@pytest.mark.parametrize("before", ["＠ma", "見て ＠ma", "（＠ma", "mail me@x ＠ma"])
def test_a_full_width_at_sign_completes_too(before: str) -> None:
    assert token_at(before, before) == Token(TokenKind.FILE, "ma", len(before) - 3)


def test_a_full_width_at_sign_names_a_file(files: Path) -> None:
    assert mentions("＠src/main.py を見て") == ["src/main.py"]


async def test_a_paste_and_a_file_stay_one_line_each_and_a_key_opens_them(tmp_path: Path) -> None:
    provider = ScriptedProvider(["ok"])
    pasted = "".join(f"line {number}\n" for number in range(120))
    async with running_app(provider, tmp_path) as app:
        app.chat.composer.insert_text("What is @src/main.py next to this: ")
        app.chat.composer.insert_paste(pasted)
        app.chat.composer.insert_text("?")
        await app.press("enter")
        await app.until(lambda: isinstance(app.app.screen, ConfirmScreen))
        await app.press("enter")
        await app.until_idle()
        sent = provider.requests[0].messages[-1]["content"]
        assert pasted in sent
        assert sent.endswith("```py src/main.py\nprint('hi')\n```")
        assert [line.strip() for line in app.lines if "[" in line] == [
            "▌ [pasted text · 120 lines]",
            "▌ [src/main.py · 12 characters]",
        ]
        assert "line 7" not in app.text
        await app.press("alt+up", "alt+up", "enter")
        assert "line 7" in app.text
        await app.press("y")
        await app.until(lambda: app.app.clipboard == sent)
        await app.press("enter")
        assert "[pasted text · 120 lines]" in app.text

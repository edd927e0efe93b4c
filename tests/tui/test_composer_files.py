"""`@path` completes files and sends their text, fenced; what cannot be sent is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from gptalk_client.errors import NetworkError, UsageError
from gptalk_tui.screens.attachments import MAX_FILE_BYTES, mentions, with_files
from gptalk_tui.screens.completing import file_rows
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
    completing = app.chat.writing.completing
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
    assert with_files("mail me@example.org @nobody") == "mail me@example.org @nobody"


def test_a_file_stands_below_the_prompt_in_a_fence_that_it_cannot_close() -> None:
    sent = with_files('Compare @src/main.py with @"src/My notes.md"')
    assert sent == (
        "Compare @src/main.py with @\"src/My notes.md\"\n\n```py src/main.py\nprint('hi')\n```\n\n"
        "````md src/My notes.md\n# Notes\n```\ncode\n```\n````"
    )
    assert with_files(sent) == sent


@pytest.mark.parametrize(
    ("name", "words"),
    [("picture.bin", "not a text"), ("large.txt", "larger than 200 kB"), ("locked.txt", "cannot be read")],
)
async def test_what_cannot_be_sent_is_said_and_the_prompt_stays(
    tmp_path: Path, files: Path, name: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if name == "locked.txt":
        (files / name).write_text("x")
        real = Path.open

        def refuse(self: Path, *args: object, **kwargs: object) -> object:
            if self.name == name:
                raise PermissionError(13, "Permission denied")
            return real(self, *args, **kwargs)  # type: ignore[call-overload]

        monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(UsageError, match=words):
        with_files(f"@{name}")
    provider = ScriptedProvider(["ok"])
    async with running_app(provider, tmp_path) as app:
        await app.send(f"Read @{name} ")
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

"""Completion as a person types: slash commands from the action table, files after an `@`."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

from gptalk_client.text import visible
from gptalk_tui.actions import ACTIONS, Action
from gptalk_tui.keymap import KeyMap
from gptalk_tui.widgets.completions import Completions
from gptalk_tui.widgets.composer_tokens import Token, TokenKind
from gptalk_tui.widgets.row_list import Row

if TYPE_CHECKING:
    from gptalk_tui.chat.screen import ChatScreen

MAX_ROWS = 100
MAX_ENTRIES = 10_000
"""How many entries of a folder are looked at."""


def slash_names() -> dict[str, Action]:
    """Return the actions by slash command."""
    return {action.command: action for action in ACTIONS if action.command is not None}


def command_rows(typed: str, names: Iterable[tuple[str, Action]], keys: KeyMap) -> list[Row]:
    """Return the commands that begin with what was typed, then those that hold it in name or title."""
    ranked = []
    for name, action in names:
        place = 0 if name.startswith(typed) else 1 if typed in name else 2
        if place == 2 and typed not in action.title.casefold():
            continue
        ranked.append((place, Row(name, f"/{name:<14} {action.title}", keys.first(action.id))))
    return [row for _, row in sorted(ranked, key=lambda each: each[0])]


def file_rows(typed: str) -> list[Row]:
    """Return the files and folders that a path may go on with; empty where only the typed one is left.

    Reads a folder. Names with quotes or control characters cannot be written after an `@` and are left out.
    """
    folder, name = os.path.split(typed)
    ranked: list[tuple[bool, str, Row]] = []
    try:
        with os.scandir(os.path.expanduser(folder) or ".") as entries:
            for _, entry in zip(range(MAX_ENTRIES), entries, strict=False):
                found = entry.name
                if (found.startswith(".") and not name.startswith(".")) or not found.isprintable():
                    continue
                if '"' in found or name.casefold() not in found.casefold():
                    continue
                path = os.path.join(folder, found) + ("/" if _is_folder(entry) else "")
                is_inner = not found.casefold().startswith(name.casefold())
                ranked.append((is_inner, found.casefold(), Row(path, visible(path, newlines=False))))
    except (OSError, ValueError):
        return []
    ranked.sort(key=lambda each: each[:2])
    rows = [row for *_, row in ranked[:MAX_ROWS]]
    return [] if [row.key for row in rows] == [typed] else rows


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself, or into a folder that is closed to us
        return False


class Completing:
    """Keeps the list of completions up to date and does what is chosen.

    Args:
        screen: Whose composer is completed.
    """

    def __init__(self, screen: ChatScreen) -> None:
        self._screen = screen
        self._token: Token | None = None
        self._rows: Completions | None = None
        self.completed: set[str] = set()
        """Paths of files that were chosen from the list."""

    def look(self, token: Token | None) -> None:
        """Offer what can stand for a token; nothing for none."""
        self._token = token
        if token is None:
            self.close()
        elif token.kind is TokenKind.COMMAND:
            names = [(name, each) for name, each in slash_names().items() if each.available(self._screen)]
            self._offer(command_rows(token.text, names, self._screen.keys))
        else:
            work = self._offer_files(token)
            self._screen.run_worker(work, group="complete", exclusive=True, description="complete")

    def close(self) -> None:
        """Take the list away."""
        self._screen.composer.is_completing = False
        if self._rows is not None:
            self._rows.remove_class("-open")

    def press(self, key: str) -> None:
        """Take a key of the list, which is open."""
        rows = self._rows
        if rows is None:
            return
        if key in ("up", "down"):
            rows.action_move(-1 if key == "up" else 1)
        elif key == "escape":
            self.close()
        elif (row := rows.highlighted) is not None:
            self.choose(row.key, runs=key == "enter")

    def choose(self, key: str, *, runs: bool = True) -> None:
        """Put a completion in; run a command.

        Args:
            key: What was chosen.
            runs: Run a command instead of only writing its name.
        """
        token, composer = self._token, self._screen.composer
        if token is None:
            return
        self.close()
        if token.kind is TokenKind.COMMAND:
            if runs:
                self._screen.writing.run_command(key)
            else:
                composer.complete(token, f"/{key}")
                self.close()
            return
        is_quoted = " " in key
        is_open = key.endswith("/")
        if not is_open:
            self.completed.add(key)
        if is_quoted:
            composer.complete(token, f'@"{key}' if is_open else f'@"{key}" ')
        else:
            composer.complete(token, f"@{key}" if is_open else f"@{key} ")

    async def _offer_files(self, token: Token) -> None:
        rows = await asyncio.to_thread(file_rows, token.text)
        if token == self._token:
            self._offer(rows)

    def _offer(self, rows: list[Row]) -> None:
        if not rows:
            self.close()
            return
        if self._rows is None:
            self._rows = Completions(id="completions")
            self._screen.query_one("#main").mount(self._rows, before=self._screen.composer)
        self._rows.set_rows(rows, highlight=rows[0].key)
        self._rows.add_class("-open")
        self._screen.composer.is_completing = True

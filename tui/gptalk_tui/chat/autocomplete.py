"""Completion while typing: slash commands from the action table, files after an `@`."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from gptalk_client.text import one_line
from gptalk_tui.actions import Action
from gptalk_tui.chat.slash import SLASH_COMMANDS
from gptalk_tui.dialogs.path_completion import nested_rows
from gptalk_tui.keymap import KeyMap
from gptalk_tui.widgets.completions import Completions
from gptalk_tui.widgets.composer_tokens import Token, TokenKind
from gptalk_tui.widgets.row_list import Row

if TYPE_CHECKING:
    from gptalk_tui.chat.commands import Commands
    from gptalk_tui.chat.host import Host
    from gptalk_tui.chat.snippets import Snippets
    from gptalk_tui.widgets.composer import Composer


SHOWN_CHARS = 200
"""How much of a snippet's text the list shows at most."""


def command_rows(typed: str, names: Iterable[tuple[str, Action]], keys: KeyMap) -> list[Row]:
    """Return the commands that begin with what was typed, then those whose name or title contains it."""
    ranked = []
    for name, action in names:
        place = 0 if name.startswith(typed) else 1 if typed in name else 2
        if place == 2 and typed not in action.title.casefold():
            continue
        ranked.append((place, Row(name, f"/{name:<14} {action.title}", keys.first(action.id))))
    return [row for _, row in sorted(ranked, key=lambda each: each[0])]


def snippet_rows(typed: str, texts: Mapping[str, str]) -> list[Row]:
    """Return the snippets whose names contain what was typed, those that begin with it first."""
    names = sorted((name for name in texts if typed in name), key=lambda name: not name.startswith(typed))
    return [
        Row(name, f"/{one_line(name):<14} {one_line(texts[name], max_chars=SHOWN_CHARS)}", "snippet")
        for name in names
    ]


class Autocomplete:
    """Keeps the list of completions up to date and does what is chosen."""

    def __init__(self, host: Host, *, composer: Composer, commands: Commands, snippets: Snippets) -> None:
        self._host = host
        self._composer = composer
        self._commands = commands
        self._snippets = snippets
        self._token: Token | None = None
        self._rows: Completions | None = None
        self.completed: set[str] = set()
        """Paths of files that were chosen from the list."""

    def look(self, token: Token | None) -> None:
        """Offer completions of a token; None closes the list."""
        self._token = token
        if token is None:
            self.close()
        elif token.kind is TokenKind.COMMAND:
            available = self._commands.is_available
            names = [(name, each) for name, each in SLASH_COMMANDS.items() if available(each)]
            own = snippet_rows(token.text, self._snippets.texts) if token.text else []
            rows = command_rows(token.text, names, self._host.keys)
            self._offer([*own, *rows] if own and own[0].key.startswith(token.text) else [*rows, *own])
        else:
            self._host.start(self._offer_files(token), "complete", exclusive=True)

    def close(self) -> None:
        """Close the list."""
        self._composer.is_completing = False
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
        token, composer = self._token, self._composer
        if token is None:
            return
        self.close()
        if token.kind is TokenKind.COMMAND:
            if key in self._snippets.texts:
                self._snippets.insert(key)
            elif runs:
                self._commands.run_slash(key, "")
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
        rows = await asyncio.to_thread(nested_rows, token.text)
        if token == self._token:
            self._offer(rows)

    async def _mount(self, rows: Completions) -> None:
        await self._host.mount_before(rows, "#composer")

    def _offer(self, rows: list[Row]) -> None:
        if not rows:
            self.close()
            return
        if self._rows is None:
            self._rows = Completions(id="completions")
            self._host.start(self._mount(self._rows), "mount")
        self._rows.set_rows(rows, highlight=rows[0].key)
        self._rows.add_class("-open")
        self._composer.is_completing = True

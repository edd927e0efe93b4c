"""A field for the path of a file to write, which completes folders and files."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.suggester import Suggester
from textual.widgets import Input

from gptalk_tui.dialogs.path_completion import file_rows


def completion_of(typed: str) -> str | None:
    """Return the path that what was typed may go on to: folders before files; None if there is none.

    Reads a folder. A folder ends with a slash.
    """
    if not typed:
        return None
    found = [row.key for row in file_rows(typed) if row.key.startswith(typed) and row.key != typed]
    return min(found, key=lambda path: (not path.endswith("/"), path.casefold()), default=None)


class _PathSuggester(Suggester):
    def __init__(self) -> None:
        super().__init__(use_cache=False, case_sensitive=True)

    async def get_suggestion(self, value: str) -> str | None:
        return await asyncio.to_thread(completion_of, value)


class PathInput(Input):
    """A field for a path. What Tab would add stands behind the cursor, dim; with nothing to add Tab goes on."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("tab", "complete", "Complete", show=False)]

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id, select_on_focus=False, suggester=_PathSuggester())

    async def action_complete(self) -> None:
        """Complete the path, or go to the next field."""
        typed = self.value
        is_at_end = self.cursor_position == len(typed)
        completed = await asyncio.to_thread(completion_of, typed) if is_at_end else None
        if not self.is_attached:
            return  # the dialog was left meanwhile
        if completed is None:
            self.screen.focus_next()
        elif self.value == typed:
            self.value = completed
            self.cursor_position = len(completed)

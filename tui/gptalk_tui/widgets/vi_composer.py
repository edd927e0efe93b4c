"""The composer with vi's keys; loaded only where the config file asks for it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, ClassVar

from textual import events
from textual.content import Content
from textual.document._document import Location, Selection
from textual.document._edit import Edit

from gptalk_tui.widgets.composer import Composer
from gptalk_tui.widgets.composer_tokens import Token
from gptalk_tui.widgets.vi.engine import Vi
from gptalk_tui.widgets.vi.registers import Registers
from gptalk_tui.widgets.vi.state import VISUAL, Mode

_FIRST_FOLD = 0xF0000
"""Folds are one character of a private plane each, so that vi's commands cannot take one apart."""
_FOLD = re.compile(f"[{chr(_FIRST_FOLD)}-{chr(_FIRST_FOLD + 0xFFFD)}]")


class ViComposer(Composer):
    """A composer with vi's modes. It begins in insert mode, and so does each new prompt.

    Insert mode is the composer as it is without vi, but for Esc. In normal mode a send key sends, `k` on the first
    line recalls an earlier prompt, and Esc and all keys that mean nothing to vi are left to the conversation.
    """

    DEFAULT_CSS = """
    ViComposer.-insert .text-area--cursor { text-style: underline; }
    """
    MORE_HELP: ClassVar[tuple[tuple[str, str], ...]] = (
        ("Esc", "From insert mode to normal mode; from normal mode, stop the reply."),
        ("i a I A o O", "To insert mode. Each new prompt begins there."),
        ("h j k l w b e W B E ge", "Move. k on the first line and j on the last recall prompts."),
        ("0 ^ $ gg G { } % f F t T ; ,", "Move further. All with counts."),
        (
            "d c y > < gu gU g~",
            "With a motion, an object or twice: delete, change, copy, shift, change case.",
        ),
        ("iw aw iW aW ip ap", "Words and paragraphs, for operators and selections."),
        ('i" a" i\' i` i( i[ i{ i<', "What is in quotes or brackets."),
        ("x X D C Y s S r ~ J p P", "Delete, change, copy, replace, join, put."),
        ('"a "+ "_', "A register for the next command: a letter, the clipboard, none."),
        ("u Ctrl+R .", "Undo, redo, repeat. Ctrl+R searches earlier prompts in insert mode."),
        ("v V", "Select characters or lines; o goes to the other end."),
    )

    def __init__(self, **options: Any) -> None:
        self._fold_chars: dict[str, str] = {}
        self._vi = Vi(Registers(self._copy, self._paste_text))
        self._placed: tuple[Selection, tuple[int, int]] | None = None
        """The selection that was made for the vi's cursor, and that cursor."""
        super().__init__(**options)
        self._show_mode()

    @property
    def mode(self) -> Mode:
        """What keys do now."""
        return self._vi.mode

    # Text and places, with each fold as one character

    def _view(self, text: str) -> str:
        if not self._folds:
            return text
        for line in text.split("\n"):
            for start, end in self._folds.spans(line):
                label = line[start:end]
                self._fold_chars.setdefault(label, chr(_FIRST_FOLD + len(self._fold_chars)))
        for label, char in self._fold_chars.items():
            text = text.replace(label, char)
        return text

    def _shown(self, view: str) -> str:
        if not self._fold_chars:
            return view
        labels = {char: label for label, char in self._fold_chars.items()}
        return _FOLD.sub(lambda match: labels.get(match[0], match[0]), view)

    def _to_view(self, location: Location) -> tuple[int, int]:
        row, column = location
        return row, len(self._view(self.document.get_line(row)[:column]))

    def _from_view(self, line: str, column: int) -> int:
        return len(self._shown(line[:column])) + max(0, column - len(line))

    def _copy(self, text: str) -> None:
        self.app.copy_to_clipboard(self._folds.expand(self._shown(text)))

    def _paste_text(self) -> str:
        return self.app.clipboard

    # Between the field and the vi

    def _load(self) -> None:
        """Tell the vi what the field holds now."""
        if self._placed is not None and self._placed[0] == self.selection:
            cursor = self._placed[1]
        else:
            cursor = self._to_view(self.cursor_location)
        self._vi.load(self._view(self.document.text), cursor)

    def _apply(self) -> None:
        """Make the field hold what the vi holds: one edit, the cursor, the selection and the mode."""
        old, new = self._view(self.document.text), self._vi.lines.text
        if old != new:
            shortest = min(len(old), len(new))
            start = next((at for at in range(shortest) if old[at] != new[at]), shortest)
            end = next(
                (at for at in range(shortest - start) if old[-1 - at] != new[-1 - at]), shortest - start
            )
            edit = Edit(
                self._shown(new[start : len(new) - end]),
                self._location(len(self._shown(old[:start]))),
                self._location(len(self._shown(old[: len(old) - end]))),
                False,
            )
            self.history.checkpoint()
            self.edit(edit)
            self.history.checkpoint()
        self._place()
        self._show_mode()

    def _place(self) -> None:
        vi, rows = self._vi, self._vi.lines.rows

        def at(row: int, column: int) -> Location:
            return row, min(self._from_view(rows[row], column), len(self.document.get_line(row)))

        end = start = at(*vi.cursor)
        if vi.mode is Mode.VISUAL:
            first, last = sorted((vi.anchor, vi.cursor))
            start, end = at(*first), at(last[0], last[1] + 1)
        elif vi.mode is Mode.VISUAL_LINE:
            first, last = sorted((vi.anchor, vi.cursor))
            start, end = (first[0], 0), (last[0], len(self.document.get_line(last[0])))
        if vi.mode in VISUAL and vi.cursor < vi.anchor:
            start, end = end, start
        self.selection = Selection(start, end)
        self._placed = self.selection, vi.cursor
        self.scroll_cursor_visible()

    def _show_mode(self) -> None:
        pending = self._shown(self._vi.pending)
        self.border_title = Content(f"{self.mode.value} {pending}".rstrip())  # never as markup
        self.set_class(self.mode is Mode.INSERT, "-insert")

    def set_text(self, text: str, *, at_start: bool = False) -> None:
        """Replace the text; an empty field is ready for a new prompt."""
        super().set_text(text, at_start=at_start)
        if not text and self.mode is not Mode.INSERT:
            self._vi.reset("", (0, 0))
            self._vi.press("i")
        self._vi.reset(self._view(self.document.text), self._to_view(self.cursor_location))
        if self.mode is not Mode.INSERT:
            self._place()
        self._show_mode()

    def fill_in(self, text: str, places: Sequence[tuple[int, int]]) -> None:
        """Replace the text, and let Tab walk some places of it, in insert mode."""
        self._begin_typing()
        super().fill_in(text, places)

    # Keys

    @property
    def token(self) -> Token | None:
        """The token to complete at the cursor; none outside of insert mode."""
        return super().token if self.mode is Mode.INSERT else None

    async def _on_key(self, event: events.Key) -> None:
        if self.mode is Mode.INSERT:
            if event.key != "escape" or self.is_completing:
                await super()._on_key(event)
                return
        elif not self._vi.pending and self._leaves(event.key):
            event.stop()
            event.prevent_default()
            return
        is_typed = event.is_printable and bool(event.character)
        key = event.character if is_typed and event.character else event.key
        if key in self._new_line_keys and not self._vi.pending:
            key = "o"
        self._load()
        if self._vi.press(key) or is_typed:
            event.stop()
            event.prevent_default()
        self._apply()

    def _leaves(self, key: str) -> bool:
        """Do what a key means to the composer or the conversation in normal mode; return False if it is vi's."""
        if self.mode is not Mode.NORMAL:
            return False
        row = self.cursor_location[0]
        if key in self._send_keys or key == "enter":
            self._send()
        elif key in ("k", "up") and row == 0:
            self.post_message(self.EdgeReached(self, -1))
        elif key in ("j", "down") and row == self.document.line_count - 1:
            self.post_message(self.EdgeReached(self, 1))
        elif key == "u" and not self._can_undo_here():
            self.post_message(self.NothingToUndo(self))
        else:
            return False
        return True

    def _can_undo_here(self) -> bool:
        self._load()
        return self._vi.can_undo

    def insert_text(self, text: str) -> None:
        """Insert a text at the cursor, replacing the selection, in insert mode."""
        self._begin_typing()
        super().insert_text(text)

    def _begin_typing(self) -> None:
        """Go from any mode to insert mode; what is selected stays so, to be replaced."""
        if self.mode is Mode.INSERT:
            return
        selection = self.selection
        self._load()
        if self.mode in VISUAL:
            self._vi.press("escape")
        self._vi.press("i")
        self.selection = selection
        self._show_mode()

    def insert_paste(self, pasted: str) -> None:
        """Insert pasted text in any mode; a selection is replaced, and normal mode stays."""
        was_typing = self.mode is Mode.INSERT
        super().insert_paste(pasted)
        if not was_typing:
            self._load()
            self._vi.press("escape")
            self._apply()

"""The prompt field: grows upward with its text, sends with Enter, and never loses what was typed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.document._document import EditResult, Location, Selection
from textual.document._edit import Edit
from textual.message import Message

from gptalk_client.text import visible
from gptalk_tui.widgets.composer_folds import UNFOLD_TO_CHARS, Folds
from gptalk_tui.widgets.composer_keys import COMPOSER_KEYS
from gptalk_tui.widgets.composer_stops import Stops
from gptalk_tui.widgets.composer_tokens import Token, token_at
from gptalk_tui.widgets.text_box import TextBox

SEND_KEYS, NEW_LINE_KEYS = ("enter",), ("ctrl+j", "shift+enter", "alt+enter")

COMPLETION_KEYS = frozenset({"up", "down", "tab", "enter", "escape"})
"""Keys that the list of completions takes while it is open."""


class Composer(TextBox, inherit_bindings=False):
    """The field for the prompt.

    A send key after a trailing backslash inserts a new line instead. Keys that a text area would take but that
    belong to the conversation (PgUp, PgDn, Ctrl+F) are left to the screen. A long paste is folded to one line;
    `text` always contains all of it.

    Args:
        placeholder: Text shown while the field is empty.
        id: The widget's id.
        send_keys: Names of the keys that send.
        new_line_keys: Names of the keys that insert a new line.
    """

    DEFAULT_CSS = """
    Composer { height: auto; min-height: 3; max-height: 40%; padding: 0 1; scrollbar-size-vertical: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(",".join(each.keys), each.action, each.title, show=False) for each in COMPOSER_KEYS
    ]

    MORE_HELP: ClassVar[tuple[tuple[str, str], ...]] = ()
    """Keys of its own for the help screen, and what they do."""

    @dataclass
    class Submitted(Message):
        """A send key was pressed on text."""

        composer: Composer
        text: str

        @property
        def control(self) -> Composer:
            """The composer."""
            return self.composer

    @dataclass
    class EnteredEmpty(Message):
        """A send key was pressed with nothing to send."""

        composer: Composer

    @dataclass
    class EdgeReached(Message):
        """Up was pressed on the first line (-1) or Down on the last (1), to recall another prompt."""

        composer: Composer
        step: int

    @dataclass
    class NothingToUndo(Message):
        """Undo was pressed with no edit to undo."""

        composer: Composer

    @dataclass
    class TokenChanged(Message):
        """The token to complete at the cursor changed, or there is none any more."""

        composer: Composer
        token: Token | None

    @dataclass
    class CompletionKey(Message):
        """A key for the open list of completions was pressed."""

        composer: Composer
        key: str

    @dataclass
    class HomePressed(Message):
        """Home was pressed with the cursor at the start of its line."""

        composer: Composer

    @dataclass
    class EndPressed(Message):
        """End was pressed with the cursor at the end of its line."""

        composer: Composer

    def __init__(
        self,
        *,
        placeholder: str = "",
        id: str | None = None,
        send_keys: Collection[str] = SEND_KEYS,
        new_line_keys: Collection[str] = NEW_LINE_KEYS,
    ) -> None:
        self._send_keys = send_keys
        self._new_line_keys = new_line_keys
        self._folds = Folds()
        self._stops: Stops | None = None
        """The places that Tab walks, while a snippet is filled in."""
        self._token: Token | None = None
        super().__init__(
            id=id,
            soft_wrap=True,
            show_line_numbers=False,
            tab_behavior="focus",
            compact=True,
            highlight_cursor_line=False,
            placeholder=placeholder,
        )
        self.cursor_blink = False
        self.is_completing = False
        """Whether the list of completions is open and takes its keys."""

    # The text

    @property
    def text(self) -> str:
        """The whole text, folds expanded."""
        return self._folds.expand(self.document.text)

    @text.setter
    def text(self, value: str) -> None:
        self.set_text(value)

    def set_text(self, text: str, *, at_start: bool = False) -> None:
        """Replace the text, with the cursor at its end or on its first line; a very long one is folded."""
        self._stops = None
        self.load_text(self._folds.fold(visible(text)))
        self.move_cursor((0, len(self.document.get_line(0))) if at_start else self.document.end)

    def fill_in(self, text: str, places: Sequence[tuple[int, int]]) -> None:
        """Replace the text, and let Tab walk some places of it, the first of which is selected.

        Args:
            text: The text.
            places: Start and end of each place, in characters.
        """
        self.replace_text(text)
        if places and self.document.text == text:  # not where it was folded
            self._stops = Stops(places)
            self._walk("tab")

    def _walk(self, key: str) -> None:
        """Select the next place, or the one before; behind the last one Tab does what it does elsewhere."""
        if self._stops is None:
            return
        place = self._stops.next() if key == "tab" else self._stops.previous()
        if place is None:
            self._stops = None
            self.move_cursor(self.document.end)
            return
        self.selection = Selection(*map(self._location, place))

    def _index(self, location: Location) -> int:
        """Return the number of characters before a location."""
        row, column = location
        return sum(len(line) + 1 for line in self.document.lines[:row]) + column

    def _location(self, index: int) -> Location:
        before = self.document.text[:index]
        return before.count("\n"), index - before.rfind("\n") - 1

    def replace_text(self, text: str) -> None:
        """Replace the text as one edit that undo reverts."""
        shown = self._folds.fold(visible(text))
        self._stops = None
        self.history.checkpoint()
        self.replace(shown, (0, 0), self.document.end, maintain_selection_offset=False)
        self.history.checkpoint()

    @property
    def pasted_texts(self) -> list[str]:
        """Long texts that were pasted lately."""
        return self._folds.texts

    @property
    def selection_text(self) -> str:
        """The selected text, folds expanded."""
        return self._folds.expand(self.selected_text)

    @property
    def token(self) -> Token | None:
        """The token to complete at the cursor, if any."""
        start, (row, column) = self.selection
        if start != (row, column):
            return None
        return token_at(self.document.get_line(row)[:column], self.document.text)

    def watch_selection(self) -> None:
        """Post the token at the cursor whenever it changes."""
        token = self.token
        if token != self._token:
            self._token = token
            self.post_message(self.TokenChanged(self, token))

    def complete(self, token: Token, text: str) -> None:
        """Replace a token, which ends at the cursor, with a text."""
        row, column = self.cursor_location
        self.replace(text, (row, token.start), (row, column), maintain_selection_offset=False)

    # Folds

    @property
    def has_fold(self) -> bool:
        """Whether the text contains a fold."""
        return any(self._folds.spans(line) for line in self.document.lines) if self._folds else False

    def unfold(self) -> bool:
        """Expand the fold at the cursor, else the last fold; return False if none is small enough."""
        row, column = self.cursor_location
        places = [
            (line, start, end)
            for line, text in enumerate(self.document.lines)
            for start, end in self._folds.spans(text)
        ]
        here = [place for place in places if place[0] == row and place[1] <= column <= place[2]]
        for line, start, end in here or places[::-1]:
            text = self._folds.text_of(self.document.get_line(line)[start:end]) or ""
            if len(text) <= UNFOLD_TO_CHARS:
                super().edit(Edit(text, (line, start), (line, end), False))
                return True
        return False

    def edit(self, edit: Edit) -> EditResult:
        """Apply an edit, treating a fold as one character."""
        if self._folds:
            first, last = sorted((edit.from_location, edit.to_location))
            is_insertion = first == last
            last = self._off_fold(last, to_end=True)
            edit.from_location = last if is_insertion else self._off_fold(first, to_end=False)
            edit.to_location = last
        if self._stops is not None:
            ends = sorted(map(self._index, (edit.from_location, edit.to_location)))
            self._stops.edited(ends[0], ends[1], len(edit.text))
        return super().edit(edit)

    def _off_fold(self, location: Location, *, to_end: bool) -> Location:
        row, column = location
        for start, end in self._folds.spans(self.document.get_line(row)):
            if start < column < end:
                return row, end if to_end else start
        return location

    def _validate_selection(self, selection: Selection) -> Selection:
        selection = super()._validate_selection(selection)
        if not self._folds:
            return selection
        before = self.selection.end
        start = self._off_fold(selection.start, to_end=selection.start > selection.end)
        end = self._off_fold(selection.end, to_end=selection.end > before)
        return Selection(end if selection.start == selection.end else start, end)

    # Keys

    def insert_text(self, text: str) -> None:
        """Insert a text at the cursor, replacing the selection."""
        self._replace_via_keyboard(text, *self.selection)

    async def _on_key(self, event: events.Key) -> None:
        key = event.key
        if self.is_completing and key in COMPLETION_KEYS:
            event.stop()
            event.prevent_default()
            self.post_message(self.CompletionKey(self, key))
        elif self._stops is not None and key in ("tab", "shift+tab"):
            event.stop()
            event.prevent_default()
            self._walk(key)
        elif key in self._send_keys:
            event.stop()
            event.prevent_default()
            self._enter()
        elif key in self._new_line_keys:
            event.stop()
            event.prevent_default()
            self.insert_text("\n")
        else:
            await super()._on_key(event)

    def _enter(self) -> None:
        row, column = self.cursor_location
        if self.document.get_line(row)[:column].endswith("\\"):
            self.replace("\n", (row, column - 1), (row, column), maintain_selection_offset=False)
        else:
            self._send()

    def _send(self) -> None:
        text = self.text
        if text.strip():
            self.post_message(self.Submitted(self, text))
        else:
            self.post_message(self.EnteredEmpty(self))

    async def _on_paste(self, event: events.Paste) -> None:
        event.stop()
        event.prevent_default()
        self.insert_paste(event.text)

    def insert_paste(self, pasted: str) -> None:
        """Insert pasted text; a long one is folded."""
        # Terminals paste a newline as a carriage return, which is what Enter sends.
        text = visible(pasted.replace("\r\n", "\n").replace("\r", "\n"))
        self.insert_text(self._folds.add(text) if Folds.is_long(text) else text)

    @property
    def can_undo(self) -> bool:
        """Whether there is an edit to undo."""
        return bool(self.history.undo_stack)

    def action_undo(self) -> None:
        """Undo the last edit; without one, leave it to the conversation."""
        self._stops = None
        if self.can_undo:
            super().action_undo()
        else:
            self.post_message(self.NothingToUndo(self))

    def action_up(self) -> None:
        """Move up; on the first line, ask for an earlier prompt."""
        if self.navigator.is_first_wrapped_line(self.cursor_location):
            self.post_message(self.EdgeReached(self, -1))
        else:
            self.action_cursor_up()

    def action_down(self) -> None:
        """Move down; on the last line, ask for a later prompt."""
        if self.navigator.is_last_wrapped_line(self.cursor_location):
            self.post_message(self.EdgeReached(self, 1))
        else:
            self.action_cursor_down()

    def action_home(self) -> None:
        """Go to the start of the line; from there, leave it to the conversation."""
        if self.cursor_at_start_of_line:
            self.post_message(self.HomePressed(self))
        else:
            self.action_cursor_line_start()

    def action_end(self) -> None:
        """Go to the end of the line; from there, leave it to the conversation."""
        if self.cursor_at_end_of_line:
            self.post_message(self.EndPressed(self))
        else:
            self.action_cursor_line_end()

    # The terminal's own cursor: input methods open their window there

    def on_resize(self) -> None:
        """Move the terminal's cursor along with the box."""
        self.call_after_refresh(self._place_cursor)

    def on_focus(self) -> None:
        """Bring the terminal's cursor here."""
        self.call_after_refresh(self._place_cursor)

    def _place_cursor(self) -> None:
        if self.has_focus and self.is_attached:
            self.app.cursor_position = self.cursor_screen_offset

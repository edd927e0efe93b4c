"""The input box: grows upward with its text, sends with Enter, and never loses what was typed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import TextArea

from gptalk_client.text import visible


def _hidden(keys: str, action: str, title: str) -> Binding:
    return Binding(keys, action, title, show=False)


class Composer(TextArea, inherit_bindings=False):
    """Where the prompt is written.

    Enter sends; Ctrl+J, Shift+Enter and a trailing backslash make a new line. Keys that a text box would take but
    that belong to the conversation (PgUp, PgDn, Ctrl+F) are left to the screen.
    """

    DEFAULT_CSS = """
    Composer { height: auto; min-height: 3; max-height: 40%; padding: 0 1; scrollbar-size-vertical: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        _hidden("up", "up", "Up, or an earlier prompt"),
        _hidden("down", "down", "Down, or a later prompt"),
        _hidden("left", "cursor_left", "Left"),
        _hidden("right", "cursor_right", "Right"),
        _hidden("ctrl+left", "cursor_word_left", "A word left"),
        _hidden("ctrl+right", "cursor_word_right", "A word right"),
        _hidden("home,ctrl+a", "cursor_line_start", "Start of the line"),
        _hidden("ctrl+e", "cursor_line_end", "End of the line"),
        _hidden("end", "end", "End of the line, or of the conversation"),
        _hidden("shift+up", "cursor_up(True)", "Select up"),
        _hidden("shift+down", "cursor_down(True)", "Select down"),
        _hidden("shift+left", "cursor_left(True)", "Select left"),
        _hidden("shift+right", "cursor_right(True)", "Select right"),
        _hidden("ctrl+shift+left", "cursor_word_left(True)", "Select a word left"),
        _hidden("ctrl+shift+right", "cursor_word_right(True)", "Select a word right"),
        _hidden("shift+home", "cursor_line_start(True)", "Select to the start"),
        _hidden("shift+end", "cursor_line_end(True)", "Select to the end"),
        _hidden("backspace", "delete_left", "Delete left"),
        _hidden("delete,ctrl+d", "delete_right", "Delete right"),
        _hidden("ctrl+w,ctrl+backspace", "delete_word_left", "Delete a word left"),
        _hidden("ctrl+delete", "delete_word_right", "Delete a word right"),
        _hidden("ctrl+u", "delete_to_start_of_line", "Delete to the start"),
        _hidden("ctrl+k", "delete_to_end_of_line", "Delete to the end"),
        _hidden("ctrl+z", "undo", "Undo"),
        _hidden("ctrl+y", "redo", "Redo"),
        _hidden("ctrl+x", "cut", "Cut"),
        _hidden("ctrl+v", "paste", "Paste"),
    ]

    @dataclass
    class Submitted(Message):
        """Enter was pressed on text."""

        composer: Composer
        text: str

        @property
        def control(self) -> Composer:
            """The composer."""
            return self.composer

    @dataclass
    class EnteredEmpty(Message):
        """Enter was pressed with nothing to send."""

        composer: Composer

    @dataclass
    class EdgeReached(Message):
        """Up on the first line, or Down on the last: an earlier (-1) or later (1) prompt is wanted."""

        composer: Composer
        step: int

    @dataclass
    class EndPressed(Message):
        """End was pressed with the cursor at the end of its line."""

        composer: Composer

    def __init__(self, *, placeholder: str = "", id: str | None = None) -> None:
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

    def set_text(self, text: str) -> None:
        """Put a text in and the cursor behind it."""
        self.load_text(text)
        self.move_cursor(self.document.end)

    def insert_text(self, text: str) -> None:
        """Type a text at the cursor, in place of what is selected."""
        self._replace_via_keyboard(text, *self.selection)

    async def _on_key(self, event: events.Key) -> None:
        if event.key == "enter":
            event.stop()
            event.prevent_default()
            self._enter()
        elif event.key in ("ctrl+j", "shift+enter"):
            event.stop()
            event.prevent_default()
            self.insert_text("\n")
        else:
            await super()._on_key(event)

    def _enter(self) -> None:
        row, column = self.cursor_location
        if self.document.get_line(row)[:column].endswith("\\"):
            self.replace("\n", (row, column - 1), (row, column), maintain_selection_offset=False)
            return
        text = self.text
        if text.strip():
            self.post_message(self.Submitted(self, text))
        else:
            self.post_message(self.EnteredEmpty(self))

    async def _on_paste(self, event: events.Paste) -> None:
        event.stop()
        event.prevent_default()
        self.insert_text(visible(event.text))

    def action_up(self) -> None:
        """Move up, or ask for an earlier prompt on the first line."""
        if self.navigator.is_first_wrapped_line(self.cursor_location):
            self.post_message(self.EdgeReached(self, -1))
        else:
            self.action_cursor_up()

    def action_down(self) -> None:
        """Move down, or ask for a later prompt on the last line."""
        if self.navigator.is_last_wrapped_line(self.cursor_location):
            self.post_message(self.EdgeReached(self, 1))
        else:
            self.action_cursor_down()

    def action_end(self) -> None:
        """Go to the end of the line; at the end already, it is meant for the conversation."""
        if self.cursor_at_end_of_line:
            self.post_message(self.EndPressed(self))
        else:
            self.action_cursor_line_end()

"""One line to find words in the conversation."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static


class Wish(Enum):
    """What a key in the bar asks for."""

    READ = 1
    """Go to the text."""
    NEXT = 2
    PREVIOUS = 3
    EVERYWHERE = 4
    """Search all conversations for the same."""
    LEAVE = 5
    """Close the bar and stay where the reader is."""


class FindBar(Horizontal):
    """What to find, and how much of it there is. It is closed until `enter`."""

    DEFAULT_CSS = """
    FindBar { display: none; height: 1; padding: 0 1; }
    FindBar.-open { display: block; }
    FindBar Input { width: 1fr; height: 1; border: none; padding: 0 1; }
    FindBar Static { width: auto; height: 1; padding: 0 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "wish('LEAVE')", "Close", show=False),
        Binding("tab", "wish('EVERYWHERE')", "All conversations", show=False),
        Binding("down", "wish('NEXT')", "Next", show=False),
        Binding("up", "wish('PREVIOUS')", "Previous", show=False),
    ]

    @dataclass
    class Changed(Message):
        """Something else is to be found."""

        bar: FindBar
        query: str

    @dataclass
    class Pressed(Message):
        """A key was pressed that is for the text, not for the bar."""

        bar: FindBar
        wish: Wish

    def compose(self) -> ComposeResult:
        yield Static("Find", markup=False)
        yield Input(placeholder="in this conversation · Tab for all", id="find", compact=True)
        yield Static("", id="found", markup=False)

    @property
    def query_text(self) -> str:
        """What is to be found."""
        return self.query_one("#find", Input).value

    def enter(self, query: str | None = None) -> None:
        """Open the bar and put the focus in; what was typed before is selected, so that typing replaces it."""
        box = self.query_one("#find", Input)
        if query is not None:
            box.value = query
        self.add_class("-open")
        box.focus()
        box.select_all()

    def close(self) -> None:
        """Close the bar."""
        self.remove_class("-open")

    def say(self, text: str, *, is_empty: bool = False) -> None:
        """Show how much was found."""
        self.query_one("#found", Static).update(
            Content.styled(text, "$ink-warning" if is_empty else "$ink-muted")
        )

    def action_wish(self, wish: str) -> None:
        """Pass on what a key asks for."""
        self.post_message(self.Pressed(self, Wish[wish]))

    @on(Input.Changed, "#find")
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Changed(self, event.value))

    @on(Input.Submitted, "#find")
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_wish("READ")

"""A one-line bar that finds words in the conversation."""

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


class FindCommand(Enum):
    """What a key in the bar does."""

    READ = 1
    """Go to the text that was found."""
    NEXT = 2
    PREVIOUS = 3
    EVERYWHERE = 4
    """Search all conversations for the same words."""
    LEAVE = 5
    """Close the bar and keep the reader's place."""


class FindBar(Horizontal):
    """A field for what to find, and a count of matches. Hidden until `enter`."""

    DEFAULT_CSS = """
    FindBar { display: none; height: 1; padding: 0 1; }
    FindBar.-open { display: block; }
    FindBar Input { width: 1fr; height: 1; border: none; padding: 0 1; }
    FindBar Static { width: auto; height: 1; padding: 0 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "command('LEAVE')", "Close", show=False),
        Binding("tab", "command('EVERYWHERE')", "All conversations", show=False),
        Binding("down", "command('NEXT')", "Next", show=False),
        Binding("up", "command('PREVIOUS')", "Previous", show=False),
    ]

    @dataclass
    class Changed(Message):
        """The query changed."""

        bar: FindBar
        query: str

    @dataclass
    class Pressed(Message):
        """A key was pressed that acts on the transcript or on the bar itself."""

        bar: FindBar
        command: FindCommand

    def compose(self) -> ComposeResult:
        yield Static("Find", markup=False)
        yield Input(placeholder="in this conversation · Tab for all", id="find", compact=True)
        yield Static("", id="found", markup=False)

    @property
    def query_text(self) -> str:
        """What to find."""
        return self.query_one("#find", Input).value

    def enter(self, query: str | None = None) -> None:
        """Open and focus the bar. The previous query is selected, so typing replaces it."""
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
        """Show the number of matches, or that there are none."""
        self.query_one("#found", Static).update(
            Content.styled(text, "$ink-warning" if is_empty else "$ink-muted")
        )

    def action_command(self, command: str) -> None:
        """Post a key's command."""
        self.post_message(self.Pressed(self, FindCommand[command]))

    @on(Input.Changed, "#find")
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Changed(self, event.value))

    @on(Input.Submitted, "#find")
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_command("READ")

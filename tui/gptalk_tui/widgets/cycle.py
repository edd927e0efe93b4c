"""A one-line choice between a few values, with Left and Right."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widget import Widget


class Cycle(Widget, can_focus=True):
    """A choice between values.

    Args:
        options: Key and title of each value, sanitised by the caller.
        value: The initial key; the first one if it is not among the options.
    """

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    Cycle { height: 1; width: 1fr; padding: 0 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "step(-1)", "Previous", show=False),
        Binding("right,space", "step(1)", "Next", show=False),
    ]

    @dataclass
    class Changed(Message):
        """The user chose another value."""

        cycle: Cycle
        value: str

        @property
        def control(self) -> Cycle:
            """The widget."""
            return self.cycle

    def __init__(self, options: Iterable[tuple[str, str]], *, value: str = "", id: str | None = None) -> None:
        super().__init__(id=id)
        self._options = list(options)
        self._at = 0
        self.value = value

    @property
    def value(self) -> str:
        """The current value's key."""
        return self._options[self._at][0] if self._options else ""

    @value.setter
    def value(self, value: str) -> None:
        self._at = next((at for at, (key, _) in enumerate(self._options) if key == value), 0)
        self.refresh()

    def set_options(self, options: Iterable[tuple[str, str]], *, value: str) -> None:
        """Replace the options."""
        self._options = list(options)
        self.value = value

    def render(self) -> Content:
        title = Content(self._options[self._at][1] if self._options else "")
        return Content.assemble(
            "‹ ", title.truncate(max(1, self.content_size.width - 4), ellipsis=True), " ›"
        )

    def action_step(self, by: int) -> None:
        """Choose the next (1) or the previous (-1) value."""
        if len(self._options) > 1:
            self._at = (self._at + by) % len(self._options)
            self.refresh()
            self.post_message(self.Changed(self, self.value))

    def on_click(self, event: events.Click) -> None:
        """Choose the next value."""
        event.stop()
        self.action_step(1)

"""What a controller may ask of the screen that it works for."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from textual.app import App
    from textual.geometry import Size
    from textual.screen import Screen
    from textual.timer import Timer
    from textual.widget import Widget
    from textual.worker import Worker

    from gptalk_tui.keymap import KeyMap

Result = TypeVar("Result")


class Host(Protocol):
    """The chat screen, as its controllers know it."""

    keys: KeyMap
    """The keys of every action."""

    @property
    def app(self) -> App[Any]:
        """The running app: its theme, its focus and its terminal."""

    @property
    def size(self) -> Size:
        """The screen's size, in cells."""

    @property
    def focused(self) -> Widget | None:
        """The widget that has the focus."""

    def say(
        self,
        text: str,
        *,
        is_error: bool = False,
        timeout_s: float | None = None,
        is_true: Callable[[], bool] | None = None,
    ) -> None:
        """Show a notice in place of the last.

        Args:
            text: A sentence or two.
            is_error: Something went wrong.
            timeout_s: How long it stays, in seconds; None: as long as it takes to read.
            is_true: Whether it is still true, where that may change before; the notice goes with it.
        """

    def start(self, work: Coroutine[Any, Any, None], group: str, *, exclusive: bool = False) -> Worker[None]:
        """Run work in the background.

        Args:
            work: A coroutine that handles the project's own errors.
            group: A noun for what it is.
            exclusive: Cancel the group's earlier work.
        """

    def cancel(self, group: str) -> None:
        """Cancel the work of a group."""

    def is_working(self, group: str) -> bool:
        """Whether any work of a group is under way."""

    def open_dialog(self, dialog: Screen[Result], then: Callable[[Result | None], object]) -> None:
        """Open a dialog; `then` gets what it returns and may be a coroutine function."""

    async def ask(self, dialog: Screen[Result]) -> Result:
        """Open a dialog and wait for what it returns. Only for work in the background."""

    async def mount_before(self, widget: Widget, before: str) -> None:
        """Add a widget to the conversation's column, above the one that a selector names."""

    def set_timer(self, delay: float, callback: Callable[[], object]) -> Timer:
        """Call back once, after a delay in seconds."""

    def set_interval(self, interval: float, callback: Callable[[], object]) -> Timer:
        """Call back again and again, each interval in seconds."""

    @property
    def is_output_behind(self) -> bool:
        """Whether the terminal has not taken yet what was painted before."""

    def write_to_terminal(self, sequence: str) -> None:
        """Send an escape sequence to the terminal, in its turn."""

    def show_welcome(self, is_empty: bool) -> None:
        """Show the welcome in place of the transcript, or the transcript."""

    def refresh_bars(self) -> None:
        """Bring header, welcome, status line and footer up to date."""

    def refresh_status(self) -> None:
        """Bring the status line up to date."""

    async def repaint(self) -> None:
        """Paint the whole screen again."""

    def quit(self) -> None:
        """Quit; replies that stream are stopped and kept."""

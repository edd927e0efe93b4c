"""Screens that are always as large as the terminal, and dialogs that fit a small one.

Textual's layout tells a screen its own size by a message, which may replace the terminal's newer one in the queue:
the screen then kept the wrong size. So both kinds ask for the terminal's present size, whatever a message says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from textual.geometry import Size
from textual.screen import ModalScreen, Screen

from gptalk_tui.actions import ACTION_OF

if TYPE_CHECKING:
    from gptalk_tui.screens.chat import ChatScreen

Result = TypeVar("Result")


LOOKING = "looking"
"""The group of the workers that look for what is typed in a dialog."""

_WIDTHS = [(0, "-narrow"), (60, "-roomy")]


class TrueScreen(Screen[Result]):
    """A screen that is laid out for the terminal's present size."""

    HORIZONTAL_BREAKPOINTS = _WIDTHS

    def _screen_resized(self, size: Size) -> None:
        super()._screen_resized(self.app.size)


class Dialog(ModalScreen[Result]):
    """A small screen over the others. Where there is little room its hints and margins give way."""

    CSS_PATH = "../styles/dialogs.tcss"
    HORIZONTAL_BREAKPOINTS = _WIDTHS
    VERTICAL_BREAKPOINTS = [(0, "-low"), (16, "-high")]  # noqa: RUF012

    def on_mount(self) -> None:
        """Let the keys that quit do so here too."""
        chat = self._chat
        if chat is not None and (keys := chat.keys.keys(ACTION_OF["app.quit"])):
            self._bindings.bind(",".join(keys), "quit", "Quit", show=False)

    @property
    def is_behind(self) -> bool:
        """Whether what was typed is still being looked for: a key had better wait for what is found."""
        return any(
            each.node is self and each.group == LOOKING and not each.is_finished for each in self.workers
        )

    def action_quit(self) -> None:
        """Quit, as from everywhere else."""
        if (chat := self._chat) is not None:
            chat.quit()

    @property
    def _chat(self) -> ChatScreen | None:
        """The screen below all dialogs; None while the app ends."""
        from gptalk_tui.screens.chat import ChatScreen

        lowest = next(iter(self.app.screen_stack), None)
        return lowest if isinstance(lowest, ChatScreen) else None

    def _screen_resized(self, size: Size) -> None:
        super()._screen_resized(self.app.size)

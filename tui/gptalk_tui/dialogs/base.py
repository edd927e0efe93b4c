"""What the app's screens and dialogs have in common.

Textual's layout tells a screen its own size by a message, which may replace the terminal's newer one in the queue:
the screen then kept the wrong size. So all ask for the terminal's present size, whatever a message says.
"""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, TypeVar

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.segment import Segment
from rich.style import Style
from textual.await_complete import AwaitComplete
from textual.containers import Vertical
from textual.content import Content
from textual.geometry import Offset, Size
from textual.renderables.background_screen import BackgroundScreen
from textual.screen import ModalScreen, Screen
from textual.widget import Widget
from textual.widgets import Static
from textual.worker import Worker, WorkType

from gptalk_tui.terminal.compositor import TightCompositor

Result = TypeVar("Result")
Outcome = TypeVar("Outcome")

LOOKING = "looking"
"""The group of the workers that look for what is typed in a dialog."""

ASKING = "asking"
"""The group of the workers that ask a server for something."""

PATIENCE_S = 0.4
"""How long keys wait for a server's answer, in seconds."""

LOW_HEIGHT = 16
"""Below this height, in lines, dialogs drop their margins."""

_WIDTHS = [(0, "-narrow"), (60, "-roomy")]


class _Dimmed(BackgroundScreen):
    """A screen in the terminal's own colours, which cannot be mixed: its text is dim."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        dim = Style(dim=True)
        for segment in super().__rich_console__(console, options):
            assert isinstance(segment, Segment)
            text, style, control = segment
            yield segment if control else Segment(text, style + dim if style else dim)


class TrueScreen(Screen[Result]):
    """A screen that is laid out for the terminal's present size, and that knows what is gone."""

    HORIZONTAL_BREAKPOINTS = _WIDTHS

    def __init__(self, name: str | None = None, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(name, id, classes)
        self._compositor = TightCompositor()

    def show_notice(self, notice: Content) -> None:
        """Show a notice, or none if it is empty."""
        raise NotImplementedError

    def _screen_resized(self, size: Size) -> None:
        super()._screen_resized(self.app.size)

    def run_worker(
        self,
        work: WorkType[Outcome],
        name: str | None = "",
        group: str = "default",
        description: str = "",
        exit_on_error: bool = True,
        start: bool = True,
        exclusive: bool = False,
        thread: bool = False,
    ) -> Worker[Outcome]:
        """Run work in a worker. A coroutine that the end of the app overtakes is closed: nobody will await it."""
        worker = super().run_worker(work, name, group, description, exit_on_error, start, exclusive, thread)
        if inspect.iscoroutine(work) and worker._task is not None:
            worker._task.add_done_callback(lambda _: work.close())
        return worker

    def get_widget_and_offset_at(self, x: int, y: int) -> tuple[Widget | None, Offset | None]:
        """Return what is at a place, and where in its content; nothing for what was removed since it was painted.

        The toolkit takes it that what is clicked on stands in something.
        """
        widget, offset = super().get_widget_and_offset_at(x, y)
        return (None, None) if widget is None or widget.parent is None else (widget, offset)


class Dialog(ModalScreen[Result], TrueScreen[Result]):
    """A small screen over the others. Where there is little room, it drops its margins."""

    CSS_PATH = "../styles/dialogs.tcss"
    VERTICAL_BREAKPOINTS = [(0, "-low"), (LOW_HEIGHT, "-high")]  # noqa: RUF012 - as Textual declares it

    _asking: Worker[None] | None = None
    _asked_s = 0.0
    """When `ask_server` was called, by the monotonic clock."""
    _late_answer: Callable[[], object] | None = None
    """Gives the answer that came while another screen was over this one."""

    async def mount_composed_widgets(self, widgets: list[Widget]) -> None:
        """Put the dialog on a band across the screen, so that no half of a word looks out beside it."""
        await self.mount(Vertical(*widgets, id="band"))

    def render(self) -> RenderableType:
        """Return the screen below, dimmed."""
        rendered = super().render()
        if isinstance(rendered, BackgroundScreen) and self.app.native_ansi_color:
            return _Dimmed(rendered.screen, rendered.color)
        return rendered

    def show_notice(self, notice: Content) -> None:
        """Show a notice at the lower edge."""
        found = self.query("#notice").results(Static)
        line = next(found, None)
        if line is None and notice.plain:
            line = Static(id="notice", markup=False)
            self.mount(line)
        if line is not None:
            line.update(notice)
            line.display = bool(notice.plain)

    @property
    def is_behind(self) -> bool:
        """Whether what was typed is still being looked for: a key waits for what is found."""
        if self.is_asking and time.monotonic() < self._asked_s + PATIENCE_S:
            return True
        return any(
            each.node is self and each.group == LOOKING and not each.is_finished for each in self.workers
        )

    def ask_server(self, work: Coroutine[Any, Any, None]) -> Worker[None]:
        """Run work that asks a server, in place of earlier such work. It ends with the dialog.

        Keys wait for the answer, but only as long as most answers take: a slow server holds up no key.
        """
        self._asked_s = time.monotonic()
        self._asking = self.run_worker(work, group=ASKING, exclusive=True, description=ASKING)
        return self._asking

    def stop_asking(self) -> None:
        """Cancel the work of `ask_server`."""
        self.workers.cancel_group(self, ASKING)
        self._asking = None

    @property
    def is_asking(self) -> bool:
        """Whether work of `ask_server` is under way."""
        return self._asking is not None and not self._asking.is_finished

    def dismiss(self, result: Result | None = None) -> AwaitComplete:
        """Close with an answer: the toolkit would close whatever is on top.

        Work of the dialog that is still under way ends with it. Under another screen the answer waits.
        """
        if self.is_active:
            closed = super().dismiss(result)
            self.workers.cancel_node(self)
            return closed
        if self in self.app.screen_stack:
            self._late_answer = partial(super().dismiss, result)
        return AwaitComplete()

    def action_leave(self) -> None:
        """Close without an answer."""
        self.dismiss(None)

    def complain(self, words: str) -> None:
        """Show what is wrong, in the dialog's `.dialog-error`; nothing hides it.

        Args:
            words: Made harmless by the caller.
        """
        box = self.query_one(".dialog-error", Static)
        box.update(Content(words))
        box.set_class(bool(words), "-shown")
        if words:
            self.call_after_refresh(box.scroll_visible, animate=False)

    def on_screen_suspend(self) -> None:
        self.add_class("-under")  # one dialog is seen at a time

    def on_screen_resume(self) -> None:
        self.remove_class("-under")
        if self._late_answer is not None:
            self._late_answer()

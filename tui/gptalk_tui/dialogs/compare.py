"""Two versions of a reply side by side; where there is little room, one above the other."""

from __future__ import annotations

from typing import ClassVar, Literal, TypeAlias

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Static

from gptalk_client.models import BranchEntry, Role, Status
from gptalk_client.text import one_line
from gptalk_tui.dialogs.base import TrueScreen
from gptalk_tui.dialogs.key_hints import KeyHints
from gptalk_tui.widgets.transcript.widget import Transcript

Side: TypeAlias = Literal[0, 1]
"""The first or the second version."""

SIDE_BY_SIDE_WIDTH = 90
"""From this width on, in cells, two texts side by side can be read."""


class CompareScreen(TrueScreen[str | None]):
    """Returns the id of the version that was taken, or None to leave things as they are.

    Args:
        panes: Two transcripts, made by the caller, who fills them.
    """

    CSS_PATH = "../styles/dialogs.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-stacked"), (SIDE_BY_SIDE_WIDTH, "-beside")]  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "leave", "Keep both", show=False),
        Binding("1", "take(0)", "Take the first", show=False),
        Binding("2", "take(1)", "Take the second", show=False),
        Binding("enter", "take_focused", "Take the one with the focus", show=False),
        Binding("tab,shift+tab,left,right", "other", "Go to the other", show=False),
        Binding("up,k", "scroll(-1)", "Up", show=False),
        Binding("down,j", "scroll(1)", "Down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown,space", "page(1)", "Page down", show=False),
        Binding("home,g", "top", "Start", show=False),
        Binding("end,G", "end", "End", show=False),
    ]

    def __init__(self, panes: tuple[Transcript, Transcript]) -> None:
        super().__init__()
        self.panes = panes
        self._heads = (
            Static(classes="compare-head", markup=False),
            Static(classes="compare-head", markup=False),
        )
        self._hint = KeyHints(("1/2", "take"), ("Tab", "other"), ("Esc", "keep both"), id="compare-hint")
        self._trouble = ""

    def compose(self) -> ComposeResult:
        with Horizontal(id="compare"):
            for head, pane in zip(self._heads, self.panes, strict=True):
                with Vertical(classes="compare-side"):
                    yield head
                    yield pane
        yield self._hint

    def on_mount(self) -> None:
        self.panes[1].focus()
        self.refresh_heads()

    def show_notice(self, notice: Content) -> None:
        """Show a notice in place of the keys, or the keys."""
        self._hint.show_notice(notice)

    def reply_of(self, side: Side) -> BranchEntry | None:
        """Return the version on a side; None while its row is not stored yet."""
        last = self.panes[side].last_entry
        return last if last is not None and last.role is Role.ASSISTANT else None

    def fail(self, words: str) -> None:
        """Say why the second version could not be begun."""
        self._trouble = words
        self.refresh_heads()

    def refresh_heads(self) -> None:
        """Say above each version who writes it, and whether it is still being written."""
        for side in (0, 1):
            reply = self.reply_of(side)
            words = [one_line(reply.provider), one_line(reply.model)] if reply is not None else []
            if reply is None:
                words = [self._trouble or "asking…"]
            elif reply.status is Status.STREAMING:
                words.append("writing…")
            said = " · ".join(word for word in words if word)
            self._heads[side].update(
                Content.assemble((f"{side + 1}  ", "bold $ink-accent"), (said, "$ink-muted"))
            )

    # Keys

    @property
    def _focused(self) -> Side:
        return 0 if self.panes[0].has_focus else 1

    def action_take(self, side: Side) -> None:
        """Take a version, once there is one."""
        reply = self.reply_of(side)
        if reply is None:
            self.app.bell()
        else:
            self.dismiss(reply.id)

    def action_take_focused(self) -> None:
        """Take the version with the focus."""
        self.action_take(self._focused)

    def action_leave(self) -> None:
        """Keep both."""
        self.dismiss(None)

    def action_other(self) -> None:
        """Go to the other version."""
        self.panes[1 - self._focused].focus()

    def action_scroll(self, by: int) -> None:
        """Scroll by lines."""
        self.panes[self._focused].scroll_lines(by)

    def action_page(self, by: int) -> None:
        """Scroll by pages."""
        self.panes[self._focused].scroll_page(by)

    def action_top(self) -> None:
        """Go to the start."""
        self.panes[self._focused].scroll_to_top()

    def action_end(self) -> None:
        """Go to the end and follow the newest text."""
        self.panes[self._focused].follow_end()

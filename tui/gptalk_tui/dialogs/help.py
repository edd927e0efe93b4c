"""All keys and what they do, from the action table; those for what has the focus come first."""

from __future__ import annotations

from collections.abc import Iterable
from textwrap import wrap
from typing import ClassVar

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.events import Resize
from textual.widgets import Static

from gptalk_tui.actions import ACTION_OF, Scope
from gptalk_tui.dialogs.base import Dialog
from gptalk_tui.keymap import KeyMap, by_scope

_HEADINGS = {
    Scope.COMPOSER: "In the composer",
    Scope.ANYWHERE: "Anywhere",
    Scope.READING: "In the transcript ({} goes there)",
    Scope.MESSAGE: "On a message ({} goes to one)",
    Scope.LIST: "In the list of conversations ({} goes there)",
}
_WAYS = {
    Scope.READING: "message.previous",
    Scope.MESSAGE: "message.previous",
    Scope.LIST: "conversation.switch",
}
_FIRST = {
    Scope.COMPOSER: (Scope.COMPOSER, Scope.ANYWHERE),
    Scope.READING: (Scope.READING, Scope.MESSAGE),
    Scope.MESSAGE: (Scope.MESSAGE, Scope.READING),
    Scope.LIST: (Scope.LIST, Scope.ANYWHERE),
}


KEY_WIDTH = 18
"""Width of the column of keys, in cells, where there is room for two columns."""

ROOMY_WIDTH = 50


def help_text(keys: KeyMap, scope: Scope, width: int, *, composer: Iterable[tuple[str, str]] = ()) -> Content:
    """Return the keys, by where they work.

    Args:
        keys: The keys of every action.
        scope: What has the focus; its keys come first.
        width: For the text, in cells.
        composer: Keys that the composer has beside those, and what they do.
    """
    indent = KEY_WIDTH if width >= ROOMY_WIDTH else 4
    lines: list[Content] = []
    for each, actions in by_scope(_FIRST.get(scope, ())):
        way = keys.how(_WAYS[each]) if each in _WAYS else ""
        lines += [Content.styled(_HEADINGS[each].format(way), "bold $ink-accent")]
        for action in actions:
            titles = keys.titles(action)
            if not titles and action.command is None:
                continue
            lines += _row(", ".join(titles) or f"/{action.command}", action.help, width, indent)
        if each is Scope.COMPOSER:
            for key, does in composer:
                lines += _row(key, does, width, indent)
        lines.append(Content.empty())
    return Content("\n").join(lines)


def _row(key: str, does: str, width: int, indent: int) -> list[Content]:
    told = [Content.styled(each, "$ink-muted") for each in wrap(does, max(8, width - indent))]
    if cell_len(key) >= indent - 2:
        lines = [Content.styled(f"  {part}", "$ink-text") for part in wrap(key, max(8, width - 2))]
    else:
        lines = [Content.assemble(Content.styled(f"  {key}".ljust(indent), "$ink-text"), told.pop(0))]
    return lines + [Content.assemble(" " * indent, line) for line in told]


class HelpScreen(Dialog[None]):
    """Help to read; any of Esc, F1, ?, q closes it.

    Args:
        keys: The keys of every action.
        scope: What has the focus.
        composer: Keys that the composer has beside those, and what they do.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,f1,question_mark,q,enter", "leave", "Close", show=False),
        Binding("j", "scroll(1)", "Down", show=False),
        Binding("k", "scroll(-1)", "Up", show=False),
        Binding("space", "page", "Page down", show=False),
    ]

    def __init__(self, keys: KeyMap, scope: Scope, *, composer: Iterable[tuple[str, str]] = ()) -> None:
        super().__init__()
        self._composer = composer
        self._keys = keys
        self._scope = scope
        for key in keys.keys(ACTION_OF["app.help"]):
            self._bindings.bind(key, "leave", "Close", show=False)

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog -tall -wide"):
            yield Static("Help", classes="dialog-title", markup=False)
            with VerticalScroll():
                yield Static(id="help-text", markup=False)
            yield Static("Esc closes · PgUp and PgDn scroll", classes="dialog-hint", markup=False)

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()

    @on(Resize)
    def _fit(self) -> None:
        """Break the lines for the width."""
        self.call_after_refresh(self._show)

    def _show(self) -> None:
        width = self.query_one(VerticalScroll).scrollable_content_region.width
        self.query_one("#help-text", Static).update(
            help_text(self._keys, self._scope, width, composer=self._composer)
        )

    def action_scroll(self, by: int) -> None:
        """Scroll by lines."""
        self.query_one(VerticalScroll).scroll_relative(y=by, animate=False)

    def action_page(self) -> None:
        """Scroll by a page."""
        self.query_one(VerticalScroll).scroll_page_down(animate=False)

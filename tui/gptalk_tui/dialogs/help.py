"""All keys and what they do, from the action table; those for what has the focus come first."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import zip_longest
from textwrap import wrap
from typing import ClassVar, TypeAlias

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.events import Resize
from textual.widgets import Input, Static

from gptalk_tui.action_words import is_meant
from gptalk_tui.actions import ACTION_OF, Action, Scope
from gptalk_tui.dialogs.base import Dialog
from gptalk_tui.dialogs.key_hints import KeyHints
from gptalk_tui.keymap import KeyMap, by_scope, types_text

_HEADINGS = {
    Scope.COMPOSER: "In the composer",
    Scope.ANYWHERE: "Anywhere",
    Scope.READING: "In the transcript ({} goes there)",
    Scope.MESSAGE: "On a message ({} goes to one)",
    Scope.QUEUE: "On a queued prompt ({} goes there)",
    Scope.LIST: "In the list of conversations ({} goes there)",
}
_WAYS = {
    Scope.READING: "message.previous",
    Scope.MESSAGE: "message.previous",
    Scope.QUEUE: "focus.next",
    Scope.LIST: "conversation.switch",
}
_FIRST = {
    Scope.COMPOSER: (Scope.COMPOSER, Scope.ANYWHERE),
    Scope.READING: (Scope.READING, Scope.MESSAGE),
    Scope.MESSAGE: (Scope.MESSAGE, Scope.READING),
    Scope.QUEUE: (Scope.QUEUE, Scope.ANYWHERE),
    Scope.LIST: (Scope.LIST, Scope.ANYWHERE),
}


KEY_WIDTH = 23
"""Width of the column of keys, in cells, where there is room for two columns."""

ROOMY_WIDTH = 50

TWO_COLUMNS_WIDTH, COLUMN_GAP = 130, 4
"""From this width on there are two columns, and the cells between them."""

WhyNot: TypeAlias = Callable[[Action], str]


def help_text(
    keys: KeyMap,
    scope: Scope,
    width: int,
    *,
    find: str = "",
    why_not: WhyNot = lambda _: "",
    composer: Iterable[tuple[str, str]] = (),
) -> Content:
    """Return the keys, by where they work, in two columns where there is room.

    Args:
        keys: The keys of every action.
        scope: What has the focus; its keys come first.
        width: For the text, in cells.
        find: Words to look for; none show everything.
        why_not: Returns why an action isn't available now; empty if it is.
        composer: Keys that the composer has beside those, and what they do.
    """
    column = (width - COLUMN_GAP) // 2 if width >= TWO_COLUMNS_WIDTH else width
    sections: list[list[Content]] = []
    for each, actions in by_scope(_FIRST.get(scope, ())):
        lines = [line for action in actions if is_meant(action, find)
                 for line in _entry(action, keys, column, why_not(action))]  # fmt: skip
        if each is Scope.COMPOSER:
            lines += [line for row in composer if find.casefold() in " ".join(row).casefold()
                      for line in _row(*row, column, "$ink-text")]  # fmt: skip
        if lines:
            way = keys.how(_WAYS[each]) if each in _WAYS else ""
            heading = Content.styled(_HEADINGS[each].format(way), "bold $ink-accent")
            sections.append([heading, *lines, Content.empty()])
    if not sections:
        return Content.styled("Nothing matches", "$ink-muted")
    if column == width:
        return Content("\n").join(line for section in sections for line in section)
    return Content("\n").join(_side_by_side(sections, column))


def _entry(action: Action, keys: KeyMap, width: int, why_not: str) -> list[Content]:
    """Return the lines about an action: its keys, and what it does or why it isn't available."""
    titles = keys.titles(action)
    if not titles and action.command is None:
        return []
    words = f"{action.help} ({why_not})" if why_not else action.help
    style = "$ink-muted" if why_not else "$ink-text"
    return _row(", ".join(titles) or f"/{action.command}", words, width, style)


def _row(key: str, does: str, width: int, style: str) -> list[Content]:
    indent = KEY_WIDTH if width >= ROOMY_WIDTH else 4
    told = [Content.styled(each, "$ink-muted") for each in wrap(does, max(8, width - indent))]
    if cell_len(key) >= indent - 2:
        lines = [Content.styled(f"  {part}", style) for part in wrap(key, max(8, width - 2))]
    else:
        lines = [Content.assemble(Content.styled(f"  {key}".ljust(indent), style), told.pop(0))]
    return lines + [Content.assemble(" " * indent, line) for line in told]


def _side_by_side(sections: list[list[Content]], width: int) -> list[Content]:
    """Return sections in two columns of about the same height."""
    half = sum(map(len, sections)) / 2
    left: list[Content] = []
    right: list[Content] = []
    for section in sections:
        (left if len(left) + len(section) / 2 <= half and not right else right).extend(section)
    rows = zip_longest(left, right, fillvalue=Content.empty())
    return [Content.assemble(one, " " * (width + COLUMN_GAP - one.cell_length), other) for one, other in rows]


class HelpScreen(Dialog[None]):
    """Help to read and to look through: what is typed is found. Esc, F1 or Enter closes it.

    Args:
        keys: The keys of every action.
        scope: What has the focus.
        why_not: Returns why an action isn't available now; empty if it is.
        composer: Keys that the composer has beside those, and what they do.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,f1,enter", "leave", "Close", show=False),
        Binding("down", "scroll(1)", "Down", show=False),
        Binding("up", "scroll(-1)", "Up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
    ]

    def __init__(
        self,
        keys: KeyMap,
        scope: Scope,
        why_not: WhyNot = lambda _: "",
        *,
        composer: Iterable[tuple[str, str]] = (),
    ) -> None:
        super().__init__()
        for key in keys.keys(ACTION_OF["app.help"]):
            if not types_text(key):
                self._bindings.bind(key, "leave", "Close", show=False)
        self._composer = composer
        self._why_not = why_not
        self._keys = keys
        self._scope = scope

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog -tall -wide -help"):
            yield Static("Help", classes="dialog-title", markup=False)
            yield Input(placeholder="type to find", compact=True)
            with VerticalScroll():
                yield Static(id="help-text", markup=False)
            yield KeyHints(("Esc", "close"), ("↑ ↓", "scroll"), ("PgUp PgDn", "by pages"))

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).can_focus = False
        self.query_one(Input).focus()

    @on(Input.Changed)
    def _look(self) -> None:
        self._show()
        self.query_one(VerticalScroll).scroll_home(animate=False)

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self.dismiss(None)

    @on(Resize)
    def _fit(self) -> None:
        """Break the lines for the width."""
        self.call_after_refresh(self._show)

    def _show(self) -> None:
        width = self.query_one(VerticalScroll).scrollable_content_region.width
        self.query_one("#help-text", Static).update(
            help_text(
                self._keys,
                self._scope,
                width,
                find=self.query_one(Input).value,
                why_not=self._why_not,
                composer=self._composer,
            )
        )

    def action_scroll(self, by: int) -> None:
        """Scroll by lines."""
        self.query_one(VerticalScroll).scroll_relative(y=by, animate=False)

    def action_page(self, by: int) -> None:
        """Scroll by pages."""
        box = self.query_one(VerticalScroll)
        box.scroll_relative(y=by * max(1, box.size.height - 1), animate=False)

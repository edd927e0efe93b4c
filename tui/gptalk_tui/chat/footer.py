"""What the footer says: the keys that work where the focus is, as many as fit; a click on one presses it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec.structs import replace
from rich.cells import cell_len
from textual.content import Content

from gptalk_client.records import Record
from gptalk_tui.actions import Action, Scope
from gptalk_tui.keymap import KeyMap
from gptalk_tui.widgets.bar import KeySpot

ALWAYS = ("turn.stop", "app.palette", "app.help")
"""What the footer keeps where there is little room."""
_GAP = 3


class Hint(Record, frozen=True):
    """One key of the footer."""

    title: str
    """As people write it."""
    does: str
    key: str
    """As Textual names it."""
    is_kept: bool = False
    """Whether it takes its room before the others do."""
    brief: str = ""
    """What it does in fewer words, for where not all of the footer fits."""

    @property
    def cells(self) -> int:
        """Its width."""
        return cell_len(self.title) + 1 + cell_len(self.does)


FIND = (
    Hint("Enter", "read", "enter"),
    Hint("Down", "next", "down"),
    Hint("Up", "before", "up"),
    Hint("Tab", "all conversations", "tab", is_kept=True, brief="all"),
    Hint("Esc", "close", "escape", is_kept=True),
)
"""The find bar's own keys."""


def way_back(scope: Scope, *, is_replying: bool, is_finding: bool) -> list[Hint]:
    """Return the keys that a list or a transcript with the focus takes itself: to open, and to go back.

    Args:
        scope: What has the focus.
        is_replying: Esc stops the reply first.
        is_finding: Esc ends finding first.
    """
    if scope is Scope.LIST:
        return [Hint("Enter", "open", "enter", is_kept=True), Hint("Esc", "back", "escape")]
    if scope is Scope.QUEUE:
        return [Hint("Esc", "back", "escape", is_kept=True)]
    if scope not in (Scope.READING, Scope.MESSAGE):
        return []
    if is_finding:
        return [Hint("Esc", "close find", "escape", is_kept=True)]
    if is_replying:
        return [Hint("Shift+Tab", "back", "shift+tab", is_kept=True)]
    return [Hint("Esc", "back", "escape", is_kept=True)]


def hints_for(actions: Iterable[Action], keys: KeyMap) -> list[Hint]:
    """Return the hints for actions that have a key."""
    return [
        Hint(keys.first(each.id), each.short, keys.keys(each)[0], is_kept=each.id in ALWAYS)
        for each in actions
        if keys.keys(each)
    ]


def fitting(hints: Sequence[Hint], width: int) -> list[Hint]:
    """Return the hints that fit a width in cells, in their order: first those that are kept."""
    room = width - 2 + _GAP
    if sum(each.cells + _GAP for each in hints) > room:
        hints = [replace(each, does=each.brief or each.does) for each in hints]
    chosen: set[int] = set()
    for at in sorted(range(len(hints)), key=lambda at: not hints[at].is_kept):
        room -= hints[at].cells + _GAP
        if room < 0:
            break
        chosen.add(at)
    return [hint for at, hint in enumerate(hints) if at in chosen]


def footer(hints: Sequence[Hint], width: int) -> tuple[Content, list[KeySpot]]:
    """Return the footer's text for a width in cells, and where each key is in it."""
    parts: list[Content] = []
    spots: list[KeySpot] = []
    at = 0
    for hint in fitting(hints, width):
        parts.append(Content.assemble((hint.title, "$ink-text"), (f" {hint.does}", "$ink-muted")))
        spots.append(KeySpot(at, at + hint.cells, hint.key))
        at += hint.cells + _GAP
    return Content(" " * _GAP).join(parts), spots

"""The commands to choose from by name."""

from __future__ import annotations

from collections.abc import Callable

from gptalk_tui.action_words import findable, why_not
from gptalk_tui.actions import ACTIONS, Action
from gptalk_tui.keymap import KeyMap
from gptalk_tui.widgets.row_list import Row


def rows(keys: KeyMap, is_available: Callable[[Action], bool]) -> list[Row]:
    """Return all commands: those that are available first, the others dimmed with the reason."""
    offered = [each for each in ACTIONS if each.in_palette]
    offered.sort(key=lambda each: not is_available(each))
    return [_row(each, keys, is_available=is_available(each)) for each in offered]


def _row(action: Action, keys: KeyMap, *, is_available: bool) -> Row:
    detail, words = (action.help, "") if is_available else (why_not(action), action.help)
    return Row(
        action.id,
        action.title,
        keys.first(action.id),
        detail=detail,
        words=f"{words} {findable(action)}",
        is_dim=not is_available,
    )

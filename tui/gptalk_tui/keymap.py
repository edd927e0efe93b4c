"""Which keys carry out which action: the table's own, or those that the config file gives instead."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping

from gptalk_tui.actions import ACTION_OF, ACTIONS, Action, Scope
from gptalk_tui.terminal.keyboard_layouts import latin_key
from gptalk_tui.widgets.composer_keys import FIELD_KEYS, TITLE_OF

PALETTE = "app.palette"

_TITLES = {
    "escape": "Esc",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "question_mark": "?",
    "slash": "/",
    "backslash": "\\",
    "minus": "-",
    "plus": "+",
    "underscore": "_",
    "at": "@",
}
_NAMES = {
    "esc": "escape",
    "pgup": "pageup",
    "pgdn": "pagedown",
    "page_up": "pageup",
    "page_down": "pagedown",
    "return": "enter",
    "del": "delete",
    "solidus": "slash",
    "reverse_solidus": "backslash",
    "commercial_at": "at",
    "hyphen_minus": "minus",
    "plus_sign": "plus",
    "low_line": "underscore",
}
_NAMED = {
    *("escape", "enter", "tab", "space", "backspace", "delete", "insert", "home", "end"),
    *("pageup", "pagedown", "up", "down", "left", "right"),
    *(f"f{number}" for number in range(1, 25)),
}
_MODIFIERS = ("ctrl", "alt", "shift")
_ALIASES = {
    "ctrl+m": "enter",
    "ctrl+i": "tab",
    "ctrl+h": "backspace",
    "ctrl+left_square_bracket": "escape",
    "shift+space": "space",
    "shift+escape": "escape",
}
"""What a terminal cannot tell from another key."""
_SAME = {"ctrl+at": "ctrl+space", "ctrl+slash": "ctrl+underscore"}
"""Two names of one key."""
_LIST_KEYS = {"up", "down", "pageup", "pagedown", "ctrl+home", "ctrl+end", "escape"}
"""Keys that the list of conversations takes itself, beside those of its field."""


def key_title(key: str) -> str:
    """Return a key as people write it: `ctrl+n` is `Ctrl+N`, `pageup` is `PgUp`."""
    *modifiers, name = key.split("+")
    if not modifiers and len(name) == 1:
        return name
    shown = _TITLES.get(name) or (name.upper() if len(name) == 1 else name.capitalize())
    return "+".join([*(modifier.capitalize() for modifier in modifiers), shown])


def key_name(written: str) -> str:
    """Return a key's name as the app gets it: `Ctrl+N` is `ctrl+n`, `?` is `question_mark`, `PgUp` is `pageup`.

    Raises:
        ValueError: It is no key.
    """
    text = written.strip()
    # A plus may be the key itself, as in `ctrl++`.
    head, _, name = text[:-1].rpartition("+") if len(text) > 1 else ("", "", "")
    name += text[-1:]
    modifiers = [part.strip().lower() for part in head.split("+")] if head else []
    if len(name) == 1:
        if modifiers:  # as the terminal's keys are read, whatever the layout
            name = latin_key(name.lower())
        if not name.isalnum():
            try:
                name = unicodedata.name(name).lower().replace("-", "_").replace(" ", "_")
            except ValueError:
                raise ValueError(written) from None
            name = _NAMES.get(name, name)
    else:
        name = _NAMES.get(name.lower(), name.lower())
        if name not in _NAMED and name not in _TITLES:
            try:
                unicodedata.lookup(name.replace("_", " "))
            except KeyError:
                raise ValueError(written) from None
    if any(each not in _MODIFIERS for each in modifiers):
        raise ValueError(written)
    if len(name) == 1 and name.isalpha() and set(modifiers) == {"shift"}:
        return name.upper()
    key = "+".join([*sorted(set(modifiers), key=("alt", "ctrl", "shift").index), name])
    return _SAME.get(key, key)


def types_nothing(key: str) -> bool:
    """Return whether a key, by its name, is one with Ctrl or Alt, or a function key."""
    return key.startswith(("alt+", "ctrl+")) or (key[0] == "f" and key[1:].isdigit())


def types_text(key: str) -> bool:
    """Return whether a key, by its name, types a character."""
    return "+" not in key and (key == "space" or key not in _NAMED)


class KeyMap:
    """The keys of every action.

    Args:
        changed: Action ids and the keys that replace the action's own, separated by commas; none unbinds it.
    """

    def __init__(self, changed: Mapping[str, str] | None = None) -> None:
        self._changed = changed or {}

    def keys(self, action: Action) -> tuple[str, ...]:
        """Return the keys of an action by their names; those of the file that are no keys are left out."""
        return tuple(key for key, _ in self._written(action) if key)

    def titles(self, action: Action) -> list[str]:
        """Return the keys of an action as people write them, the first one first."""
        return [key_title(key) for key in self.keys(action)]

    def first(self, action_id: str) -> str:
        """Return the first key of an action as people write it; empty if it has none."""
        return next(iter(self.titles(ACTION_OF[action_id])), "")

    def how(self, action_id: str, *, by_name: bool = False) -> str:
        """Return how to carry out an action, to begin a sentence: its key, else where to find it.

        Args:
            action_id: Its id.
            by_name: Its key does something else now.
        """
        palette = self.first(PALETTE)
        where = f" ({palette})" if palette else ""
        named = f"“{ACTION_OF[action_id].title}” in the commands{where}"
        return named if by_name else self.first(action_id) or named

    def complaints(self) -> list[tuple[str, str]]:
        """Return what is wrong with the keys: the action id that the file has, and a sentence."""
        found = [(name, f'There is no action "{name}".') for name in self._changed if name not in ACTION_OF]
        for action in ACTIONS:
            if action.id in self._changed:
                found += [(action.id, words) for words in self._about(action)]
        owners: dict[str, list[Action]] = {}
        for action in ACTIONS:
            for key in self.keys(action):
                for other in owners.get(key, ()):
                    if _meet(action.scope, other.scope):
                        changed = action.id if action.id in self._changed else other.id
                        words = f"{key_title(key)} is given to both {other.id} and {action.id}."
                        found.append((changed, words))
                owners.setdefault(key, []).append(action)
        return found

    def _about(self, action: Action) -> Iterator[str]:
        in_fields = [key for key in self.keys(action) if not types_text(key)]
        for key, written in self._written(action):
            if not key:
                yield f'"{written.strip()}" is no key, so it is not given to {action.id}.'
            elif key in _ALIASES:
                yield f"{action.id}: a terminal sends {key_title(key)} as {key_title(_ALIASES[key])}."
            elif key.startswith("shift+") and types_text(key.removeprefix("shift+")):
                yield f"{action.id}: {key_title(key)} types a character; give it that character instead."
            elif types_text(key) and action.scope in _IN_FIELDS and not (in_fields and action.is_bound):
                yield f"{action.id}: {key_title(key)} is typed as text; add a key with Ctrl or Alt, or F1 to F12."
            elif takes := _taken(action, key):
                yield f"{action.id}: {takes}."

    def _written(self, action: Action) -> Iterator[tuple[str, str]]:
        """Yield each key's name, empty if it is none, and how it was written."""
        for written in self._changed.get(action.id, action.keys).split(","):
            if written.strip():
                try:
                    key = key_name(written)
                except ValueError:
                    key = ""
                yield key, written


_IN_FIELDS = (Scope.ANYWHERE, Scope.COMPOSER, Scope.LIST)
"""Where a field has the focus."""


def _taken(action: Action, key: str) -> str:
    """Return what takes a key before an action can have it; empty if nothing does."""
    if action.scope is Scope.ANYWHERE and key in TITLE_OF and not _is_shared(action, key):
        return f"in the composer {key_title(key)} stays “{TITLE_OF[key]}”"
    if action.scope is Scope.ANYWHERE and key == "enter":
        return f"in the composer {key_title(key)} stays “New line”"
    if key == "escape" and action.scope is not Scope.COMPOSER and not _is_shared(action, key):
        return f"{key_title(key)} goes back to the composer"
    is_list_key = key in FIELD_KEYS | _LIST_KEYS
    if is_list_key and action.scope in (Scope.LIST, Scope.ANYWHERE) and not _is_shared(action, key):
        return f"the list of conversations keeps {key_title(key)} for itself"
    return ""


def _is_shared(action: Action, key: str) -> bool:
    """Return whether the composer passes a key on to an action once it has no use for it."""
    return key in action.keys.split(",")


def _meet(one: Scope, other: Scope) -> bool:
    """Return whether there is a place where both kinds of actions hear keys."""
    return one is other or Scope.ANYWHERE in (one, other) or {one, other} == {Scope.READING, Scope.MESSAGE}


def markdown_table() -> str:
    """Return the keys as a Markdown table, as docs/keys.md shows them."""
    keys = KeyMap()
    lines = ["| key | does | where |", "|---|---|---|"]
    for action in ACTIONS:
        if titles := keys.titles(action):
            shown = ", ".join(f"`{title}`" for title in titles)
            lines.append(f"| {shown} | {action.help} | {action.scope.value} |")
    return "\n".join(lines) + "\n"


def by_scope(first: Iterable[Scope] = ()) -> Iterator[tuple[Scope, list[Action]]]:
    """Yield the actions by where their keys work.

    Args:
        first: The places to begin with.
    """
    for scope in dict.fromkeys((*first, *Scope)):
        yield scope, [action for action in ACTIONS if action.scope is scope]

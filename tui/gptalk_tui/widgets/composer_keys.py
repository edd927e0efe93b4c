"""The composer's own keys, which actions cannot have: data, so that the command line can read it too."""

from __future__ import annotations

from collections.abc import Mapping

from gptalk_client.records import Record


class ComposerKeys(Record, frozen=True):
    """Keys of the composer that do one thing."""

    keys: tuple[str, ...]
    action: str
    """As Textual names it."""
    title: str


COMPOSER_KEYS: tuple[ComposerKeys, ...] = (
    ComposerKeys(("up",), "up", "Up, or an earlier prompt"),
    ComposerKeys(("down",), "down", "Down, or a later prompt"),
    ComposerKeys(("left",), "cursor_left", "Left"),
    ComposerKeys(("right",), "cursor_right", "Right"),
    ComposerKeys(("ctrl+left", "alt+left", "alt+b"), "cursor_word_left", "A word left"),
    ComposerKeys(("ctrl+right", "alt+right", "alt+f"), "cursor_word_right", "A word right"),
    ComposerKeys(("ctrl+a",), "cursor_line_start", "Start of the line"),
    ComposerKeys(("home",), "home", "Start of the line, or of the conversation"),
    ComposerKeys(("ctrl+e",), "cursor_line_end", "End of the line"),
    ComposerKeys(("end",), "end", "End of the line, or of the conversation"),
    ComposerKeys(("shift+up",), "cursor_up(True)", "Select up"),
    ComposerKeys(("shift+down",), "cursor_down(True)", "Select down"),
    ComposerKeys(("shift+left",), "cursor_left(True)", "Select left"),
    ComposerKeys(("shift+right",), "cursor_right(True)", "Select right"),
    ComposerKeys(("ctrl+shift+left", "alt+shift+left"), "cursor_word_left(True)", "Select a word left"),
    ComposerKeys(("ctrl+shift+right", "alt+shift+right"), "cursor_word_right(True)", "Select a word right"),
    ComposerKeys(("shift+home",), "cursor_line_start(True)", "Select to the start"),
    ComposerKeys(("shift+end",), "cursor_line_end(True)", "Select to the end"),
    ComposerKeys(("backspace", "shift+backspace"), "delete_left", "Delete left"),
    ComposerKeys(("delete", "shift+delete", "ctrl+d"), "delete_right", "Delete right"),
    ComposerKeys(("ctrl+w", "ctrl+backspace", "alt+backspace"), "delete_word_left", "Delete a word left"),
    ComposerKeys(("ctrl+delete", "alt+delete", "alt+d"), "delete_word_right", "Delete a word right"),
    ComposerKeys(("ctrl+u",), "delete_to_start_of_line", "Delete to the start"),
    ComposerKeys(("ctrl+k",), "delete_to_end_of_line", "Delete to the end"),
    ComposerKeys(("ctrl+z",), "undo", "Undo"),
    ComposerKeys(("ctrl+y",), "redo", "Redo"),
    ComposerKeys(("ctrl+x",), "cut", "Cut"),
    ComposerKeys(("ctrl+v",), "paste", "Paste"),
)

TITLE_OF: Mapping[str, str] = {key: each.title for each in COMPOSER_KEYS for key in each.keys}
"""What each of the composer's own keys does."""

FIELD_ACTIONS: Mapping[str, str] = {
    "alt+left": "cursor_left_word",
    "alt+b": "cursor_left_word",
    "alt+right": "cursor_right_word",
    "alt+f": "cursor_right_word",
    "shift+backspace": "delete_left",
    "shift+delete": "delete_right",
    "ctrl+backspace": "delete_left_word",
    "alt+backspace": "delete_left_word",
    "ctrl+delete": "delete_right_word",
    "alt+delete": "delete_right_word",
    "alt+d": "delete_right_word",
}
"""What those of the composer's keys do in fields of one line which these do not know themselves."""

FIELD_KEYS: frozenset[str] = frozenset(
    {
        "ctrl+left",
        "ctrl+right",
        "ctrl+a",
        "ctrl+e",
        "ctrl+d",
        "ctrl+w",
        "ctrl+u",
        "ctrl+k",
        "ctrl+x",
        "ctrl+v",
    }
    | {"left", "right", "home", "end", "backspace", "delete", "enter", "ctrl+c", "ctrl+shift+a"}
    | {"shift+left", "shift+right", "shift+home", "shift+end", "ctrl+shift+left", "ctrl+shift+right"}
    | FIELD_ACTIONS.keys()
)
"""Keys that fields of one line take."""

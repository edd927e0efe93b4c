"""Groups of background work that others ask about."""

OPENING = "open"
"""Puts another conversation on screen."""

BRINGS_SOMETHING_ELSE = frozenset({OPENING, "command", "files"})
"""Groups after whose work something else is on screen: a key press waits for it."""

"""Slash commands in the composer: which there are, and what a text says."""

from __future__ import annotations

import re
from collections.abc import Mapping

from gptalk_tui.actions import ACTIONS, Action

_COMMAND = re.compile(r"/([a-z][a-z0-9._-]*)(?=\s|$)")

SLASH_COMMANDS: Mapping[str, Action] = {
    action.command: action for action in ACTIONS if action.command is not None
}
"""The actions by slash command, without the slash."""


def parse(text: str) -> tuple[str, str] | None:
    """Return the slash command that a text begins with and what follows it; None if it is no command."""
    command = _COMMAND.match(text)
    return None if command is None else (command[1], text[command.end() :].strip())


def is_command(text: str) -> bool:
    """Whether a text is a slash command, or the beginning of one."""
    command = _COMMAND.match(text)
    if command is None:
        return text == "/"
    is_unfinished = command.end() == len(text)
    return command[1] in SLASH_COMMANDS or (
        is_unfinished and any(name.startswith(command[1]) for name in SLASH_COMMANDS)
    )

"""The one table of what a person can do: keys, palette, slash commands, footer, help and the key map read it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gptalk_tui.screens.chat import ChatScreen


class Where(StrEnum):
    """Where the keys of an action work."""

    ANYWHERE = "anywhere"
    COMPOSER = "in the composer"
    MESSAGE = "on a message"
    LIST = "in the list"


def always(_chat: ChatScreen) -> bool:
    """Available at any time."""
    return True


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that a person can do."""

    id: str
    """`area.verb`; the name that the key map of the config file uses."""
    title: str
    """A few words, for the palette."""
    help: str
    """One sentence, for the help screen."""
    keys: str
    """Keys as Textual names them, separated by commas; may be empty."""
    run: Callable[[ChatScreen], Awaitable[None] | None]
    short: str = ""
    """One or two words for the footer; empty keeps it out of the footer."""
    where: Where = Where.ANYWHERE
    available: Callable[[ChatScreen], bool] = always
    is_bound: bool = True
    """False where the widget with the focus handles the keys itself."""
    in_palette: bool = True


ACTIONS: tuple[Action, ...] = (
    Action(
        "turn.send", "Send", "Send what the composer holds. Ctrl+J, Shift+Enter or a trailing \\ make a new line.",
        "enter", lambda chat: chat.desk.send(), short="send", where=Where.COMPOSER, is_bound=False,
    ),
    Action(
        "app.interrupt", "Copy, stop or put aside",
        "Copy the selection; else stop the reply; else put the composer's text aside. Never quits.",
        "ctrl+c", lambda chat: chat.writing.prompts.interrupt(), in_palette=False,
    ),
    Action(
        "prompt.history", "Earlier prompts", "Search earlier prompts. Up and Down at the edges walk them.",
        "ctrl+r", lambda chat: chat.writing.prompts.search(),
    ),
    Action(
        "prompt.editor", "Write in your editor", "Write the prompt in the editor that $VISUAL or $EDITOR names.",
        "ctrl+g", lambda chat: chat.writing.editor.write(),
    ),
    Action(
        "prompt.unfold", "Unfold the paste", "Show the long paste that is folded to one line.",
        "", lambda chat: chat.writing.unfold(), available=lambda chat: chat.composer.has_fold,
    ),
    Action(
        "turn.stop", "Stop the reply", "Stop the reply that is streaming; its text so far is kept.",
        "escape", lambda chat: chat.desk.stop(), short="stop", available=lambda chat: chat.is_replying,
    ),
    Action(
        "turn.retry", "Try again", "Ask again for the last reply, beside the one that is there.",
        "", lambda chat: chat.desk.try_again(),
        available=lambda chat: chat.has_conversation and not chat.is_replying,
    ),
    Action(
        "conversation.new", "New conversation", "Start a new conversation; a reply that streams goes on.",
        "ctrl+n", lambda chat: chat.desk.open_new(), short="new",
    ),
    Action(
        "conversation.switch", "Conversations", "Go to the list of conversations: type to filter, Enter opens.",
        "ctrl+s", lambda chat: chat.shelf.visit(), short="conversations",
    ),
    Action(
        "list.toggle", "Show or hide the list", "Show or hide the list of conversations.",
        "ctrl+l", lambda chat: chat.shelf.toggle(),
    ),
    Action(
        "conversation.export", "Export", "Write this conversation to a file.",
        "ctrl+o", lambda chat: chat.dialogs.exports.write(), available=lambda chat: chat.has_conversation,
    ),
    Action(
        "export.open", "Open the last export", "Show the file that was written last in the program for it.",
        "", lambda chat: chat.dialogs.exports.open_last(),
        available=lambda chat: chat.dialogs.exports.last is not None,
    ),
    Action(
        "app.palette", "Commands", "All commands: type to find one.",
        "ctrl+p", lambda chat: chat.dialogs.palette(), short="commands", in_palette=False,
    ),
    Action(
        "app.help", "Help", "Keys and help for what has the focus.",
        "f1", lambda chat: chat.dialogs.help(), short="help",
    ),
    Action(
        "app.quit", "Quit", "Quit; everything is on disk.",
        "ctrl+q", lambda chat: chat.quit(), short="quit",
    ),
    Action(
        "find.open", "Find", "Find words in this conversation; Tab goes over to all conversations.",
        "ctrl+f", lambda chat: chat.finding.open(), short="find",
    ),
    Action(
        "find.in_transcript", "Find here", "Find words in this conversation.",
        "slash", lambda chat: chat.finding.open(), where=Where.MESSAGE,
        available=lambda chat: chat.transcript.has_focus, in_palette=False,
    ),
    Action(
        "find.next", "Next match", "Go to the next match.",
        "n", lambda chat: chat.finding.step(1), where=Where.MESSAGE,
        available=lambda chat: chat.transcript.has_focus and chat.finding.is_active, in_palette=False,
    ),
    Action(
        "find.previous", "Previous match", "Go to the match before.",
        "N,shift+n", lambda chat: chat.finding.step(-1), where=Where.MESSAGE,
        available=lambda chat: chat.transcript.has_focus and chat.finding.is_active, in_palette=False,
    ),
    Action(
        "find.everywhere", "Search all conversations", "Search titles and messages of all conversations.",
        "", lambda chat: chat.finding.search_all(""),
    ),
    Action(
        "transcript.page_up", "Page up", "Scroll up by a page, also from the composer.",
        "pageup", lambda chat: chat.reading.scroll_page(-1), in_palette=False,
    ),
    Action(
        "transcript.page_down", "Page down", "Scroll down by a page, also from the composer.",
        "pagedown", lambda chat: chat.reading.scroll_page(1), in_palette=False,
    ),
    Action(
        "transcript.top",
        "Go to the start",
        "Go to the start of the conversation; in the composer from the start of a line.",
        "home",
        lambda chat: chat.transcript.action_top(),
    ),
    Action(
        "transcript.end", "Follow the newest text", "Go to the end and follow the newest text again.",
        "end", lambda chat: chat.reading.follow_end(),
    ),
    Action(
        "message.previous", "Previous message", "Go to the message above.",
        "alt+up", lambda chat: chat.reading.walk(-1), in_palette=False,
    ),
    Action(
        "message.next", "Next message", "Go to the message below.",
        "alt+down", lambda chat: chat.reading.walk(1), in_palette=False,
    ),
    Action(
        "message.copy", "Copy the message", "Copy the message as it was written.",
        "y", lambda chat: chat.reading.copy_message(), short="copy", where=Where.MESSAGE,
        available=lambda chat: chat.has_message,
    ),
    Action(
        "code.next", "Next code block", "Go to the next code block of the message.",
        "b", lambda chat: chat.reading.next_code(), short="code", where=Where.MESSAGE,
        available=lambda chat: chat.has_message,
    ),
    Action(
        "code.copy", "Copy the code block", "Copy the code block as it was written.",
        "c", lambda chat: chat.reading.copy_code(), short="copy code", where=Where.MESSAGE,
        available=lambda chat: chat.has_message,
    ),
    Action(
        "message.edit", "Edit and send again", "Edit one of your messages and send it as a new branch.",
        "e", lambda chat: chat.branches.begin_edit(), short="edit", where=Where.MESSAGE,
        available=lambda chat: chat.has_message,
    ),
    Action(
        "message.regenerate", "Regenerate", "Ask for the reply once more, beside the one that is there.",
        "r", lambda chat: chat.branches.regenerate(), short="regenerate", where=Where.MESSAGE,
        available=lambda chat: chat.has_message,
    ),
    Action(
        "branch.previous", "Older version", "Show the message's older version and what follows it.",
        "left_square_bracket", lambda chat: chat.branches.walk(-1), short="older", where=Where.MESSAGE,
        available=lambda chat: chat.has_message,
    ),
    Action(
        "branch.next", "Newer version", "Show the message's newer version and what follows it.",
        "right_square_bracket", lambda chat: chat.branches.walk(1), short="newer", where=Where.MESSAGE,
        available=lambda chat: chat.has_message,
    ),
    Action(
        "message.fork", "Fork", "Copy the conversation up to this message into a new one.",
        "f", lambda chat: chat.branches.fork(), short="fork", where=Where.MESSAGE,
        available=lambda chat: chat.has_message,
    ),
    Action(
        "message.delete", "Delete the message", "Delete the message and what follows it; undo brings it back.",
        "d", lambda chat: chat.branches.delete(), short="delete", where=Where.MESSAGE,
        available=lambda chat: chat.has_message,
    ),
    Action(
        "conversation.previous", "Previous conversation", "Open the conversation above in the list.",
        "ctrl+pageup", lambda chat: chat.shelf.go(-1), in_palette=False,
    ),
    Action(
        "conversation.next", "Next conversation", "Open the conversation below in the list.",
        "ctrl+pagedown", lambda chat: chat.shelf.go(1), in_palette=False,
    ),
    Action(
        "conversation.rename", "Rename", "Give the conversation another title; in the list, the highlighted one.",
        "f2", lambda chat: chat.filing.rename(), short="rename",
        available=lambda chat: chat.filing.target is not None,
    ),
    Action(
        "conversation.pin", "Pin or unpin", "Keep the conversation at the top of the list, or no longer.",
        "f4", lambda chat: chat.filing.pin(), short="pin", where=Where.LIST,
        available=lambda chat: chat.filing.target is not None,
    ),
    Action(
        "conversation.archive", "Archive", "Take the conversation out of the list and keep it in the archive.",
        "f6", lambda chat: chat.filing.archive(), short="archive", where=Where.LIST,
        available=lambda chat: chat.filing.may_archive,
    ),
    Action(
        "conversation.restore", "Restore", "Take the conversation out of the trash or the archive.",
        "f7", lambda chat: chat.filing.restore(), short="restore", where=Where.LIST,
        available=lambda chat: chat.filing.may_restore,
    ),
    Action(
        "conversation.trash", "Move to the trash", "Move the conversation to the trash; undo brings it back.",
        "f8", lambda chat: chat.filing.trash(), short="trash", where=Where.LIST,
        available=lambda chat: chat.filing.may_trash,
    ),
    Action(
        "conversation.purge", "Delete for good", "Delete a conversation of the trash for good, after a question.",
        "f9", lambda chat: chat.filing.purge(), short="delete for good", where=Where.LIST,
        available=lambda chat: chat.filing.may_purge,
    ),
    Action(
        "list.archived", "Show archived", "List the archived conversations, to look through and restore.",
        "", lambda chat: chat.filing.show_archive(),
    ),
    Action(
        "list.trash", "Show the trash", "List what is in the trash, to look through and restore.",
        "", lambda chat: chat.filing.show_trash(),
    ),
    Action(
        "conversation.settings", "Provider, model and settings",
        "Choose who answers, the model, temperature, context and system prompt: here, or for all.",
        "ctrl+t", lambda chat: chat.choices.ask(), short="model",
    ),
    Action(
        "app.theme", "Theme", "Choose the colours; each theme is shown while you look through them.",
        "", lambda chat: chat.appearance.choose_theme(),
    ),
    Action(
        "app.undo", "Undo", "Take back what was deleted or moved last. In the composer, Ctrl+Z undoes typing.",
        "ctrl+z,u", lambda chat: chat.undo.run(), available=lambda chat: chat.undo.has_any,
    ),
)  # fmt: skip

ACTION_OF: Mapping[str, Action] = {action.id: action for action in ACTIONS}

_KEY_NAMES = {
    "escape": "Esc",
    "enter": "Enter",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "question_mark": "?",
    "slash": "/",
}


def key_title(key: str) -> str:
    """Return a key as people write it: `ctrl+n` is `Ctrl+N`, `pageup` is `PgUp`."""
    *modifiers, name = key.split("+")
    if not modifiers and len(name) == 1:
        return name
    shown = _KEY_NAMES.get(name) or (name.upper() if len(name) == 1 else name.capitalize())
    return "+".join([*(modifier.capitalize() for modifier in modifiers), shown])


def key_titles(keys: str) -> list[str]:
    """Return the keys of an action as people write them, the first one first."""
    return [key_title(key.strip()) for key in keys.split(",") if key.strip()]


def clashes(keymap: Mapping[str, str]) -> list[str]:
    """Return a sentence for each key that a key map gives to two actions, and for each unknown action id.

    Args:
        keymap: Action ids and the keys that replace the action's own, separated by commas.
    """
    complaints = [f'There is no action "{name}".' for name in keymap if name not in ACTION_OF]
    owners: dict[tuple[str, Where | None], str] = {}
    for action in ACTIONS:
        for key in keymap.get(action.id, action.keys).split(","):
            key = key.strip()
            if not key:
                continue
            place = (key, action.where if action.where in (Where.MESSAGE, Where.LIST) else None)
            if place in owners:
                complaints.append(f"{key_title(key)} is given to both {owners[place]} and {action.id}.")
            else:
                owners[place] = action.id
    return complaints


def footer_actions(chat: ChatScreen, place: Where) -> Iterable[Action]:
    """Return the actions that the footer shows now, most useful first.

    Args:
        chat: Says what is available.
        place: What has the focus: a message, the list, or anything else.
    """
    if place is Where.ANYWHERE:
        wanted = [a for a in ACTIONS if a.short and a.where in (Where.ANYWHERE, Where.COMPOSER)]
    else:
        wanted = [a for a in ACTIONS if a.short and (a.where is place or a.id in _ALSO_IN_FOOTER[place])]
    return [action for action in wanted if action.available(chat)]


_ALSO_IN_FOOTER: Mapping[Where, tuple[str, ...]] = {
    Where.MESSAGE: (),
    Where.LIST: ("conversation.rename", "app.help"),
}


def readme_table() -> str:
    """Return the keys as a Markdown table, as the README shows them."""
    lines = ["| key | does | where |", "|---|---|---|"]
    for action in ACTIONS:
        if action.keys:
            keys = ", ".join(f"`{key}`" for key in key_titles(action.keys))
            lines.append(f"| {keys} | {action.help} | {action.where.value} |")
    return "\n".join(lines) + "\n"

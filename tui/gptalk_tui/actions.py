"""The one table of what a person can do: keys, palette, slash commands, footer, help and the key map read it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gptalk_tui.chat.screen import ChatScreen


class Where(StrEnum):
    """Where the keys of an action work."""

    ANYWHERE = "anywhere"
    COMPOSER = "in the composer"
    READING = "in the transcript"
    MESSAGE = "on a message"
    LIST = "in the list"


def always(_chat: ChatScreen) -> bool:
    """Available at any time."""
    return True


def nothing_streams(chat: ChatScreen) -> bool:
    """No reply streams in the conversation that is shown."""
    return not chat.is_replying


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
    """Whether it makes sense now; its keys work only where it says, too."""
    hinted: Callable[[ChatScreen], bool] = always
    """Whether the footer names it while it is available."""
    is_bound: bool = True
    """False where the widget with the focus handles the keys itself."""
    in_palette: bool = True
    """Whether it is offered by name: in the palette and, but for `slash`, as a slash command."""
    slash: str | None = ""
    """The slash command; empty takes the verb of the id, None is for what acts on the text that it would take."""
    run_with: Callable[[ChatScreen, str], Awaitable[None] | None] | None = None
    """Carries it out with the words behind the slash command; None takes no words."""

    @property
    def command(self) -> str | None:
        """The slash command, without the slash; None if there is none."""
        return (
            (self.slash or self.id.partition(".")[2]) if self.in_palette and self.slash is not None else None
        )


ACTIONS: tuple[Action, ...] = (
    Action(
        "turn.send", "Send", "Send what the composer holds.",
        "enter", lambda chat: chat.desk.send(), short="send", where=Where.COMPOSER, is_bound=False, slash=None,
    ),
    Action(
        "prompt.new_line", "New line", "Begin a new line. A \\ at the end of the line and Enter do so too.",
        "ctrl+j,shift+enter", lambda chat: chat.composer.insert_text("\n"), where=Where.COMPOSER, is_bound=False,
        in_palette=False,
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
        "ctrl+s", lambda chat: chat.shelf.visit(), short="conversations", slash="conversations",
    ),
    Action(
        "list.toggle", "Show or hide the list", "Show or hide the list of conversations.",
        "ctrl+l", lambda chat: chat.shelf.toggle(), slash="list",
    ),
    Action(
        "conversation.export", "Export", "Write this conversation to a file.",
        "ctrl+o", lambda chat: chat.dialogs.exports.write(), available=lambda chat: chat.has_conversation,
    ),
    Action(
        "export.open", "Open the last export", "Show the file that was written last in the program for it.",
        "", lambda chat: chat.dialogs.exports.open_last(),
        available=lambda chat: chat.dialogs.exports.last is not None, slash="open-export",
    ),
    Action(
        "app.palette", "Commands", "All commands: type to find one.",
        "ctrl+p", lambda chat: chat.dialogs.palette(), short="commands", in_palette=False,
    ),
    Action(
        "app.help", "Help", "Keys and help for what has the focus; ? outside of a field.",
        "f1,question_mark", lambda chat: chat.dialogs.help(), short="help",
    ),
    Action(
        "app.quit", "Quit", "Quit; everything is on disk.",
        "ctrl+q", lambda chat: chat.quit(), short="quit",
    ),
    Action(
        "find.open", "Find", "Find words in this conversation; Tab goes over to all conversations.",
        "ctrl+f", lambda chat: chat.finding.open(), short="find", slash="find",
        run_with=lambda chat, words: chat.finding.open(words),
    ),
    Action(
        "find.in_transcript", "Find here", "Find words in this conversation.",
        "slash", lambda chat: chat.finding.open(), short="find", where=Where.READING, in_palette=False,
    ),
    Action(
        "find.next", "Next match", "Go to the next match.",
        "n", lambda chat: chat.finding.step(1), short="next match", where=Where.READING,
        available=lambda chat: chat.finding.is_active, in_palette=False,
    ),
    Action(
        "find.previous", "Previous match", "Go to the match before.",
        "N,shift+n", lambda chat: chat.finding.step(-1), short="match before", where=Where.READING,
        available=lambda chat: chat.finding.is_active, in_palette=False,
    ),
    Action(
        "find.everywhere", "Search all conversations", "Search titles and messages of all conversations.",
        "", lambda chat: chat.finding.search_all(""), slash="search",
        run_with=lambda chat, words: chat.finding.search_all(words),
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
        lambda chat: chat.transcript.scroll_to_top(),
    ),
    Action(
        "transcript.end", "Follow the newest text", "Go to the end and follow the newest text again.",
        "end", lambda chat: chat.reading.follow_end(), short="newest",
        available=lambda chat: not chat.transcript.is_following,
    ),
    Action(
        "reading.up", "A line up", "Scroll up by a line.",
        "k,up", lambda chat: chat.transcript.scroll_lines(-1), where=Where.READING, in_palette=False,
    ),
    Action(
        "reading.down", "A line down", "Scroll down by a line.",
        "j,down", lambda chat: chat.transcript.scroll_lines(1), where=Where.READING, in_palette=False,
    ),
    Action(
        "reading.half_up", "Half a page up", "Scroll up by half a page.",
        "ctrl+u", lambda chat: chat.transcript.scroll_half(-1), where=Where.READING, in_palette=False,
    ),
    Action(
        "reading.half_down", "Half a page down", "Scroll down by half a page.",
        "ctrl+d", lambda chat: chat.transcript.scroll_half(1), where=Where.READING, in_palette=False,
    ),
    Action(
        "reading.page_down", "Page down", "Scroll down by a page.",
        "space", lambda chat: chat.reading.scroll_page(1), where=Where.READING, in_palette=False,
    ),
    Action(
        "reading.top", "Start", "Go to the start of the conversation.",
        "g", lambda chat: chat.transcript.scroll_to_top(), where=Where.READING, in_palette=False,
    ),
    Action(
        "reading.end", "End", "Go to the end and follow the newest text again.",
        "G,shift+g", lambda chat: chat.reading.follow_end(), where=Where.READING, in_palette=False,
    ),
    Action(
        "focus.next", "Go on", "Go from the composer to the transcript, to the list where it is open, and back.",
        "tab", lambda chat: chat.reading.go_round(1), in_palette=False,
    ),
    Action(
        "focus.previous", "Go back", "Go the other way round.",
        "shift+tab", lambda chat: chat.reading.go_round(-1), in_palette=False,
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
        available=lambda chat: chat.has_messages,
    ),
    Action(
        "code.next", "Next code block", "Go to the next code block of the message.",
        "b", lambda chat: chat.reading.next_code(), short="code", slash="code", where=Where.MESSAGE,
        available=lambda chat: chat.has_messages,
    ),
    Action(
        "code.copy", "Copy the code block", "Copy the code block as it was written.",
        "c", lambda chat: chat.reading.copy_code(), short="copy code", slash="copy-code", where=Where.MESSAGE,
        available=lambda chat: chat.has_messages,
    ),
    Action(
        "message.edit", "Edit and send again", "Edit one of your messages and send it as a new branch.",
        "e", lambda chat: chat.branches.begin_edit(), short="edit", where=Where.MESSAGE, hinted=nothing_streams,
        available=lambda chat: chat.has_messages,
    ),
    Action(
        "message.regenerate", "Regenerate", "Ask for the reply once more, beside the one that is there.",
        "r", lambda chat: chat.branches.regenerate(), short="regenerate", where=Where.MESSAGE,
        hinted=nothing_streams,
        available=lambda chat: chat.has_messages,
    ),
    Action(
        "branch.previous", "Older version", "Show the message's older version and what follows it.",
        "left_square_bracket", lambda chat: chat.branches.walk(-1), short="older", where=Where.MESSAGE,
        hinted=lambda chat: chat.branches.has_sibling(-1),
        available=lambda chat: chat.has_messages, slash="older",
    ),
    Action(
        "branch.next", "Newer version", "Show the message's newer version and what follows it.",
        "right_square_bracket", lambda chat: chat.branches.walk(1), short="newer", where=Where.MESSAGE,
        hinted=lambda chat: chat.branches.has_sibling(1),
        available=lambda chat: chat.has_messages, slash="newer",
    ),
    Action(
        "message.fork", "Fork", "Copy the conversation up to this message into a new one.",
        "f", lambda chat: chat.branches.fork(), short="fork", where=Where.MESSAGE,
        hinted=lambda chat: chat.branches.may_fork,
        available=lambda chat: chat.has_messages,
    ),
    Action(
        "message.delete", "Delete the message", "Delete the message and what follows it; undo brings it back.",
        "d", lambda chat: chat.branches.delete(), short="delete", where=Where.MESSAGE, hinted=nothing_streams,
        available=lambda chat: chat.has_messages,
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
        run_with=lambda chat, words: chat.filing.rename_to(words),
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
        "", lambda chat: chat.filing.show_trash(), slash="show-trash",
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
        "app.undo", "Undo", "Take back what was deleted or moved last. In the composer, typing is undone first.",
        "ctrl+z,u", lambda chat: chat.undo.run(), available=lambda chat: chat.undo.has_any,
    ),
)  # fmt: skip

ACTION_OF: Mapping[str, Action] = {action.id: action for action in ACTIONS}


def footer_actions(chat: ChatScreen, place: Where) -> list[Action]:
    """Return the actions that the footer shows now, most useful first.

    Args:
        chat: Says what is available.
        place: Where the person is; anywhere means in the composer.
    """
    shown = [each for where in _IN_FOOTER[place] for each in ACTIONS if each.short and each.where is where]
    shown += [ACTION_OF[name] for name in _ALSO_IN_FOOTER[place]]
    return [action for action in shown if action.available(chat) and action.hinted(chat)]


_IN_FOOTER: Mapping[Where, tuple[Where, ...]] = {
    Where.ANYWHERE: (Where.COMPOSER, Where.ANYWHERE),
    Where.COMPOSER: (Where.COMPOSER, Where.ANYWHERE),
    Where.READING: (Where.READING,),
    Where.MESSAGE: (Where.MESSAGE, Where.READING),
    Where.LIST: (Where.LIST,),
}
_ALSO_IN_FOOTER: Mapping[Where, tuple[str, ...]] = {
    Where.ANYWHERE: (),
    Where.COMPOSER: (),
    Where.READING: ("transcript.end", "app.help"),
    Where.MESSAGE: (),
    Where.LIST: ("conversation.rename", "app.help"),
}

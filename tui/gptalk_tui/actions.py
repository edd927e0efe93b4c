"""The one table of what a person can do: keys, palette, slash commands, footer, help and the key map read it.

`chat/commands.py` binds each row to what carries it out.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from gptalk_client.records import Record


class Scope(StrEnum):
    """Where the keys of an action work."""

    ANYWHERE = "anywhere"
    COMPOSER = "in the composer"
    READING = "in the transcript"
    MESSAGE = "on a message"
    QUEUE = "on a queued prompt"
    LIST = "in the list"


class Action(Record, frozen=True):
    """One thing that a person can do."""

    id: str
    """`area.verb`; the name that the key map of the config file uses."""
    title: str
    """A few words, for the palette."""
    help: str
    """One sentence, for the help screen."""
    keys: str
    """Keys as Textual names them, separated by commas; may be empty."""
    short: str = ""
    """One or two words for the footer; empty keeps it out of the footer."""
    scope: Scope = Scope.ANYWHERE
    is_bound: bool = True
    """False where the widget with the focus handles the keys itself."""
    in_palette: bool = True
    """Whether it is offered by name: in the palette and, but for `slash`, as a slash command."""
    slash: str | None = ""
    """The slash command; empty takes the verb of the id, None is for what acts on the text that it would take."""
    takes_words: bool = False
    """Whether the slash command takes what is written after it."""

    @property
    def command(self) -> str | None:
        """The slash command, without the slash; None if there is none."""
        if not self.in_palette or self.slash is None:
            return None
        return self.slash or self.id.partition(".")[2]


ACTIONS: tuple[Action, ...] = (
    Action(
        "turn.send", "Send",
        "Send what the composer holds; while a reply streams, queue it.",
        "enter", short="send", scope=Scope.COMPOSER, is_bound=False, slash=None,
    ),
    Action(
        "prompt.new_line", "New line",
        "Begin a new line. A \\ at the end of the line and Enter do so too.",
        "ctrl+j,shift+enter,alt+enter", scope=Scope.COMPOSER, is_bound=False, in_palette=False,
    ),
    Action(
        "app.interrupt", "Copy, stop or clear",
        "Copy the selection; else stop the reply; else clear the composer; Up restores its text. Never quits.",
        "ctrl+c", in_palette=False,
    ),
    Action(
        "prompt.history", "Earlier prompts",
        "Search earlier prompts. Up and Down at the edges walk them.",
        "ctrl+r",
    ),
    Action(
        "prompt.editor", "Write in your editor",
        "Write the prompt in the editor that $VISUAL or $EDITOR names.",
        "ctrl+g",
    ),
    Action(
        "prompt.unfold", "Unfold the paste",
        "Show the long paste that is folded to one line.",
        "",
    ),
    Action(
        "turn.stop", "Stop the reply",
        "Stop the reply that is streaming; its text so far is kept.",
        "escape", short="stop",
    ),
    Action(
        "turn.retry", "Try again",
        "Ask again for the last reply, beside the one that is there.",
        "",
    ),
    Action(
        "queue.send", "Send the queue",
        "Send the queued prompts that are held, one after another; Enter in the empty composer does so too.",
        "", slash="send-queue",
    ),
    Action(
        "queue.visit", "Queued prompts",
        "Go to the queued prompts, to edit or remove them; Up in the empty composer edits the last one.",
        "", slash="queue",
    ),
    Action(
        "queue.edit", "Edit the queued prompt",
        "Put the queued prompt into the composer; Enter keeps the change, in its place.",
        "e,enter", short="edit", scope=Scope.QUEUE, slash="edit-queued",
    ),
    Action(
        "queue.remove", "Remove the queued prompt",
        "Take the prompt out of the queue; undo brings it back.",
        "d,x,delete", short="remove", scope=Scope.QUEUE, slash="unqueue",
    ),
    Action(
        "conversation.compact", "Compact the conversation",
        "Ask for a summary of the conversation and go on from it in a new branch; nothing is deleted.",
        "",
    ),
    Action(
        "conversation.new", "New conversation",
        "Start a new conversation; a reply that streams goes on.",
        "ctrl+n", short="new",
    ),
    Action(
        "conversation.switch", "Conversations",
        "Go to the list of conversations: type to filter, Enter opens.",
        "ctrl+s", short="conversations", slash="conversations",
    ),
    Action(
        "list.toggle", "Show or hide the list",
        "Show or hide the list of conversations.",
        "ctrl+l", slash="list",
    ),
    Action(
        "conversation.export", "Export",
        "Write this conversation to a file.",
        "ctrl+o",
    ),
    Action(
        "export.open", "Open the last export",
        "Show the file that was written last in the program for it.",
        "", slash="open-export",
    ),
    Action(
        "app.palette", "Commands",
        "All commands: type to find one.",
        "ctrl+p", short="commands", in_palette=False,
    ),
    Action(
        "app.help", "Help",
        "Keys and help for what has the focus; ? outside of a field.",
        "f1,question_mark", short="help",
    ),
    Action(
        "app.quit", "Quit",
        "Quit; everything is on disk.",
        "ctrl+q", short="quit",
    ),
    Action(
        "app.repaint", "Repaint the screen",
        "Paint the whole screen again, after another program wrote over it.",
        "alt+l", is_bound=False,
    ),
    Action(
        "find.open", "Find",
        "Find words in this conversation; Tab goes over to all conversations.",
        "ctrl+f", short="find", slash="find", takes_words=True,
    ),
    Action(
        "find.in_transcript", "Find here",
        "Find words in this conversation.",
        "slash", short="find", scope=Scope.READING, in_palette=False,
    ),
    Action(
        "find.next", "Next match",
        "Go to the next match.",
        "n", short="next match", scope=Scope.READING, in_palette=False,
    ),
    Action(
        "find.previous", "Previous match",
        "Go to the match before.",
        "N", short="match before", scope=Scope.READING, in_palette=False,
    ),
    Action(
        "find.everywhere", "Search all conversations",
        "Search titles and messages of all conversations.",
        "", slash="search", takes_words=True,
    ),
    Action(
        "transcript.page_up", "Page up",
        "Scroll up by a page, also from the composer.",
        "pageup", in_palette=False,
    ),
    Action(
        "transcript.page_down", "Page down",
        "Scroll down by a page, also from the composer.",
        "pagedown", in_palette=False,
    ),
    Action(
        "transcript.top", "Go to the start",
        "Go to the start of the conversation; in the composer from the start of a line.",
        "home",
    ),
    Action(
        "transcript.end", "Follow the newest text",
        "Go to the end and follow the newest text again.",
        "end", short="newest",
    ),
    Action(
        "reading.up", "A line up",
        "Scroll up by a line.",
        "k,up", scope=Scope.READING, in_palette=False,
    ),
    Action(
        "reading.down", "A line down",
        "Scroll down by a line.",
        "j,down", scope=Scope.READING, in_palette=False,
    ),
    Action(
        "reading.half_up", "Half a page up",
        "Scroll up by half a page.",
        "ctrl+u", scope=Scope.READING, in_palette=False,
    ),
    Action(
        "reading.half_down", "Half a page down",
        "Scroll down by half a page.",
        "ctrl+d", scope=Scope.READING, in_palette=False,
    ),
    Action(
        "reading.page_down", "Page down",
        "Scroll down by a page.",
        "space", scope=Scope.READING, in_palette=False,
    ),
    Action(
        "reading.top", "Start",
        "Go to the start of the conversation.",
        "g", scope=Scope.READING, in_palette=False,
    ),
    Action(
        "reading.end", "End",
        "Go to the end and follow the newest text again.",
        "G", scope=Scope.READING, in_palette=False,
    ),
    Action(
        "focus.next", "Go on",
        "Go from the composer to the transcript, to the list where it is open, and back.",
        "tab", in_palette=False,
    ),
    Action(
        "focus.previous", "Go back",
        "Go the other way round.",
        "shift+tab", in_palette=False,
    ),
    Action(
        "message.previous", "Previous message",
        "Go to the message above.",
        "alt+up", in_palette=False,
    ),
    Action(
        "message.next", "Next message",
        "Go to the message below.",
        "alt+down", in_palette=False,
    ),
    Action(
        "message.copy", "Copy the message",
        "Copy the message as it was written.",
        "y", short="copy", scope=Scope.MESSAGE,
    ),
    Action(
        "message.reasoning", "Open or fold the reasoning",
        "Show what the model thought before it answered, or fold it to one line.",
        "t", short="reasoning", scope=Scope.MESSAGE,
    ),
    Action(
        "message.unfold", "Open or fold files and pasted text",
        "Show the files and the pasted text of a prompt, or fold each to one line.",
        "enter", short="unfold", scope=Scope.MESSAGE, slash="unfold-message",
    ),
    Action(
        "message.details", "Details of the replies",
        "Show model, tokens and seconds under each reply, or hide them.",
        "i", scope=Scope.READING,
    ),
    Action(
        "code.next", "Next code block",
        "Go to the next code block of the message.",
        "b", short="code", scope=Scope.MESSAGE, slash="code",
    ),
    Action(
        "code.copy", "Copy the code block",
        "Copy the code block as it was written.",
        "c", short="copy code", scope=Scope.MESSAGE, slash="copy-code",
    ),
    Action(
        "link.next", "Next link",
        "Go to the next link of the message and show its address.",
        "l", short="link", scope=Scope.MESSAGE, slash="link",
    ),
    Action(
        "link.open", "Open the link",
        "Open the chosen link in the browser, after its address was shown.",
        "o", scope=Scope.MESSAGE, slash="open-link",
    ),
    Action(
        "message.edit", "Edit and send again",
        "Edit one of your messages and send it as a new branch.",
        "e", short="edit", scope=Scope.MESSAGE,
    ),
    Action(
        "reply.edit", "Edit the reply",
        "Edit a reply and keep the result as another version of it.",
        "E", short="edit reply", scope=Scope.MESSAGE, slash="edit-reply",
    ),
    Action(
        "message.regenerate", "Regenerate",
        "Ask for the reply once more, beside the one that is there.",
        "r", short="regenerate", scope=Scope.MESSAGE,
    ),
    Action(
        "message.continue", "Continue the reply",
        "Ask for the rest of a reply that was cut or stopped; it is appended.",
        "m", short="continue", scope=Scope.MESSAGE,
    ),
    Action(
        "message.compare", "Compare versions",
        "Show two versions of a reply side by side; /compare MODEL or PROVIDER asks for the second one.",
        "v", short="compare", scope=Scope.MESSAGE, takes_words=True,
    ),
    Action(
        "branch.previous", "Older version",
        "Show the message's older version and what follows it.",
        "left_square_bracket", short="older", scope=Scope.MESSAGE, slash="older",
    ),
    Action(
        "branch.next", "Newer version",
        "Show the message's newer version and what follows it.",
        "right_square_bracket", short="newer", scope=Scope.MESSAGE, slash="newer",
    ),
    Action(
        "message.fork", "Fork",
        "Copy the conversation up to this message into a new one.",
        "f", short="fork", scope=Scope.MESSAGE,
    ),
    Action(
        "message.delete", "Delete the message",
        "Delete the message and what follows it; undo brings it back.",
        "d", short="delete", scope=Scope.MESSAGE,
    ),
    Action(
        "conversation.previous", "Previous conversation",
        "Open the conversation above in the list.",
        "ctrl+pageup", in_palette=False,
    ),
    Action(
        "conversation.next", "Next conversation",
        "Open the conversation below in the list.",
        "ctrl+pagedown", in_palette=False,
    ),
    Action(
        "conversation.rename", "Rename",
        "Give the conversation another title; in the list, the highlighted one.",
        "f2", short="rename", takes_words=True,
    ),
    Action(
        "conversation.pin", "Pin or unpin",
        "Keep the conversation at the top of the list, or no longer.",
        "f4", short="pin", scope=Scope.LIST,
    ),
    Action(
        "conversation.tag", "Tags",
        "Tag the conversation: /tag work -old adds and removes; in the list, #work finds it.",
        "", takes_words=True,
    ),
    Action(
        "conversation.archive", "Archive",
        "Take the conversation out of the list and keep it in the archive.",
        "f6", short="archive", scope=Scope.LIST,
    ),
    Action(
        "conversation.restore", "Restore",
        "Take the conversation out of the trash or the archive.",
        "f7", short="restore", scope=Scope.LIST,
    ),
    Action(
        "conversation.trash", "Move to the trash",
        "Move the conversation to the trash; undo brings it back.",
        "f8", short="trash", scope=Scope.LIST,
    ),
    Action(
        "conversation.purge", "Delete for good",
        "Delete a conversation of the trash for good, after a question.",
        "f9", short="delete for good", scope=Scope.LIST,
    ),
    Action(
        "list.archived", "Show archived",
        "List the archived conversations, to look through and restore.",
        "",
    ),
    Action(
        "list.trash", "Show the trash",
        "List what is in the trash, to look through and restore.",
        "", slash="show-trash",
    ),
    Action(
        "conversation.settings", "Provider, model and settings",
        "Choose persona, provider, model, parameters, context and system prompt: here, or for all.",
        "ctrl+t", short="model",
    ),
    Action(
        "model.choose", "Model",
        "Choose the model that answers here; favourites and those used last come first.",
        "", slash="model", takes_words=True,
    ),
    Action(
        "provider.choose", "Providers",
        "Choose who answers here; add, test, change or remove a provider.",
        "", slash="providers",
    ),
    Action(
        "persona.choose", "Personas",
        "Choose a persona for this conversation; make, change or remove one.",
        "", slash="personas",
    ),
    Action(
        "app.theme", "Theme",
        "Choose the colours; each theme is shown while you look through them.",
        "",
    ),
    Action(
        "app.undo", "Undo",
        "Take back what was deleted or moved last. In the composer, typing is undone first.",
        "ctrl+z,u",
    ),
)  # fmt: skip

ACTION_OF: Mapping[str, Action] = {action.id: action for action in ACTIONS}


def in_footer(scope: Scope) -> list[Action]:
    """Return the actions that the footer shows where the focus is, most useful first."""
    shown = [each for scope in _IN_FOOTER[scope] for each in ACTIONS if each.short and each.scope is scope]
    return shown + [ACTION_OF[each] for each in _ALSO_IN_FOOTER[scope]]


_IN_FOOTER: Mapping[Scope, tuple[Scope, ...]] = {
    Scope.ANYWHERE: (Scope.COMPOSER, Scope.ANYWHERE),
    Scope.COMPOSER: (Scope.COMPOSER, Scope.ANYWHERE),
    Scope.READING: (Scope.READING,),
    Scope.MESSAGE: (Scope.MESSAGE, Scope.READING),
    Scope.QUEUE: (Scope.QUEUE,),
    Scope.LIST: (Scope.LIST,),
}
_ALSO_IN_FOOTER: Mapping[Scope, tuple[str, ...]] = {
    Scope.ANYWHERE: (),
    Scope.COMPOSER: (),
    Scope.READING: ("turn.stop", "transcript.end", "app.palette", "app.help"),
    Scope.MESSAGE: ("turn.stop", "app.palette", "app.help"),
    Scope.QUEUE: ("app.undo", "app.palette", "app.help"),
    Scope.LIST: ("conversation.rename", "app.palette", "app.help"),
}

"""What palette and help know of an action besides the table: other words for it, and why it isn't available."""

from __future__ import annotations

from collections.abc import Mapping

from gptalk_tui.actions import Action, Scope

OTHER_WORDS: Mapping[str, str] = {
    "app.quit": "exit leave close",
    "app.theme": "dark light colours colors contrast appearance",
    "app.help": "keys shortcuts bindings",
    "app.undo": "restore revert",
    "branch.previous": "branch version sibling",
    "branch.next": "branch version sibling",
    "code.copy": "clipboard yank snippet",
    "code.next": "fence snippet",
    "conversation.archive": "hide away",
    "conversation.compact": "summarize shorten context",
    "conversation.export": "save download markdown html json",
    "conversation.new": "chat start begin",
    "conversation.purge": "remove erase",
    "conversation.rename": "title name",
    "conversation.settings": "persona temperature engine system prompt compare provider",
    "conversation.switch": "open chats history list",
    "conversation.tag": "label folder",
    "conversation.trash": "delete remove bin",
    "find.everywhere": "grep history all",
    "find.open": "search grep",
    "link.next": "url address",
    "link.open": "url address browser",
    "message.compare": "side by side versions models two",
    "message.continue": "more go on rest",
    "message.copy": "clipboard yank",
    "message.delete": "remove",
    "message.details": "usage cost time figures",
    "message.edit": "branch change rewrite",
    "message.fork": "branch duplicate clone",
    "message.regenerate": "retry again branch compare another",
    "message.unfold": "paste attachment expand show",
    "queue.visit": "waiting pending",
    "reply.edit": "branch change rewrite",
    "model.choose": "engine llm switch",
    "provider.choose": "engine server service endpoint switch",
    "persona.choose": "role character system prompt",
    "prompt.editor": "vim emacs nano",
    "prompt.unfold": "paste expand",
    "queue.edit": "change waiting",
    "queue.remove": "delete waiting cancel",
    "queue.send": "go on waiting held resume",
    "turn.retry": "again redo",
    "turn.stop": "cancel abort interrupt",
}
"""What else people call an action, by its id; words of its title and its help are found anyway."""

WHY_NOT: Mapping[str, str] = {
    "app.undo": "nothing to undo",
    "branch.next": "no messages yet",
    "branch.previous": "no messages yet",
    "conversation.compact": "nothing to compact yet",
    "conversation.export": "nothing was sent yet",
    "conversation.purge": "only for what is in the trash",
    "conversation.restore": "only for what is archived or in the trash",
    "message.compare": "there is no stored reply yet",
    "message.continue": "the last reply was neither cut nor stopped",
    "message.details": "no messages yet",
    "export.open": "nothing was exported yet",
    "find.next": "nothing is being looked for",
    "find.previous": "nothing is being looked for",
    "prompt.unfold": "no paste is folded",
    "transcript.end": "it is followed already",
    "queue.edit": "nothing is queued",
    "queue.remove": "nothing is queued",
    "queue.send": "no queued prompt is held",
    "queue.visit": "nothing is queued",
    "turn.retry": "there is no reply yet, or one is streaming",
    "turn.stop": "no reply is streaming",
}
"""Why an action isn't available, by its id."""

_WHY_NOT_ON_A_MESSAGE, _WHY_NOT_IN_THE_LIST = "no messages yet", "no conversation is open"


def why_not(action: Action) -> str:
    """Return why an action isn't available now, in a few words."""
    if action.id in WHY_NOT:
        return WHY_NOT[action.id]
    if action.scope is Scope.MESSAGE:
        return _WHY_NOT_ON_A_MESSAGE
    return _WHY_NOT_IN_THE_LIST


def is_meant(action: Action, words: str) -> bool:
    """Whether all words that somebody looks for are in what is known of an action.

    Args:
        action: The action.
        words: In any case; none find every action.
    """
    known = f"{action.title} {action.help} {findable(action)} {action.keys}".casefold()
    return all(word in known for word in words.casefold().split())


def findable(action: Action) -> str:
    """Return what an action is found by besides its title and its help."""
    return f"{action.command or ''} {OTHER_WORDS.get(action.id, '')}"

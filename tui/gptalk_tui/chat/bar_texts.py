"""What header, welcome, status line and footer say, made from plain state."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable

from rich.cells import cell_len, set_cell_size
from textual.content import Content

from gptalk_client.models import BranchEntry, Conversation, Message, Phase, QueuedPrompt, Role, Status, Usage
from gptalk_client.text import one_line, short_count
from gptalk_tui.chat.turns import LiveTurn
from gptalk_tui.keymap import KeyMap
from gptalk_tui.widgets.transcript.reply_words import (
    is_cut,
    may_continue,
    reply_figures,
)

_SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_WAITING = {
    Phase.CONNECTING: "connecting",
    Phase.SIGNING_IN: "signing in",
    Phase.WAITING: "waiting for the first word",
}
CONNECTED_S = 1.0
"""A service on this machine is connected to by then."""
ROOMY_WIDTH = 60
"""From this width on the header has room for the app's name."""
TITLE_WIDTH = 24
"""So many columns of the header belong to the title, where there are that many."""
SHORTEST_NAME = 8
"""Names are not cut shorter than this, in cells."""


def place_of(conversation: Conversation | None) -> str:
    """Return where a conversation is filed; empty for those in the list."""
    if conversation is None:
        return ""
    return "in the trash" if conversation.trashed else "archived" if conversation.archived else ""


def header_left(title: str, width: int, *, place: str = "") -> Content:
    """Return the header's left part: the app's name where there is room, the title, where it is filed."""
    name = Content.styled("gptalk-tui", "$ink-accent") if width >= ROOMY_WIDTH else Content.empty()
    filed = Content.styled(f"  {place}" if place else "", "$ink-warning")
    return Content.assemble(name, "   " if name.plain else "", title, filed)


def header_right(
    model: str,
    provider: str,
    width: int,
    *,
    persona: str = "",
    context: str = "",
) -> Content:
    """Return the header's right part: how full the context is, the persona, the model and who runs it.

    Where there is little room, the context goes first, then long names are cut, then the persona goes, then the
    provider.

    Args:
        model: Its name.
        provider: Its name or host.
        width: Of the header, in cells.
        persona: Its name; empty for none.
        context: See `context_words`.
    """
    room = width - min(TITLE_WIDTH, width // 3) - 3
    names = [one_line(name) for name in (persona, model, provider)]
    fitting = [_joined([context, *names])]
    fitting += [_joined(_cut(names[first:], room)) for first in (0, 1)]
    last = _joined(_cut(names[1:2], room))
    return Content.styled(next((each for each in fitting if cell_len(each) <= room), last), "$ink-muted")


def _joined(parts: Iterable[str]) -> str:
    return " · ".join(filter(None, parts))


def _cut(names: Iterable[str], room: int) -> list[str]:
    """Return the names, the longest ones cut until all fit or none is longer than `SHORTEST_NAME`."""
    cut = list(names)
    while cell_len(_joined(cut)) > room and max(map(cell_len, cut)) > SHORTEST_NAME:
        at = max(range(len(cut)), key=lambda each: cell_len(cut[each]))
        cut[at] = set_cell_size(cut[at].removesuffix("…"), cell_len(cut[at]) - 2).rstrip() + "…"
    return cut


def context_words(usage: Usage | None, window: int | None) -> str:
    """Return how much of the context is used; empty unless both figures are known.

    Args:
        usage: The count of the last reply.
        window: How many tokens the model has room for.
    """
    if usage is None or usage.prompt_tokens is None or not window:
        return ""
    return f"{short_count(usage.prompt_tokens + (usage.completion_tokens or 0))} / {short_count(window)}"


def welcome_text(
    provider: str, service: str, model: str, keys: KeyMap, *, is_narrow: bool = False, is_low: bool = False
) -> Content:
    """Return the first screen's text.

    Args:
        provider: Its name.
        service: The service's host; with a name of one's own, that and the host.
        model: The model's name; empty for the provider's own.
        keys: The keys of every action.
        is_narrow: Each key has a line of its own.
        is_low: Only the keys are named.
    """
    if provider == "local":
        source = "A small model on this computer answers; nothing leaves it."
    elif service:
        source = f"{one_line(model) or 'The default model'} at {one_line(service)} answers."
    else:
        source = ""
    taught = (("conversation.switch", "conversations"), ("app.palette", "commands"), ("app.help", "help"))
    hints = [(keys.first(action_id), does) for action_id, does in taught]
    if is_narrow:
        widest = max(len(key) for key, _ in hints)
        hints = [(key.ljust(widest) if key else "", does) for key, does in hints]
    keys_taught = Content("\n" if is_narrow else "     ").join(
        Content.assemble((key, "$ink-text"), (f"  {does}", "$ink-muted")) for key, does in hints if key
    )
    if is_low:
        return keys_taught
    return Content.assemble(
        ("gptalk-tui", "bold $ink-accent"),
        "\n\n",
        ("Type below and press ", "$ink-muted"),
        (keys.first("turn.send"), "$ink-text"),
        (".\n\n", "$ink-muted"),
        keys_taught,
        "\n\n",
        (source, "$ink-muted"),
    )


def turn_status(turn: LiveTurn, *, is_on_this_computer: bool) -> Content:
    """Return what a running turn is doing.

    Args:
        turn: The turn.
        is_on_this_computer: The service is on this machine, where a slow start means that it loads its model.
    """
    parts: list[tuple[str, str]] = [_spinner()]
    if turn.is_stopping:
        parts.append(("stopping", "$ink-muted"))
    elif turn.reply is None:
        parts.append((f"saving the prompt · {turn.elapsed_s:.1f} s", "$ink-muted"))
    elif turn.phase is Phase.RETRYING:
        left = 0 if turn.retry_at_s is None else max(0, math.ceil(turn.retry_at_s - time.monotonic()))
        reason = one_line(turn.reason)
        parts.append((f"{reason} · " if reason else "", "$ink-warning"))
        parts.append((f"trying again in {left} s", "$ink-warning"))
    elif turn.phase is Phase.STREAMING:
        does = "thinking · " if turn.is_thinking else ""
        parts.append((f"{does}about {turn.tokens_per_s:.0f} tokens/s · {turn.elapsed_s:.1f} s", "$ink-muted"))
    else:
        does = _WAITING[turn.phase]
        if turn.phase is Phase.CONNECTING and is_on_this_computer and turn.elapsed_s >= CONNECTED_S:
            does = "waiting for the engine"
        parts.append((f"{does} · {turn.elapsed_s:.1f} s", "$ink-muted"))
    if turn.save_trouble:
        parts.append((f" · not saved: {one_line(turn.save_trouble)}", "$ink-error"))
    return Content.assemble(*parts)


def idle_status(
    last: BranchEntry | None, returned: Message | None, typed: str, *, send: str, has_queue: bool = False
) -> list[Content]:
    """Return the figures of the last reply, and what to do about one that is not complete.

    There may be several wordings, the longest first.

    Args:
        last: The last message.
        returned: Its prompt, if that came back to the composer.
        typed: What is in the composer now.
        send: The key that sends.
        has_queue: Prompts are queued: in the empty composer the key sends them.
    """
    if last is None or last.role is not Role.ASSISTANT:
        return [Content.empty()]
    figures = reply_figures(last)
    if last.status is Status.COMPLETE:
        return [Content.styled(figures, "$ink-muted")]
    if last.status is Status.STREAMING:
        return [Content.styled("another window is writing this reply", "$ink-muted")]
    if typed.strip() and returned is not None:
        does = "tries again" if typed == returned.content else "sends it in place of the one that failed"
        return [Content.styled(f"the prompt is back: {send} {does}", "$ink-warning")]
    does = "continues" if is_cut(last) else "asks again"
    hint = "" if has_queue else f"{send} in the empty composer {does}"
    more = "/continue goes on from here" if may_continue(last) and (has_queue or not is_cut(last)) else ""
    brief = "" if has_queue else f"{send} {does}"
    # The key and the figures are the last to go.
    wordings = [(hint, more, figures), (brief, more, figures), (brief, figures)]
    return list(dict.fromkeys(Content.styled(_joined(each), "$ink-muted") for each in wordings))


def closed_status() -> Content:
    """Return what it means that the conversations can't be opened."""
    return Content.styled("conversations can't be opened: nothing is sent or saved", "$ink-error")


def full_status() -> Content:
    """Return what it means that the disk was full at the start."""
    return Content.styled("disk full: nothing is sent or saved until there is space", "$ink-error")


def edit_status(edited: Message | QueuedPrompt, send: str, *, is_replying: bool = False) -> Content:
    """Return what an edited message in the composer is for, and the key that sends it."""
    if isinstance(edited, QueuedPrompt):
        words = f"editing a queued prompt · {send} keeps the change · Esc cancels"
    elif edited.role is Role.ASSISTANT:
        words = f"editing a reply · {send} keeps it as another version · Esc cancels"
    else:
        words = f"editing an earlier message · {send} sends it as a new branch · Esc cancels"
    return Content.assemble(*([_spinner()] if is_replying else []), (words, "$ink-warning"))


def _spinner() -> tuple[str, str]:
    return f"{_SPINNER[int(time.monotonic() * 8) % len(_SPINNER)]} ", "$ink-accent"


def place_status(*, is_following: bool, has_new_text: bool, end: str) -> Content:
    """Return where the reader is, unless that is the end, and the key that goes there."""
    if has_new_text:
        return Content.styled(f"↓ new text below · {end}", "$ink-accent")
    if not is_following:
        return Content.styled(f"{end} follows the newest text", "$ink-muted")
    return Content.empty()

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
from gptalk_tui.widgets.bar import GAP
from gptalk_tui.widgets.transcript.reply_words import is_cut, may_continue, origin_wordings, reply_figures

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
_PADDING = 1
"""Cells at each end of the header."""
_REASON_CHARS = (80, 50, 30, 10)
"""To how many characters a reason is cut, until it fits."""
SHORTEST_NAME = 8
"""Names are not cut shorter than this, in cells."""


def place_of(conversation: Conversation | None) -> str:
    """Return where a conversation is filed; empty for those in the list."""
    if conversation is None:
        return ""
    return "in the trash" if conversation.trashed else "archived" if conversation.archived else ""


def header(
    title: str,
    model: str,
    provider: str,
    width: int,
    *,
    place: str = "",
    persona: str = "",
    context: str = "",
) -> tuple[Content, Content]:
    """Return the header's two parts: what is open, and who answers.

    The title keeps its room while the names get shorter or go; only when they have a third of the line is it cut.

    Args:
        title: Of the conversation.
        model: Its name; empty to name nobody.
        provider: Its name or host.
        width: Of the header, in cells.
        place: Where the conversation is filed.
        persona: Its name; empty for none.
        context: See `context_words`.
    """
    name = Content.styled("gptalk-tui   " if width >= ROOMY_WIDTH else "", "$ink-accent")
    filed = Content.styled(f"  {place}" if place else "", "$ink-warning")
    cells = width - 2 * _PADDING - GAP
    beside = cells - name.cell_length - filed.cell_length
    right = Content.empty()
    if model:
        room = max(beside - cell_len(title), cells // 3)
        right = header_right(model, provider, room, persona=persona, context=context)
    shown = Content(title).truncate(max(1, beside - right.cell_length), ellipsis=True)
    return Content.assemble(name, shown, filed), right


def header_right(model: str, provider: str, room: int, *, persona: str = "", context: str = "") -> Content:
    """Return how full the context is, the persona, the model and who runs it.

    Where there is little room, the context goes first, then the persona; then the provider is cut or goes, and
    then the model is cut.

    Args:
        model: Its name.
        provider: Its name or host.
        room: In cells. The model's name may take more, if it is not cut any further.
        persona: Its name; empty for none.
        context: See `context_words`.
    """
    persona, model, provider = (one_line(name) for name in (persona, model, provider))
    cut_provider = _cut(provider, room - cell_len(_joined([model, " "])) + 1)
    fitting = [
        (context, persona, model, provider),
        (persona, model, provider),
        (model, cut_provider),
        (model,),
    ]
    last = _cut(model, room)
    shown = next((names for each in fitting if cell_len(names := _joined(each)) <= room), last)
    return Content.styled(shown, "$ink-muted")


def _joined(parts: Iterable[str]) -> str:
    return " · ".join(filter(None, parts))


def _cut(name: str, room: int) -> str:
    """Return a name cut to its room in cells, but not to less than `SHORTEST_NAME`."""
    room = max(room, SHORTEST_NAME)
    return name if cell_len(name) <= room else set_cell_size(name, room - 1).rstrip() + "…"


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


def turn_status(turn: LiveTurn, *, is_on_this_computer: bool) -> list[Content]:
    """Return what a running turn is doing, in several wordings, the longest first.

    Args:
        turn: The turn.
        is_on_this_computer: The service is on this machine, where a slow start means that it loads its model.
    """
    took, style = f"{turn.elapsed_s:.1f} s", "$ink-muted"
    if turn.is_stopping:
        wordings = ["stopping"]
    elif turn.reply is None:
        wordings = [f"saving the prompt · {took}", f"saving · {took}"]
    elif turn.phase is Phase.RETRYING:
        left = 0 if turn.retry_at_s is None else max(0, math.ceil(turn.retry_at_s - time.monotonic()))
        again, style = f"trying again in {left} s", "$ink-warning"
        reasons = [one_line(turn.reason, max_chars=chars) for chars in _REASON_CHARS]
        wordings = [*dict.fromkeys(_joined([reason, again]) for reason in reasons), again]
    elif turn.phase is Phase.STREAMING:
        does, rate = "thinking" if turn.is_thinking else "", f"{turn.tokens_per_s:.0f}"
        wordings = [_joined([does, f"about {rate} tokens/s", took]), _joined([does, f"~{rate}/s", took])]
    else:
        does = _WAITING[turn.phase]
        if turn.phase is Phase.CONNECTING and is_on_this_computer and turn.elapsed_s >= CONNECTED_S:
            does = "waiting for the engine"
        wordings = [f"{does} · {took}", f"{does.partition(' for ')[0]} · {took}"]
    troubles = [""]
    if turn.save_trouble:
        reasons = [
            one_line(turn.save_trouble),
            *(one_line(turn.save_trouble, max_chars=n) for n in _REASON_CHARS),
        ]
        troubles = [*(f" · not saved: {reason}" for reason in dict.fromkeys(reasons)), " · not saved"]
    said = [(words, troubles[0]) for words in wordings] + [(wordings[-1], each) for each in troubles[1:]]
    spinner = _spinner()
    return [Content.assemble(spinner, (words, style), (more, "$ink-error")) for words, more in said]


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
    figures, brief_figures = reply_figures(last), reply_figures(last, is_brief=True)
    if last.status is Status.COMPLETE:
        return _wordings("$ink-muted", figures, brief_figures)
    if last.status is Status.STREAMING:
        return _wordings("$ink-muted", "another window is writing this reply", "another window is replying")
    if typed.strip() and returned is not None:
        if typed == returned.content:
            return _wordings("$ink-warning", f"the prompt is back: {send} tries again", f"{send} tries again")
        does = f"{send} sends it in place of the one that failed"
        return _wordings("$ink-warning", f"the prompt is back: {does}", does, f"{send} sends it instead")
    does = "continues" if is_cut(last) else "asks again"
    hint = "" if has_queue else f"{send} in the empty composer {does}"
    more = "/continue goes on from here" if may_continue(last) and (has_queue or not is_cut(last)) else ""
    brief = "" if has_queue else f"{send} {does}"
    # The key and the figures are the last to go.
    wordings = [(hint, more, figures), (brief, more, figures), (brief, figures), (brief, brief_figures)]
    return _wordings("$ink-muted", *map(_joined, wordings), brief or brief_figures)


def chosen_status(entry: BranchEntry) -> list[Content]:
    """Return who wrote the chosen message, when, and what it took, the longest wording first."""
    return _wordings("$ink-muted", *origin_wordings(entry))


def _wordings(style: str, *texts: str) -> list[Content]:
    """Return texts in one style, each once."""
    return [Content.styled(text, style) for text in dict.fromkeys(texts)]


def closed_status() -> list[Content]:
    """Return what it means that the conversations can't be opened, the longest wording first."""
    means = "nothing is sent or saved"
    return _wordings("$ink-error", f"conversations can't be opened: {means}", means)


def full_status() -> list[Content]:
    """Return what it means that the disk was full at the start, the longest wording first."""
    means = "disk full: nothing is sent or saved"
    return _wordings("$ink-error", f"{means} until there is space", means, "disk full: nothing is sent")


def edit_status(edited: Message | QueuedPrompt, send: str, *, is_replying: bool = False) -> list[Content]:
    """Return what an edited message in the composer is for and what its key does, the longest wording first."""
    if isinstance(edited, QueuedPrompt):
        what, does, brief = "a queued prompt", "keeps the change", "keeps it"
    elif edited.role is Role.ASSISTANT:
        what, does, brief = "a reply", "keeps it as another version", "keeps it"
    else:
        what, does, brief = "an earlier message", "sends it as a new branch", "sends it"
    spinner = _spinner() if is_replying else ""
    said = [
        (f"editing {what}", f"{send} {does}", "Esc cancels"),
        ("editing", f"{send} {does}", "Esc cancels"),
        ("editing", f"{send} {brief}", "Esc cancels"),
        (f"{send} {brief}", "Esc cancels"),
    ]
    return [Content.assemble(spinner, (_joined(each), "$ink-warning")) for each in said]


def _spinner() -> tuple[str, str]:
    return f"{_SPINNER[int(time.monotonic() * 8) % len(_SPINNER)]} ", "$ink-accent"


def place_status(*, is_following: bool, has_new_text: bool, end: str) -> list[Content]:
    """Return what is below the reader, and the key that goes there; the longest wording first."""
    if has_new_text:
        return _wordings("$ink-accent", f"↓ new text below · {end}", f"↓ new text · {end}", f"↓ {end}")
    if not is_following:
        return _wordings("$ink-muted", f"{end} follows the newest text", f"↓ {end}", "")
    return [Content.empty()]

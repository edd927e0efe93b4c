"""Conversations, hits and transcripts for people at a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from gptalk_client.models import Conversation, Message, Role, SearchHit
from gptalk_client.tags import shown_tags
from gptalk_client.text import one_line, visible
from gptalk_client.transcripts.transcript import Transcript, active_branch, ending, speaker
from gptalk_tui.cli import terminal
from gptalk_tui.cli.output import SHORT_ID
from gptalk_tui.cli.terminal import styled

_INDENT = " " * (SHORT_ID + 2)
_HIT_LINES = 2
_MORE = " …"


def shown_time(time_ms: int) -> str:
    """Return a time in the local zone, to the minute."""
    return datetime.fromtimestamp(time_ms / 1000).strftime("%Y-%m-%d %H:%M")


def shown_title(title: str) -> str:
    """Return a title that can be shown and is never empty."""
    return one_line(title) or "Untitled"


def list_lines(conversations: Sequence[Conversation]) -> Iterator[str]:
    """Yield a heading and a line for each conversation, cut to the terminal's width."""
    heading = f"{'ID':<{SHORT_ID}}  {'Changed':<16}  {'Msgs':>4}     Title"
    yield styled(heading, bold=True)
    room = terminal.width() - heading.index("Title")
    for each in conversations:
        pin = styled("*", fg="yellow", bold=True) if each.pinned else " "
        title = _cut(shown_title(each.title), room)
        tags = _cut(shown_tags(each.tags), room - _cells(title) - 2) if each.tags else ""
        yield (
            f"{styled(each.id[:SHORT_ID], fg='cyan')}  {styled(shown_time(each.updated_at_ms), dim=True)}"
            f"  {each.message_count:>4}  {pin}  {title}" + (f"  {styled(tags, dim=True)}" if tags else "")
        )


def hit_lines(hits: Sequence[SearchHit]) -> Iterator[str]:
    """Yield each conversation's title once, and below it the words around each match, which is marked."""
    by_conversation: dict[str, list[SearchHit]] = {}
    for hit in hits:
        by_conversation.setdefault(hit.conversation_id, []).append(hit)
    for some in by_conversation.values():
        of_title = next((each for each in some if each.role == "title"), None)
        title = styled(shown_title(some[0].title), bold=True) if of_title is None else _marked_title(of_title)
        yield f"{styled(some[0].conversation_id[:SHORT_ID], fg='cyan')}  {title}"
        for hit in some:
            if hit is not of_title:
                yield from _snippet_lines(hit)


def _marked_title(hit: SearchHit) -> str:
    return "".join(_mark(text) if is_match else styled(text, bold=True) for text, is_match in _parts(hit))


def _snippet_lines(hit: SearchHit) -> Iterator[str]:
    """Yield a snippet between words, in two lines at most; each match keeps its mark across them."""
    from gptalk_tui.widgets.transcript.wrap import wrap

    parts = list(_parts(hit))
    text = "".join(part for part, _ in parts)
    marked = [is_match for part, is_match in parts for _ in part]
    lead = f"{hit.role:<9}  "
    room = min(terminal.width(), terminal.TEXT_CELLS) - len(_INDENT) - len(lead) - len(_MORE)
    lines = wrap(text, room, room)
    for number, (start, end) in enumerate(lines[:_HIT_LINES]):
        is_cut = number == _HIT_LINES - 1 and len(lines) > _HIT_LINES
        before = styled(lead, dim=True) if not number else " " * len(lead)
        yield _INDENT + before + _with_marks(text, marked, start, end) + (_MORE if is_cut else "")


def _parts(hit: SearchHit) -> Iterator[tuple[str, bool]]:
    """Yield the snippet's stretches on one line, and whether each is a match."""
    at = 0
    for start, end in hit.matches:
        yield _flat(hit.snippet[at:start]), False
        yield _flat(hit.snippet[start:end]), True
        at = end
    yield _flat(hit.snippet[at:]), False


def _flat(text: str) -> str:
    return visible(text, newlines=False).replace("\t", " ")


def _with_marks(text: str, marked: Sequence[bool], start: int, end: int) -> str:
    parts: list[str] = []
    while start < end:
        stop = start
        while stop < end and marked[stop] == marked[start]:
            stop += 1
        parts.append(_mark(text[start:stop]) if marked[start] else text[start:stop])
        start = stop
    return "".join(parts)


def _mark(text: str) -> str:
    return styled(text, fg="yellow", bold=True, underline=True)


def transcript_parts(transcript: Transcript) -> Iterator[str]:
    """Yield the branch that is shown: a heading for each message, and its text as in the app."""
    conversation = transcript.conversation
    about = (
        conversation.id, shown_time(conversation.created_at_ms), one_line(conversation.model),
        one_line(conversation.provider), shown_tags(conversation.tags),
    )  # fmt: skip
    yield styled(shown_title(conversation.title), bold=True, underline=True) + "\n"
    yield styled(" · ".join(each for each in about if each), dim=True) + "\n"
    if conversation.system_prompt:
        yield _headed("System", conversation.system_prompt, is_plain=True)
    for message in active_branch(transcript):
        yield _headed(speaker(message), message.content, is_plain=message.role is not Role.ASSISTANT)
        yield _end_of(message)


def _headed(name: str, text: str, *, is_plain: bool) -> str:
    from gptalk_tui.cli.markdown_lines import markdown, plain

    heading = styled(name, fg="cyan", bold=True)
    return f"\n{heading}\n{(plain if is_plain else markdown)(text.rstrip())}"


def _end_of(message: Message) -> str:
    end = one_line(ending(message), max_chars=500)
    return styled(f"[{end}]", dim=True) + "\n" if end else ""


def _cells(text: str) -> int:
    from rich.cells import cell_len

    return cell_len(text)


def _cut(text: str, room: int) -> str:
    """Return a text that fits, with an ellipsis if it was cut."""
    from rich.cells import set_cell_size

    if room < 2:
        return ""
    return text if _cells(text) <= room else set_cell_size(text, room - 1).rstrip() + "…"

"""What is said about a reply beside its text: how it ended, and who wrote it when."""

from __future__ import annotations

from datetime import datetime

from gptalk_client.models import BranchEntry, Role, Status
from gptalk_client.reply_record import CONTENT_FILTER, LENGTH_LIMIT, ONLY_REASONING
from gptalk_client.text import one_line, visible

CHARS_PER_TOKEN = 4
"""What a token comes to in most texts, for services that do not count."""
_STATUSES = {
    Status.STOPPED: "Stopped.",
    Status.INCOMPLETE: "Incomplete.",
    Status.FAILED: "No reply.",
}


def is_cut(entry: BranchEntry) -> bool:
    """Whether a reply was cut at the length limit in the middle of its text, and can be continued."""
    return entry.status is Status.INCOMPLETE and entry.error == LENGTH_LIMIT and entry.size_chars > 0


def may_continue(entry: BranchEntry) -> bool:
    """Whether a reply broke off, was cut or was stopped after some of its text, and can be continued."""
    is_unfinished = entry.status in (Status.INCOMPLETE, Status.STOPPED)
    return is_unfinished and entry.role is Role.ASSISTANT and entry.size_chars > 0


def ran_out(entry: BranchEntry) -> bool:
    """Whether a reply is over that consists of nothing but reasoning."""
    return entry.status is Status.INCOMPLETE and entry.error == ONLY_REASONING


def how_it_ended(entry: BranchEntry, *, has_text: bool) -> str:
    """Return how a message ended; empty where there is nothing to say.

    Args:
        entry: The message.
        has_text: Whether it has any text.
    """
    is_whole = entry.status is Status.COMPLETE
    if entry.status is Status.STREAMING or (is_whole and entry.role is not Role.ASSISTANT):
        return ""
    if is_whole:
        if not has_text:
            return "The service answered with an empty reply."
        return "The model declined to answer." if entry.finish_reason == "refusal" else ""
    if entry.error in (LENGTH_LIMIT, CONTENT_FILTER, ONLY_REASONING):
        return entry.error  # it says all of it
    return f"{_STATUSES[entry.status]} {visible(entry.error, newlines=False)}".rstrip()


def has_mark(entry: BranchEntry) -> bool:
    """Whether a line above a message says which version it is."""
    return entry.siblings > 1 or entry.edited


def mark_words(entry: BranchEntry, older: str, newer: str) -> str:
    """Return which version of a message is shown, and how to see the others.

    Args:
        entry: The message.
        older: The key that shows the older version; empty if there is none.
        newer: The same for the newer one.
    """
    parts = [f"‹ {entry.sibling}/{entry.siblings} ›"] if entry.siblings > 1 else []
    if entry.edited:
        parts.append("edited")
    if entry.siblings > 1:
        if older and entry.sibling > 1:
            parts.append(f"{older} older")
        if newer and entry.sibling < entry.siblings:
            parts.append(f"{newer} newer")
    return "  ".join(parts)


def thought_words(seconds: int | None, *, is_growing: bool) -> str:
    """Return how long the reasoning took, or takes so far."""
    if seconds is None:
        return "Thinking" if is_growing else "Thoughts"
    took = f"{seconds // 60} min {seconds % 60} s" if seconds >= 60 else f"{seconds} s"
    if is_growing:
        return f"Thinking for {took}"
    return f"Thought for {took}" if seconds else "Thought for less than a second"


def count_words(entry: BranchEntry, about: str = "about ") -> str:
    """Return how many tokens a reply has, by the service's own count or about; empty where there are none."""
    tokens, is_counted = tokens_of(entry)
    if not tokens:
        return ""
    return f"{'' if is_counted else about}{tokens:,} token{'' if tokens == 1 else 's'}"


def details_words(entry: BranchEntry) -> str:
    """Return a reply's model, its length, how fast it came and how long it took; empty for other messages."""
    if entry.role is not Role.ASSISTANT or entry.status is Status.STREAMING:
        return ""
    return " · ".join(part for part in (one_line(entry.model), reply_figures(entry)) if part)


def reply_figures(entry: BranchEntry, *, is_brief: bool = False) -> str:
    """Return how long a reply is, how fast it came and how long it took; empty where that is not known."""
    words, took = count_words(entry, "~" if is_brief else "about "), duration_s(entry)
    if not words or took is None:
        return ""
    rate = f"{tokens_of(entry)[0] / took:.0f}/s" if took >= 0.1 else ""
    return " · ".join(part for part in (words, rate, f"{took:.1f} s") if part)


def tokens_of(entry: BranchEntry) -> tuple[int, bool]:
    """Return how many tokens a reply has, and whether the service counted them."""
    if entry.usage is not None and entry.usage.completion_tokens is not None:
        return entry.usage.completion_tokens, True
    return -(-(entry.size_chars + entry.reasoning_chars) // CHARS_PER_TOKEN), False


def duration_s(entry: BranchEntry) -> float | None:
    """Return how long a reply took, in seconds; None if that was not recorded."""
    return None if entry.duration_ms is None else entry.duration_ms / 1000


def time_words(at_ms: int) -> str:
    """Return a moment in local time."""
    return f"{datetime.fromtimestamp(at_ms / 1000).astimezone():%Y-%m-%d %H:%M}"


def origin_wordings(entry: BranchEntry) -> list[str]:
    """Return who wrote a message, when, how long that took and how long it is, the longest wording first."""
    written = time_words(entry.created_at_ms) if entry.created_at_ms else ""
    if entry.role is not Role.ASSISTANT:
        return [written]
    provider, model, took, about, brief = one_line(entry.provider), one_line(entry.model), "", "", ""
    if entry.status is not Status.STREAMING:
        seconds = duration_s(entry)
        took = f"{seconds:.1f} s" if seconds is not None else ""
        about, brief = count_words(entry), count_words(entry, "~")
    wordings = [
        (provider, model, written, took, about),
        (model, written, took, about),
        (model, took, about),
        (model, took, brief),
        (took, brief),
    ]
    return [" · ".join(filter(None, each)) for each in wordings]

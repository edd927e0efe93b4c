"""Long parts of a prompt that are shown as one line: files that it named, and pasted text.

Found in the text itself, as it is stored and sent: the blocks that `@path` added name their file, and a text as
long as a paste that the composer folds is folded too. It is called pasted only where that is known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from gptalk_client.records import Record

FOLD_FROM_CHARS = 2_000
FOLD_FROM_LINES = 20
"""Text longer than either of these is folded."""

OWN_LINES, OWN_CHARS = 4, 300
"""A paragraph at the edge of a long text up to this size is the person's own."""

_FILE = re.compile(r"^(`{3,})[a-zA-Z0-9]+ (\S.*)\n((?:.*\n)*?)\1$\n?", re.MULTILINE)


class Chip(Record, frozen=True):
    """A part of a prompt that is shown as one line."""

    start: int
    end: int
    """One past its last character."""
    label: str


def is_long(text: str) -> bool:
    """Return whether a text is folded."""
    return len(text) > FOLD_FROM_CHARS or text.count("\n") >= FOLD_FROM_LINES


def size_title(size_bytes: int) -> str:
    """Return a size for people: `340 characters`, `12 kB`, `1.0 MB`."""
    if size_bytes < 1_000:
        return f"{size_bytes} characters"
    return f"{size_bytes / 1_000_000:.1f} MB" if size_bytes >= 950_000 else f"{size_bytes / 1_000:.0f} kB"


def find_chips(text: str, pastes: Sequence[str] = ()) -> list[Chip]:
    """Return the parts of a prompt to show as one line, in order.

    Args:
        text: The prompt, as it was sent.
        pastes: Texts that are known to be pasted, which are found exactly.
    """
    if not is_long(text) and "```" not in text:
        return []
    chips: list[Chip] = []
    position = 0
    for file in _FILE.finditer(text):
        chips += _pastes(text, position, file.start(), pastes)
        start = file.start()
        if chips and not text[chips[-1].end : start].strip():
            start = chips[-1].end  # no blank lines between two of them
        chips.append(Chip(start, file.end(), f"[{file[2]} · {size_title(len(file[3].encode()))}]"))
        position = file.end()
    return chips + list(_pastes(text, position, len(text), pastes))


def _pastes(text: str, start: int, end: int, known: Sequence[str]) -> Iterator[Chip]:
    """Yield the pasted parts of a stretch without files."""
    if not is_long(text[start:end]):
        return
    for paste in known:
        at = text.find(paste, start, end) if is_long(paste) else -1
        if at >= 0:
            yield from _pastes(text, start, at, known)
            yield _chip(text, at, at + len(paste), "pasted text")
            yield from _pastes(text, at + len(paste), end, known)
            return
    low, high = _without_own_words(text[start:end])
    yield _chip(text, start + low, start + high, "long text")


def _without_own_words(text: str) -> tuple[int, int]:
    """Return where a long text begins and ends without the short paragraphs around it."""
    head, gap, _ = text.partition("\n\n")
    low = len(head + gap) if gap and _is_own(head) else 0
    if not low:
        line, gap, _ = text.partition("\n")
        low = len(line + gap) if gap and _is_own(line) and line.rstrip().endswith((":", "?")) else 0
    rest, gap, tail = text.rstrip().rpartition("\n\n")
    high = len(rest) if gap and _is_own(tail) else len(text)
    if not is_long(text[low:high]):
        return 0, len(text)
    return low, high


def _is_own(text: str) -> bool:
    return len(text) <= OWN_CHARS and text.count("\n") < OWN_LINES


def _chip(text: str, start: int, end: int, what: str) -> Chip:
    pasted = text[start:end].strip("\n")
    lines = pasted.count("\n") + 1
    size = f"{lines:,} lines" if lines > 1 else size_title(len(pasted.encode()))
    if text[end : end + 1] == "\n":
        end += 1
    return Chip(start, end, f"[{what} · {size}]")

"""Splits a message into pieces while it streams: a frozen piece is never parsed or rendered again.

Pieces depend on the text alone, not on how it was chunked in transit. A piece ends with a top-level block, at
each item of a top-level list, and where a code block, a table or a paragraph exceeds a limit; its context says
how to continue. Knows no widget and no Markdown parser.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias
from unicodedata import category

from gptalk_client.text import visible
from gptalk_tui.markdown.pieces import NO_REFERENCES, Container, Context, Fence, Piece, PieceKind
from gptalk_tui.markdown.scanner import Open, Scanner, Step

PIECE_CHARS = 4096
"""Where to cut a block, or a line, that has no better place to cut."""
NESTED_CHARS = 2048
"""Length from which a piece ends before the next block in a list item or a quote."""
FENCE_LINES = 24
TABLE_ROWS = 40
MAX_REFERENCES = 500

_Blank: TypeAlias = Literal["always", "if_blank", "never"]


@dataclass(slots=True)
class _Next:
    """The piece being collected."""

    start: int = 0
    context: Context = field(default_factory=Context)
    blank: _Blank = "never"
    joins: bool = False
    lines: list[str] = field(default_factory=list)
    chars: int = 0
    leading_blank: bool = False
    has_content: bool = False
    is_deep: bool = False
    closes_fence: bool = False


class Splitter:
    """Turns streamed text into pieces.

    Attributes:
        pieces: The frozen pieces, oldest first. Only ever appended to.
    """

    def __init__(self, text: str = "") -> None:
        self.pieces: list[Piece] = []
        self._scanner = Scanner()
        self._next = _Next()
        self._pending: deque[str] = deque()
        self._pending_chars = 0
        self._partial: list[str] = []
        self._partial_chars = 0
        self._in_giant = False
        self._blank_seen = False
        self._after_code = False
        """Whether the last line that is not blank ended a fenced code block."""
        self._block_lines = 0
        self._fence_ident = 0
        self._lead: list[str] = []
        self._basis: list[str] = []
        self._basis_text = ""
        self._header = ""
        self._references = NO_REFERENCES
        self._line_start = 0
        self._finished = False
        if text:
            self.feed(text)

    @property
    def pending_chars(self) -> int:
        """Characters pushed but not split yet."""
        return self._pending_chars

    @property
    def tail(self) -> Piece | None:
        """The unfinished rest as a piece; None if it is blank."""
        upcoming = self._next
        partial = "".join(self._partial)
        if not upcoming.has_content and not partial.strip():
            return None
        if not partial:
            return self._make()
        return self._make(partial)

    def feed(self, text: str) -> None:
        """Append text and split all of it."""
        self.push(text)
        self.step()

    def push(self, text: str) -> None:
        """Append text to be split by `step`."""
        if text:
            # `visible` turns Unicode's line separators into newlines too.
            text = text.replace("\u2028", "\n").replace("\u2029", "\n")
            self._pending.append(text)
            self._pending_chars += len(text)

    def step(self, max_chars: int | None = None) -> bool:
        """Split pushed text.

        Args:
            max_chars: Roughly the most characters to split; None for all.

        Returns:
            Whether more is pending.
        """
        budget = self._pending_chars if max_chars is None else max_chars
        while self._pending and budget > 0:
            text = self._pending.popleft()
            if len(text) > budget:
                self._pending.appendleft(text[budget:])
                text = text[:budget]
            budget -= len(text)
            self._pending_chars -= len(text)
            self._take(text)
        self._peek()
        return bool(self._pending)

    def finish(self) -> None:
        """Mark the text as complete: the rest becomes the last piece."""
        self.step()
        if self._finished:
            return
        self._finished = True
        if self._partial:
            self._end_line("")
        if self._next.has_content:
            self._cut(Context(), "never")

    def _take(self, text: str) -> None:
        position = 0
        while True:
            end = text.find("\n", position)
            if end < 0:
                break
            self._append(text[position:end])
            self._end_line("\n")
            position = end + 1
        self._append(text[position:] if position else text)

    def _append(self, text: str) -> None:
        """Extend the unfinished line, cutting it if it is too long to wait for its end."""
        while self._partial_chars + len(text) >= PIECE_CHARS:
            room = PIECE_CHARS - self._partial_chars
            head = "".join((*self._partial, text[:room]))
            text = text[room:]
            cut = cut_place(head)
            self._giant(head[:cut])
            self._partial = [head[cut:]]
            self._partial_chars = len(head) - cut
        if text:
            self._partial.append(text)
            self._partial_chars += len(text)

    def _end_line(self, end: str) -> None:
        line = "".join(self._partial) + end
        self._partial = []
        self._partial_chars = 0
        if self._in_giant:
            self._in_giant = False
            self._add(line, not line.strip())
            self._cut(self._giant_context("blocks"), "if_blank")
        else:
            self._line(line)

    def _giant(self, head: str) -> None:
        """Add the first or a further part of a line that is longer than a piece."""
        if not self._in_giant:
            self._line(head)
            self._in_giant = True
        else:
            self._add(head, False)
        self._scanner.end_leaf()
        self._cut(self._giant_context("text"), "never", joins=True)

    def _giant_context(self, kind: PieceKind) -> Context:
        if self._scanner.leaf in ("fence", "indented"):
            return self._fence_context()
        return Context(kind, self._containers(len(self._scanner.containers)))

    def _line(self, line: str) -> None:
        """Read one line, and freeze what ends before or with it."""
        scanner = self._scanner
        depth_before, leaf_before = len(scanner.containers), scanner.leaf
        fence_before = (scanner.info, scanner.indent)
        blank_seen = self._blank_seen
        step = scanner.line(visible(line.rstrip("\r\n")))
        self._blank_seen = step.blank
        self._after_code = self._after_code or leaf_before == "fence"
        self._cut_before(step, leaf_before, depth_before, fence_before, blank_seen, len(line))
        self._after_code = self._after_code if step.blank else step.closes_leaf and leaf_before == "fence"
        if step.definition is not None:
            self._define(*step.definition)
        self._track(step, line)
        self._add(line, step.blank)
        self._next.closes_fence = step.closes_leaf and leaf_before == "fence"
        if scanner.too_deep:
            self._next.is_deep = True
            scanner.too_deep = False
        if scanner.at_top and self._next.has_content:
            self._cut(Context(), "always")
        elif step.closes_leaf and self._next.context.kind in ("fence", "html"):
            gap = "always" if leaf_before == "fence" else self._gap_below()
            self._cut(Context("blocks", self._containers(len(scanner.containers))), gap)

    def _cut_before(
        self,
        step: Step,
        leaf: str,
        depth: int,
        fence: tuple[str, int],
        blank_seen: bool,
        size: int,
    ) -> None:
        upcoming = self._next
        if not upcoming.has_content:
            if step.blank and upcoming.chars > PIECE_CHARS:
                self._cut(upcoming.context, upcoming.blank)
            elif not step.blank and step.sibling and step.matched == 0:
                self._renumber(step)
            return
        if step.starts:
            self._cut_before_block(step, blank_seen, size)
        elif step.table and upcoming.context.kind == "text" and len(upcoming.lines) > 1:
            header = self._take_back()
            self._cut(Context("blocks", self._containers(step.matched)), "always")
            self._add(header, False)
        elif leaf in ("fence", "indented") and not step.closes_leaf:
            is_long = self._block_lines >= FENCE_LINES and not (leaf == "indented" and step.blank)
            if is_long or upcoming.chars + size > PIECE_CHARS:
                self._cut_verbatim(self._fence_context(fence), leaf == "indented")
                self._block_lines = 0
        elif leaf == "table" and self._scanner.leaf == "table":
            if self._block_lines >= TABLE_ROWS or upcoming.chars + size > PIECE_CHARS:
                basis = self._basis_text = self._basis_text or "".join(self._basis)
                self._cut(Context("table", self._containers(step.matched), basis=basis), "never")
                self._block_lines = 0
        elif upcoming.chars + size > PIECE_CHARS and not step.closes_leaf:
            containers = self._containers(depth)
            if leaf == "html":
                self._cut_verbatim(Context("html", containers), True)
            elif leaf:
                self._cut(Context("text", containers), "never")
            elif step.blank and upcoming.chars > PIECE_CHARS:
                self._cut(Context("blocks", containers), "never" if not containers else "if_blank")

    def _cut_verbatim(self, context: Context, moves_blanks: bool) -> None:
        """Cut inside a block that is shown line by line.

        Trailing blank lines belong to indented code or HTML only if more of it follows, as it does here, so
        they start the next piece.
        """
        blank: list[str] = []
        while moves_blanks and len(self._next.lines) > 1 and not self._next.lines[-1].strip():
            blank.append(self._take_back())
        self._cut(context, "never")
        for line in reversed(blank):
            self._add(line, True)

    def _take_back(self) -> str:
        line = self._next.lines.pop()
        self._next.chars -= len(line)
        self._line_start -= len(line)
        return line

    def _cut_before_block(self, step: Step, blank_seen: bool, size: int) -> None:
        upcoming = self._next
        if step.matched == 0:
            is_apart = blank_seen or self._after_code or not step.sibling
            blank: _Blank = "always" if is_apart else "never"
            self._cut(Context(number=self._number(step)), blank)
        elif upcoming.context.kind != "blocks" or upcoming.chars + size > NESTED_CHARS:
            containers = self._containers(step.matched)
            in_item = step.sibling or containers[-1].kind == "item"
            blank = "always" if blank_seen or self._after_code or not in_item else "never"
            self._cut(Context("blocks", containers, self._number(step)), blank)

    def _renumber(self, step: Step) -> None:
        self._next.context = replace(self._next.context, number=self._number(step))

    def _number(self, step: Step) -> int | None:
        if not step.sibling:
            return None
        container = self._scanner.containers[step.matched]
        return container.number if container.marker in ".)" else None

    def _gap_below(self) -> _Blank:
        containers = self._scanner.containers
        return "if_blank" if containers and containers[-1].kind == "item" else "always"

    def _track(self, step: Step, line: str) -> None:
        """Count the lines of the open block, and keep what a piece that continues it needs."""
        leaf = self._scanner.leaf
        if leaf in ("fence", "indented"):
            if step.starts:
                self._fence_ident = self._line_start
                self._block_lines = 0
                self._lead = []
                if leaf == "indented":
                    self._lead.append(step.content[4:] + "\n")
            else:
                self._block_lines += 1
                self._lead.append(_dedent(step.content, self._scanner.indent) + "\n")
        elif leaf == "table":
            if step.table:
                self._basis = [self._header + "\n", step.content + "\n"]
                self._basis_text = ""
                self._block_lines = 0
            else:
                self._block_lines += 1
                if len(self._basis) < TABLE_ROWS + 2:
                    self._basis.append(step.content + "\n")
        self._header = step.content

    def _define(self, label: str, address: str) -> None:
        label = " ".join(label.split()).lower().upper()
        if label not in self._references and len(self._references) < MAX_REFERENCES:
            self._references = {**self._references, label: address.strip("<>")}

    def _containers(self, depth: int) -> tuple[Container, ...]:
        return tuple(map(_frozen, self._scanner.containers[:depth]))

    def _fence_context(self, fence: tuple[str, int] | None = None) -> Context:
        info, indent = fence or (self._scanner.info, self._scanner.indent)
        lead = "".join(self._lead[-FENCE_LINES:])[-PIECE_CHARS:]
        containers = self._containers(len(self._scanner.containers))
        return Context("fence", containers, fence=Fence(self._fence_ident, info, indent, lead))

    def _add(self, line: str, blank: bool) -> None:
        upcoming = self._next
        if blank and not upcoming.has_content:
            upcoming.leading_blank = True
            # Blank lines are content when a block continues, and nothing before a new one.
            upcoming.has_content = upcoming.context.kind in ("fence", "html")
        else:
            upcoming.has_content = True
        upcoming.lines.append(line)
        upcoming.chars += len(line)
        self._line_start += len(line)

    def _make(self, partial: str = "") -> Piece:
        upcoming = self._next
        context = upcoming.context
        if self._references is not context.references:
            context = replace(context, references=self._references)
        if upcoming.is_deep:
            context = replace(context, kind="plain")
        return Piece(
            "".join(upcoming.lines) + partial,
            upcoming.start,
            context,
            upcoming.blank == "always" or (upcoming.blank == "if_blank" and upcoming.leading_blank),
            upcoming.joins,
            upcoming.closes_fence,
        )

    def _cut(self, context: Context, blank: _Blank, *, joins: bool = False) -> None:
        """Freeze the collected lines; the next piece starts with `context`."""
        piece = self._make()
        self.pieces.append(piece)
        self._next = _Next(piece.start + len(piece.source), context, blank, joins)

    def _peek(self) -> None:
        """Freeze a list's last item as soon as the next line's first letter shows that the list is over.

        Applies only if the whole line would decide the same, so the pieces do not change.
        """
        scanner = self._scanner
        if (
            self._partial
            and not scanner.leaf
            and scanner.containers
            and self._next.has_content
            and not self._in_giant
            and self._partial[0][0].isalpha()
        ):
            self._cut(Context(), "always")


def split(text: str) -> list[Piece]:
    """Return the pieces of a whole message."""
    splitter = Splitter(text)
    splitter.finish()
    return splitter.pieces


def _frozen(container: Open) -> Container:
    columns = container.columns if container.kind == "item" else 0
    return Container(container.kind, columns, container.cells)


def _dedent(line: str, columns: int) -> str:
    spaces = len(line) - len(line.lstrip(" "))
    return line[min(spaces, columns) :]


def cut_place(head: str) -> int:
    """Return where to cut a long line: after the last space in its second half, else between graphemes."""
    space = head.rfind(" ", len(head) // 2, len(head) - 1)
    if space >= 0:
        return space + 1
    place = len(head) - 1
    for _ in range(64):
        if _may_cut(head, place):
            return place
        place -= 1
    return len(head) - 1


def _may_cut(head: str, place: int) -> bool:
    """Whether a grapheme may start at a place: emoji, flags and combining marks stay whole."""
    before, behind = head[place - 1], head[place]
    if before == "\u200d" or behind == "\u200d":
        return False
    if category(behind) in ("Mn", "Me", "Mc", "Cf") or "\U0001f3fb" <= behind <= "\U0001f3ff":
        return False
    if not _is_flag_half(behind):
        return True
    halves = 0
    while halves < place and _is_flag_half(head[place - 1 - halves]):
        halves += 1
    return halves % 2 == 0


def _is_flag_half(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"

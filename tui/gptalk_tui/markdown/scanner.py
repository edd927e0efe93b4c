"""The block structure of Markdown, read line by line: which containers and which leaf are open.

Source: CommonMark 0.31, appendix "A parsing strategy", phase 1, and GitHub's tables. There is no inline
structure and no tree, because the splitter only needs to know where a text can be cut.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from gptalk_client.formulas import math_closer

Leaf: TypeAlias = Literal["", "paragraph", "fence", "indented", "html", "math", "table"]

MAX_DEPTH = 12
"""Maximum nesting of containers; anything deeper counts as text."""

_HTML_NAMES = (
    "address|article|aside|base|basefont|blockquote|body|caption|center|col|colgroup|dd|details|dialog|dir|div|dl"
    "|dt|fieldset|figcaption|figure|footer|form|frame|frameset|h[1-6]|head|header|hr|html|iframe|legend|li|link"
    "|main|menu|menuitem|nav|noframes|ol|optgroup|option|p|param|search|section|summary|table|tbody|td|tfoot|th"
    "|thead|title|tr|track|ul"
)
_ATTRIBUTE = r"""(?:\s+[a-zA-Z_:][a-zA-Z0-9:._-]*(?:\s*=\s*(?:[^"'=<>`\x00-\x20]+|'[^']*'|"[^"]*"))?)"""
_HTML_STARTS: list[tuple[re.Pattern[str], re.Pattern[str] | None]] = [
    (
        re.compile(r"<(?:script|pre|style|textarea)(?=\s|>|$)", re.I),
        re.compile(r"</(?:script|pre|style|textarea)>", re.I),
    ),
    (re.compile(r"<!--"), re.compile(r"-->")),
    (re.compile(r"<\?"), re.compile(r"\?>")),
    (re.compile(r"<![A-Z]"), re.compile(r">")),
    (re.compile(r"<!\[CDATA\["), re.compile(r"\]\]>")),
    (re.compile(rf"</?(?:{_HTML_NAMES})(?=\s|/?>|$)", re.I), None),
    (re.compile(rf"(?:<[A-Za-z][A-Za-z0-9-]*{_ATTRIBUTE}*\s*/?>|</[A-Za-z][A-Za-z0-9-]*\s*>)\s*$"), None),
]
_FENCE = re.compile(r"(`{3,})([^`]*)$|(~{3,})(.*)$")
_HEADING = re.compile(r"#{1,6}(?:[ \t]|$)")
_RULE = re.compile(r"(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})$")
_SETEXT = re.compile(r"(?:=+|-+)[ \t]*$")
_BULLET = re.compile(r"([-+*])(?=[ \t]|$)")
_NUMBER = re.compile(r"(\d{1,9})([.)])(?=[ \t]|$)")
_DELIMITER_ROW = re.compile(r"[-:|][-:|][-:| \t]*$|[|:][ \t][-:| \t]*$")
_DELIMITER_CELL = re.compile(r":?-+:?$")
_DEFINITION = re.compile(
    r" {0,3}\[((?:[^\[\]\\]|\\.){1,200})\]:[ \t]*(<[^<>]*>|[^\s<]\S*)"
    r"""(?:[ \t]+(?:"[^"]*"|'[^']*'|\([^()]*\)))?[ \t]*$"""
)
_NEVER = 1 << 30
_STARTERS = frozenset("#>`~-+*_=<$\\|:0123456789")


@dataclass(slots=True)
class Open:
    """An open container."""

    kind: Literal["quote", "item"]
    columns: int = 0
    marker: str = ""
    """A bullet, or the delimiter after a number: items with the same one belong to one list."""
    number: int = 0
    """The number to show, counted from the list's first one."""
    cells: int = 2
    is_empty: bool = False
    """Whether nothing follows the item's marker so far."""


@dataclass(slots=True)
class Step:
    """The effect of one line."""

    blank: bool = False
    matched: int = 0
    """How many open containers continue."""
    starts: bool = False
    """Whether a block starts here, at depth `matched`."""
    sibling: bool = False
    """Whether that block is another item of the list open at this depth."""
    table: bool = False
    """Whether the line is a delimiter row: the line before it is a table's header."""
    closes_leaf: bool = False
    """Whether the line itself ends its leaf: a closing fence, a heading, a rule."""
    underlines: bool = False
    """Whether the line makes the paragraph before it a heading."""
    content: str = ""
    """The line without its containers' prefixes, with tabs expanded."""
    definition: tuple[str, str] | None = None
    """Label and address if the line is a link definition."""


@dataclass(slots=True)
class Scanner:
    """The blocks left open by the lines read so far."""

    containers: list[Open] = field(default_factory=list)
    leaf: Leaf = ""
    info: str = ""
    """The open fence's info string."""
    indent: int = 0
    """Columns of indentation to remove from the open code block's lines."""
    too_deep: bool = False
    """Whether a line was nested deeper than `MAX_DEPTH`. The caller resets it."""
    _fence: str = ""
    _ending: re.Pattern[str] | None = None
    _math_end: str = ""
    _previous: str = ""
    _only_definitions: bool = False

    @property
    def at_top(self) -> bool:
        """Whether nothing is open."""
        return not self.leaf and not self.containers

    def line(self, text: str) -> Step:
        """Read one line, given without its newline."""
        if "\t" in text:
            text = text.expandtabs(4)
        position, matched = self._match(text)
        rest = text[position:]
        step = Step(matched=matched, content=rest)
        if matched == len(self.containers) and self._continue_verbatim(rest, step):
            return step
        if not rest.strip():
            self._blank(step)
            return step
        self._begin(rest, step)
        return step

    def end_leaf(self) -> None:
        """Close the open paragraph, table or HTML block, as after a line too long to read whole."""
        if self.leaf not in ("fence", "indented"):
            self.leaf = ""

    def _match(self, text: str) -> tuple[int, int]:
        """Return the position after the prefixes of the containers that continue, and their number."""
        position = 0
        for index, container in enumerate(self.containers):
            stripped = text[position:].lstrip(" ")
            indent = len(text) - position - len(stripped)
            if container.kind == "quote":
                if indent > 3 or not stripped.startswith(">"):
                    return position, index
                position += indent + 1
                if text[position : position + 1] == " ":
                    position += 1
            elif not stripped:
                if container.is_empty:
                    # An item may start with one blank line; what follows ends it, but not its list.
                    container.is_empty = False
                    container.columns = _NEVER
                position = min(len(text), position + container.columns)
            elif indent >= container.columns:
                position += container.columns
            else:
                return position, index
        return position, len(self.containers)

    def _continue_verbatim(self, rest: str, step: Step) -> bool:
        """Add the line to an open code, HTML or formula block; return whether there was one."""
        leaf = self.leaf
        if leaf == "fence":
            stripped = rest.strip()
            if (
                stripped.startswith(self._fence)
                and not stripped.strip(self._fence[0])
                and len(rest) - len(rest.lstrip(" ")) < 4
            ):
                self.leaf = ""
                step.closes_leaf = True
            step.blank = not stripped
            return True
        if leaf == "html":
            if self._ending is None:
                if not rest.strip():
                    return False
            elif self._ending.search(rest):
                self.leaf = ""
                step.closes_leaf = True
            return True
        if leaf == "math":
            stripped = rest.strip()
            if not stripped:
                return False
            if stripped.endswith(self._math_end):
                self.leaf = ""
                step.closes_leaf = True
            return True
        if leaf == "indented":
            if not rest.strip():
                step.blank = True
                return True
            if rest.startswith("    "):
                return True
            self.leaf = ""
        return False

    def _blank(self, step: Step) -> None:
        step.blank = True
        del self.containers[step.matched :]
        self.leaf = ""

    def _begin(self, rest: str, step: Step) -> None:
        """Read a line that is not blank: close blocks that do not continue, and open new ones."""
        lazy = self.leaf == "paragraph"
        open_now = self.containers[: step.matched]
        opened = False
        while True:
            stripped = rest.lstrip(" ")
            indent = len(rest) - len(stripped)
            step_leaf = self._leaf_of(stripped, indent, lazy, opened, step)
            if step_leaf is not None:
                break
            interrupts = lazy and not opened and step.matched == len(self.containers)
            container = self._container_of(stripped, indent, interrupts)
            if container is None:
                step_leaf = "paragraph"
                break
            if len(open_now) >= MAX_DEPTH:
                self.too_deep = True
                step_leaf = "paragraph"
                break
            if not opened and len(self.containers) > step.matched:
                self._count_on(self.containers[step.matched], container, step)
            opened = True
            open_now.append(container)
            rest = rest[container.columns :] if container.kind == "item" else _after_quote(stripped)
            if not rest.strip():
                container.is_empty = container.kind == "item"
                step_leaf = ""
                break
        self._commit(step_leaf, open_now, opened, lazy, rest, step)

    def _commit(
        self, leaf: Leaf, open_now: list[Open], opened: bool, lazy: bool, rest: str, step: Step
    ) -> None:
        """Store the containers and the leaf that the line leaves open."""
        content = rest.strip()
        for container in self.containers[: step.matched]:
            container.is_empty = False
        if leaf == "paragraph" and lazy and not opened:
            self._only_definitions = self._only_definitions and self._define(rest, step)
        elif leaf == "table":
            step.table = self.leaf != "table"
        elif not step.underlines:
            step.starts = True
            self.containers = open_now
            self._only_definitions = leaf == "paragraph" and self._define(rest, step)
        self.leaf = "" if step.closes_leaf else leaf
        is_lazy = leaf == "paragraph" and lazy and not opened and step.matched < len(self.containers)
        self._previous = "" if is_lazy else content

    def _define(self, rest: str, step: Step) -> bool:
        found = _DEFINITION.match(rest)
        if found is None:
            return False
        step.definition = (found[1], found[2])
        return True

    def _leaf_of(self, stripped: str, indent: int, lazy: bool, opened: bool, step: Step) -> Leaf | None:
        """Return the leaf that the text starts or continues; None if it may be a container or a paragraph."""
        if indent >= 4:
            if lazy and not opened:
                return "paragraph"
            self.indent, self.info = 4, ""
            return "indented"
        first = stripped[0]
        in_place = not opened and step.matched == len(self.containers)
        if self.leaf == "table" and in_place and not _interrupts_table(stripped):
            return "table"
        if first not in _STARTERS:
            return None
        if first in "|:-" and lazy and in_place and self._is_delimiter_row(stripped):
            return "table"
        if first in "`~" and (fence := _FENCE.match(stripped)):
            self._fence = fence[1] or fence[3]
            self.info = (fence[2] or fence[4] or "").strip()
            self.indent = indent
            return "fence"
        if first in "=-" and lazy and in_place and _SETEXT.match(stripped):
            step.closes_leaf = step.underlines = True
            return ""
        if (first == "#" and _HEADING.match(stripped)) or (first in "*-_" and _RULE.match(stripped)):
            step.closes_leaf = True
            return ""
        if first == "<":
            return self._html(stripped, lazy and not opened, step)
        if first in "$\\":
            return self._math(stripped, step)
        return None

    def _html(self, stripped: str, interrupts: bool, step: Step) -> Leaf | None:
        for index, (start, ending) in enumerate(_HTML_STARTS):
            if index == 6 and interrupts:
                break
            if start.match(stripped):
                self._ending = ending
                step.closes_leaf = ending is not None and ending.search(stripped) is not None
                return "html"
        return None

    def _math(self, stripped: str, step: Step) -> Leaf | None:
        closer = math_closer(stripped)
        if not closer:
            return None
        self._math_end = closer
        step.closes_leaf = closer in stripped[2:]
        return "math"

    def _is_delimiter_row(self, stripped: str) -> bool:
        if not _DELIMITER_ROW.match(stripped) or "|" not in self._previous:
            return False
        cells = [cell.strip() for cell in stripped.split("|")]
        inner = [cell for index, cell in enumerate(cells) if cell or index not in (0, len(cells) - 1)]
        if not inner or not all(_DELIMITER_CELL.match(cell) for cell in inner):
            return False
        header = re.sub(r"\\\|", "", self._previous).split("|")
        if not header[0]:
            header.pop(0)
        if header and not header[-1]:
            header.pop()
        return len(header) == len(inner)

    def _container_of(self, stripped: str, indent: int, interrupts: bool) -> Open | None:
        """Return the quote or item that the text opens; fewer items may interrupt a paragraph."""
        if stripped[0] == ">":
            return Open("quote")
        marker, number, cells = "", 1, 2
        if found := _BULLET.match(stripped):
            marker = found[1]
        elif found := _NUMBER.match(stripped):
            marker, number = found[2], int(found[1])
            cells = len(str(number)) + 2
        else:
            return None
        behind = stripped[found.end() :]
        content = behind.lstrip(" ")
        if interrupts and (not content or number != 1):
            return None
        gap = len(behind) - len(content)
        if not content or gap > 4:
            gap = 1
        return Open("item", indent + found.end() + gap, marker, number, cells)

    def _count_on(self, before: Open, container: Open, step: Step) -> None:
        if before.kind == container.kind == "item" and before.marker == container.marker:
            step.sibling = True
            if container.marker in ".)":
                container.number = before.number + 1
                container.cells = len(str(container.number)) + 2


def _interrupts_table(stripped: str) -> bool:
    """Whether a line ends a table: it starts a block that may interrupt a paragraph."""
    first = stripped[0]
    if first not in _STARTERS:
        return False
    return bool(
        first == ">"
        or _FENCE.match(stripped)
        or _HEADING.match(stripped)
        or _RULE.match(stripped)
        or _BULLET.match(stripped)
        or _NUMBER.match(stripped)
        or (first == "<" and any(start.match(stripped) for start, _ in _HTML_STARTS[:6]))
        or math_closer(stripped)
    )


def _after_quote(stripped: str) -> str:
    return stripped[2:] if stripped[1:2] == " " else stripped[1:]

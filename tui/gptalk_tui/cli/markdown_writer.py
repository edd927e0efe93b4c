"""A reply on a terminal as it grows: block by block, and a glimpse of the one being written."""

from __future__ import annotations

import importlib
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from gptalk_client.text import visible
from gptalk_tui.cli import terminal
from gptalk_tui.cli.output import write

if TYPE_CHECKING:
    from gptalk_tui.markdown.splitter import Splitter

_GLIMPSE_S = 0.05
"""How often at most the glimpse changes, in seconds."""
_CLEAR = "\r\x1b[K"


class MarkdownWriter:
    """Writes rendered Markdown; has the interface of `ReplyWriter`.

    What is written is never taken back, but for the one line of the glimpse.

    Args:
        to: Writes a text; by default to standard output.
    """

    def __init__(self, *, to: Callable[[str], None] = write) -> None:
        self._to = to
        self._splitter: Splitter | None = None
        self._written = 0
        self._has_glimpse = False
        self._glimpsed_s = 0.0
        # Loaded while the reply is waited for.
        threading.Thread(
            target=importlib.import_module, args=("gptalk_tui.cli.markdown_lines",), daemon=True
        ).start()

    def add(self, text: str) -> None:
        """Write the blocks that this completes."""
        if self._splitter is None:
            from gptalk_tui.markdown.splitter import Splitter

            self._splitter, self._written = Splitter(), 0
        self._splitter.feed(text)
        is_new = self._write_new(self._splitter)
        self._glimpse(self._splitter, is_due=is_new)

    def hide(self) -> None:
        """Take the glimpse away, so that something else can be written."""
        if self._has_glimpse:
            self._to(_CLEAR)
            self._has_glimpse = False

    def end(self) -> None:
        """Write what is left."""
        if (splitter := self._splitter) is not None:
            self._splitter = None
            splitter.finish()
            self._write_new(splitter)
        self.hide()

    def _write_new(self, splitter: Splitter) -> bool:
        new = splitter.pieces[self._written :]
        if not new:
            return False
        from gptalk_tui.cli.markdown_lines import markdown_piece

        self._written += len(new)
        painted = "".join(map(markdown_piece, new))
        # In one go with the line that it replaces, so that nothing flickers.
        self._to((_CLEAR if self._has_glimpse else "") + painted)
        self._has_glimpse = False
        return True

    def _glimpse(self, splitter: Splitter, *, is_due: bool) -> None:
        now = time.monotonic()
        if not is_due and now - self._glimpsed_s < _GLIMPSE_S:
            return
        tail = splitter.tail
        if tail is None:
            return
        self._glimpsed_s = now
        line = visible(tail.source.rstrip().rpartition("\n")[2]).replace("\t", " ")
        self._to(_CLEAR + terminal.styled(_last_cells(line, terminal.width() - 1), dim=True))
        self._has_glimpse = True


def _last_cells(text: str, cells: int) -> str:
    """Return as much of a text's end as fits."""
    from rich.cells import cell_len

    text = text[-cells:]
    while cell_len(text) > cells:
        text = text[1:]
    return text

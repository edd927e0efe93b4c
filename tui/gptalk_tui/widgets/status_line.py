"""The line between transcript and composer: what is under way, where the reader is, and notices."""

from __future__ import annotations

from textual.content import Content
from textual.reactive import reactive

from gptalk_tui.widgets.bar import Bar


class StatusLine(Bar):
    """A bar whose left part a notice takes; a long notice takes as many lines as it needs, up to four."""

    DEFAULT_CSS = """
    StatusLine { height: auto; max-height: 4; }
    """

    notice: reactive[Content] = reactive(Content.empty, layout=True)
    """What is said for a while; empty if nothing is."""

    def render(self) -> Content:
        if not self.notice.plain:
            return super().render()
        if "\n" not in self.notice.plain and self.notice.cell_length <= self.content_size.width:
            return self.side_by_side(self.notice)
        return self.notice

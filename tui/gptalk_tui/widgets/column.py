"""The conversation's column: what is below the transcript shares the edges of its text."""

from __future__ import annotations

from textual.containers import Vertical
from textual.css.scalar import Scalar, ScalarOffset
from textual.geometry import Size, Spacing
from textual.layout import ArrangeResult, Layout
from textual.layouts.vertical import VerticalLayout
from textual.widget import Widget

from gptalk_tui.widgets.row_list import TEXT_AT_CELLS, RowList
from gptalk_tui.widgets.transcript.frame import Frame

_BORDER_CELLS = 2
"""From the edge of a bordered box to its text."""

BOX, WORDS = "-box", "-words"
"""Classes of the parts: a box has its text where the transcript has it, words where the text is."""


class _ColumnLayout(VerticalLayout):
    """Aligns the parts to the transcript's frame for the width at hand, in the same pass."""

    def arrange(
        self, parent: Widget, children: list[Widget], size: Size, greedy: bool = True
    ) -> ArrangeResult:
        frame = Frame.of(max(1, size.width))
        right = max(0, size.width - frame.content - frame.text_width)
        for each in children:
            if each.has_class(BOX):
                # Margins would take room from the other parts too.
                inset = TEXT_AT_CELLS if isinstance(each, RowList) else _BORDER_CELLS
                left = max(0, frame.content - inset)
                width = frame.content + frame.text_width - left
                each.styles.inline.set_rule("width", Scalar.from_number(width))
                each.styles.inline.set_rule("offset", ScalarOffset.from_offset((left, 0)))
            elif each.has_class(WORDS):
                each.styles.inline.set_rule("padding", Spacing(0, right, 0, frame.content))
        return super().arrange(parent, children, size, greedy)


_LAYOUT = _ColumnLayout()


class Column(Vertical):
    """The transcript with everything that belongs to it."""

    @property
    def layout(self) -> Layout:
        """The layout of the parts."""
        return _LAYOUT

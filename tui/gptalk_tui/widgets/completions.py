"""Completions for the word at the cursor: a short list above the composer, which keeps the focus."""

from __future__ import annotations

from gptalk_tui.widgets.row_list import RowList


class Completions(RowList, can_focus=False):
    """Rows to choose from while typing. Hidden while there are none."""

    DEFAULT_CSS = """
    Completions { display: none; height: auto; max-height: 35%; }
    Completions.-open { display: block; }
    """

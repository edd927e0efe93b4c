"""The last guard before the terminal: no control character leaves in painted text, whoever forgot about it.

Text from outside is made visible where it comes in (`gptalk_client.text`). This stands behind that, for the value
of an input field or a part of the toolkit that paints what it is given.
"""

from __future__ import annotations

import re

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

_OBEYED = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


class ControlGuard(LineFilter):
    """Takes away what a terminal would obey. Such characters have no cells, so that no line changes its width."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the very same segments where there is nothing to take away."""
        if all(text.isprintable() for text, _, _ in segments):
            return segments
        return [segment if _is_harmless(segment.text) else _cleaned(segment) for segment in segments]


def _is_harmless(text: str) -> bool:
    return text.isprintable() or _OBEYED.search(text) is None


def _cleaned(segment: Segment) -> Segment:
    return Segment(_OBEYED.sub("", segment.text), segment.style, segment.control)

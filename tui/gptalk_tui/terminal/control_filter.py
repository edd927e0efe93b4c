"""The last line of defence before the terminal: painted text contains no control character.

Text from outside is made visible where it comes in (`gptalk_client.text`). This catches what slips past that, such
as the value of an input field, or a Textual widget that paints whatever it is given.
"""

from __future__ import annotations

import re

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from gptalk_client.text import MAX_MARKS

_OBEYED = "\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\U000e0000-\U000e007f"
_MARKS = "\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
_SUSPICIOUS = re.compile(f"[{_OBEYED}{_MARKS}]")
# Tags spell the flags of regions such as Scotland, and a few combining marks are normal: both stay.
_HARMFUL = re.compile(
    f"(?<=[{_MARKS}]{{{MAX_MARKS}}})[{_MARKS}]+"
    f"|(\U0001f3f4[\U000e0030-\U000e007a]{{3,6}}\U000e007f|[{_MARKS}]{{{MAX_MARKS}}})"
    f"|[{_OBEYED}]"
)


class ControlFilter(LineFilter):
    """Removes what a terminal would obey. Such characters take no cells, so no line changes its width."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the segments without control characters; the same list if there are none."""
        if all(text.isascii() and text.isprintable() for text, _, _ in segments):
            return segments
        if all(_SUSPICIOUS.search(text) is None for text, _, _ in segments):
            return segments
        return [Segment(_cleaned(text), style, control) for text, style, control in segments]


def _cleaned(text: str) -> str:
    return text if _SUSPICIOUS.search(text) is None else _HARMFUL.sub(r"\1", text)

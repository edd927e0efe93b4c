"""Pictures of the screen, as SVG that is the same in every run."""

from __future__ import annotations

import re

from gptalk_tui.widgets.transcript.widget import Transcript
from support.apps import Running

CELL = 12.2
"""Width of a cell in the pictures."""
_TEXT = re.compile(r'<text ([^>]*?)x="([\d.]+)"([^>]*?)textLength="([\d.]+)"([^>]*)>(.*?)</text>', re.DOTALL)


async def picture(app: Running) -> str:
    """Return the screen as SVG, with what changes from run to run made the same."""
    await app.pilot.pause()
    for screen in app.app.screen_stack:
        for transcript in screen.query(Transcript):
            _lay_out(transcript)
    await app.pilot.pause()
    svg = app.app.export_screenshot(title="gptalk-tui", simplify=True)
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    svg = svg.replace("Fira Code", "ui-monospace, Menlo, Consolas, DejaVu Sans Mono")
    svg = re.sub(r"terminal-\d+-", "terminal-", svg)
    # Each line's own clip is a third of the file, and nothing reaches beyond its line.
    svg = re.sub(r'<clipPath id="terminal-line-\d+">.*?</clipPath>\s*', "", svg, flags=re.DOTALL)
    svg = re.sub(r' clip-path="url\(#terminal-line-\d+\)"', "", svg)
    return _TEXT.sub(_without_outer_blanks, svg)


def _lay_out(transcript: Transcript) -> None:
    """Measure every row, so that the scroll bar doesn't depend on which of them have been in view."""
    document = transcript.document
    if transcript.size.height:
        for index in range(len(document.entries)):
            for row in range(len(document.rows(index).heights)):
                document.rendered(index, row)
        transcript._thumb = (-1, -1, -1)  # the bar is touched even if it moves by less than it shows
        transcript.on_resize()


def _without_outer_blanks(text: re.Match[str]) -> str:
    """Return a text element that begins and ends with ink: some viewers drop blanks at the edges."""
    blank = "&#160;"
    head, x, middle, length, rest, content = text.groups()
    ink = content
    before = after = 0
    while ink.startswith(blank):
        ink, before = ink[len(blank) :], before + 1
    while ink.endswith(blank):
        ink, after = ink[: -len(blank)], after + 1
    if not ink.strip():
        return ""
    x = f"{float(x) + before * CELL:g}"
    length = f"{float(length) - (before + after) * CELL:g}"
    return f'<text {head}x="{x}"{middle}textLength="{length}"{rest}>{ink}</text>'


def parts(svg: str) -> list[str]:
    """Return what a picture is made of, one part a line, to compare it with another."""
    return re.sub(r"(?=<)", "\n", svg).splitlines()

"""Record the README's short film again: `demo.cast` (asciicast 2) and `demo.svg`, the same as an animated picture.

`python screenshots/record.py`, from an environment with the `dev` extra, on Linux or macOS.

The app runs in a pseudo-terminal, keys are typed at a person's pace, and a scripted service answers.
"""

from __future__ import annotations

import json
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from wcwidth import wcswidth

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tests"))

from support.gptalk_server import threaded_gptalk_server  # noqa: E402 - found through the line above
from support.scenes.texts import LIFETIMES, PASTA  # noqa: E402
from support.terminal import CTRL_F, CTRL_N, ENTER, ESCAPE, READY, TAB, Terminal, program  # noqa: E402

SIZE = (100, 28)
"""Columns and lines."""
TICK_S = 0.05
"""How often the screen is looked at."""
KEY_S = 0.045
"""Between two keys."""
CELL_WIDTH, CELL_HEIGHT, FONT_SIZE = 8.4, 18, 14
INK, PAPER = "#d8dee9", "#14171c"
"""Where the app sets no colour of its own."""


class Style(NamedTuple):
    """How a run of cells looks."""

    ink: str
    paper: str
    bold: bool
    italic: bool
    underlined: bool


Row = tuple[tuple[Style, int, str], ...]
"""Runs of one style: the style, the first column, the text."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What the terminal showed from a moment on."""

    at_s: float
    rows: tuple[Row, ...]


class Recorder:
    """Notes what a terminal is sent, and what it shows, while a script plays."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal
        self.output: list[tuple[float, str]] = []
        self.frames: list[Frame] = []
        self._seen = 0
        self._began = time.monotonic()
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Recorder:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()

    def type(self, text: str) -> None:
        """Type a text at a person's pace."""
        for char in text:
            self.terminal.send(char)
            self.pause(KEY_S)

    def pause(self, seconds: float) -> None:
        """Let the viewer read; the film's pace is all that waits for the clock here."""
        self._is_over.wait(seconds)

    def _watch(self) -> None:
        while not self._is_over.wait(TICK_S):
            with self.terminal._changed:
                now = time.monotonic() - self._began
                data = bytes(self.terminal.output[self._seen :])
                whole = data[: data.rfind(b"\x1b[?2026l") + 8] if b"\x1b[?2026l" in data else b""
                if not whole or len(whole) != len(data):
                    continue  # half a frame
                self._seen += len(whole)
                self.output.append((now, whole.decode("utf-8", "replace")))
                rows = tuple(_row(self.terminal, y) for y in range(SIZE[1]))
            if not self.frames or self.frames[-1].rows != rows:
                self.frames.append(Frame(now, rows))


def _row(terminal: Terminal, y: int) -> Row:
    line = terminal.screen.buffer[y]
    cells: list[tuple[Style, int, str]] = []
    for x in range(SIZE[0]):
        cell = line[x]
        if cell.data:  # the second half of a wide character is empty
            ink, paper = _colour(cell.fg, INK), _colour(cell.bg, PAPER)
            if cell.reverse:
                ink, paper = paper, ink
            cells.append((Style(ink, paper, cell.bold, cell.italics, cell.underscore), x, cell.data))
    runs = []
    for style, group in groupby(cells, key=lambda cell: cell[0]):
        members = list(group)
        runs.append((style, members[0][1], "".join(data for _, _, data in members)))
    return tuple(runs)


def _colour(name: str, default: str) -> str:
    return default if name == "default" else f"#{name}" if len(name) == 6 else name


def as_svg(frames: Sequence[Frame], length_s: float) -> str:
    """Return an animated picture: each different row once, each frame a column of rows, one shown at a time.

    Args:
        frames: What to show, in order.
        length_s: When the film begins again, in seconds.
    """
    width, height = SIZE[0] * CELL_WIDTH + 24, SIZE[1] * CELL_HEIGHT + 24
    ids: dict[Row, str] = {}
    for frame in frames:
        for row in frame.rows:
            ids.setdefault(row, f"r{len(ids)}")
    steps = "".join(
        f"{frame.at_s / length_s:.3%}{{transform:translateX({-number * width:.0f}px)}}"
        for number, frame in enumerate(frames)
    )
    defs = "".join(f'<g id="{name}">{"".join(_runs(row))}</g>' for row, name in ids.items() if row)
    shown = "".join(
        f'<g transform="translate({number * width:.0f} 0)">{"".join(_uses(frame.rows, ids))}</g>'
        for number, frame in enumerate(frames)
    )
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}">
<style>
text{{font:{FONT_SIZE}px ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace;white-space:pre}}
.b{{font-weight:bold}}.i{{font-style:italic}}.u{{text-decoration:underline}}
#film{{animation:film {length_s:.1f}s step-end infinite}}
@keyframes film{{{steps}}}
</style>
<defs>{defs}</defs>
<rect width="100%" height="100%" rx="8" fill="{PAPER}"/>
<svg x="12" y="12" width="{width - 24:.0f}" height="{height - 24}"><g id="film">{shown}</g></svg>
</svg>
"""


def _runs(row: Row) -> Iterator[str]:
    for style, x, text in row:
        left = x * CELL_WIDTH
        if style.paper != PAPER:
            width = wcswidth(text) * CELL_WIDTH
            yield f'<rect x="{left:.1f}" width="{width:.1f}" height="{CELL_HEIGHT}" fill="{style.paper}"/>'
        ink = text.rstrip()
        if ink:
            blanks = len(ink) - len(ink.lstrip())
            marks = "".join(
                letter
                for letter, is_set in (("b", style.bold), ("i", style.italic), ("u", style.underlined))
                if is_set
            )
            classes = f' class="{" ".join(marks)}"' if marks else ""
            length = wcswidth(ink.lstrip()) * CELL_WIDTH
            at = f'x="{left + blanks * CELL_WIDTH:.1f}" y="13" textLength="{length:.1f}" fill="{style.ink}"'
            yield f"<text {at}{classes}>{escape(ink.lstrip(), quote=False)}</text>"


def _uses(rows: Iterable[Row], ids: dict[Row, str]) -> Iterator[str]:
    for y, row in enumerate(rows):
        yield f'<use href="#{ids[row]}" y="{y * CELL_HEIGHT}"/>'


def as_asciicast(output: Sequence[tuple[float, str]]) -> str:
    """Return a recording in asciicast's second version.

    Source: https://docs.asciinema.org/manual/asciicast/v2/
    """
    head = {"version": 2, "width": SIZE[0], "height": SIZE[1], "title": "gptalk-tui"}
    lines = [head, *([round(at_s, 3), "o", text] for at_s, text in output)]
    return "\n".join(json.dumps(line, ensure_ascii=False) for line in lines) + "\n"


def play(film: Recorder) -> None:
    """Ask, read, look something up in an earlier conversation, and find a command."""
    terminal = film.terminal
    terminal.wait_for(READY)
    film.pause(0.8)
    film.type("How do lifetimes relate to borrows?")
    terminal.send(ENTER)
    terminal.wait_for("as long as the program")
    film.pause(2.5)
    terminal.send(CTRL_N)
    film.pause(0.6)
    film.type("Pasta for eight")
    terminal.send(ENTER)
    terminal.wait_for("drained pasta")
    film.pause(1.5)
    terminal.send(CTRL_F)
    film.pause(0.4)
    terminal.send(TAB)
    film.pause(0.3)
    film.type("elision")
    terminal.wait_for(lambda t: "covers" in t.text)
    film.pause(1.2)
    terminal.send(ENTER)
    terminal.wait_for("fn longest")
    film.pause(1.5)
    terminal.send(ESCAPE)
    film.pause(0.4)
    film.type("/theme")
    film.pause(1.5)
    terminal.send(ESCAPE)
    film.pause(1.0)


def main() -> None:
    """Play the script and write both files."""
    with tempfile.TemporaryDirectory() as folder, threaded_gptalk_server(pace_s=0.02) as service:
        service.script(_pieces(LIFETIMES), prompt="lifetimes")
        service.script(_pieces(PASTA), prompt="Pasta")
        command = program("--data-dir", folder, "--url", service.url, "-m", "gpt-3.5-turbo")
        with Terminal(command, size=SIZE) as terminal, Recorder(terminal) as film:
            play(film)
    length_s = film.frames[-1].at_s + 2
    (HERE / "demo.cast").write_text(as_asciicast(film.output), encoding="utf-8")
    (HERE / "demo.svg").write_text(as_svg(film.frames, length_s), encoding="utf-8")
    print(f"demo.cast, demo.svg: {length_s:.0f} s, {len(film.frames)} frames")


def _pieces(text: str) -> list[str]:
    words = text.split(" ")
    return [" ".join(words[at : at + 2]) + " " for at in range(0, len(words), 2)]


if __name__ == "__main__":
    main()

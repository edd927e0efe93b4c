"""What splitting, reading and laying out cost: `python tests/bench/markdown.py`. Figures of one run, and ratios.

Milliseconds are CPU time of this process for 1.5 KB of text, the least of several rounds; the ratios are what can
be compared between machines.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from gptalk_tui.markdown.block_builder import parse
from gptalk_tui.markdown.pieces import Piece
from gptalk_tui.markdown.splitter import Splitter, split
from gptalk_tui.widgets.transcript.layout import layout
from support.markdown_texts import CODE, ORDINARY, ROWS, STYLES, mixture

KILOBYTE_AND_A_HALF = 1500
PROSE = (
    "Some *emphasis* and **strong** words with `code` that go on for a while, as replies do. " * 4 + "\n\n"
) * 4
TEXTS = {
    "prose": PROSE,
    "lists": ORDINARY["big item"] + ORDINARY["tight list"] * 10,
    "table": f"| a | b | c |\n|---|---|---|\n{ROWS}",
    "code": f"```python\n{CODE}```\n",
    "mixture": mixture(20_000),
}


def least(work: Callable[[], object], rounds: int = 7) -> float:
    """Return the least CPU milliseconds of several rounds."""
    found = []
    for _ in range(rounds):
        start = time.process_time()
        work()
        found.append(time.process_time() - start)
    return min(found) * 1000


def table_of_costs() -> None:
    print(f"{'per 1.5 KB':10} {'split':>8} {'parse':>8} {'layout':>8} {'re-wrap / first':>16}")
    for name, text in TEXTS.items():
        share = KILOBYTE_AND_A_HALF / len(text)
        pieces = split(text)
        blocks = [parse(piece) for piece in pieces]
        cut = least(lambda text=text: split(text)) * share
        read = least(lambda pieces=pieces: [parse(piece) for piece in pieces]) * share
        laid = (
            least(lambda blocks=blocks: [layout(b, STYLES, text_width=90, full_width=90) for b in blocks])
            * share
        )
        print(f"{name:10} {cut:8.2f} {read:8.2f} {laid:8.2f} {laid / (cut + read + laid):16.2f}")


def stream(text: str) -> list[tuple[float, int]]:
    """Feed 200 characters a commit and paint the tail; return CPU milliseconds and parsed characters of each."""
    splitter = Splitter()
    done = 0
    costs = []
    for position in range(0, len(text), 200):
        start = time.process_time()
        splitter.feed(text[position : position + 200])
        todo: list[Piece] = splitter.pieces[done:]
        done = len(splitter.pieces)
        if splitter.tail:
            todo.append(splitter.tail)
        for piece in todo:
            layout(parse(piece), STYLES, text_width=90, full_width=90)
        costs.append(
            ((time.process_time() - start) * 1000, len(splitter.tail.source) if splitter.tail else 0)
        )
    return costs


def growth() -> None:
    for name, text in {"mixture": mixture(200_000), "one fence": "```python\n" + CODE * 90}.items():
        costs = stream(text)
        tenth = len(costs) // 10
        first = sum(cost for cost, _ in costs[:tenth])
        last = sum(cost for cost, _ in costs[-tenth:])
        tails = sorted(tail for _, tail in costs)
        print(
            f"{name}: {len(text) // 1000} KB streamed, last tenth / first tenth {last / first:.2f}, "
            f"{sum(cost for cost, _ in costs) / len(costs):.2f} ms a commit, "
            f"tail p50 {tails[len(tails) // 2]}, most {tails[-1]} characters"
        )


if __name__ == "__main__":
    for text in TEXTS.values():
        for piece in split(text):
            parse(piece)
    table_of_costs()
    growth()

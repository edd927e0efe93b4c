"""At every width the screen shows every letter of the source: nothing lies under the scroll bar."""

from __future__ import annotations

import pytest
from textual.app import App, ComposeResult

from gptalk_client.models import BranchEntry, Role, Status
from gptalk_tui.widgets.transcript.styles import StyleTable
from gptalk_tui.widgets.transcript.widget import Transcript

RUN = "".join(f"{number:03}" for number in range(40))
CODE = "".join(f"{number:04}" for number in range(70))
"""Longer than any line, and different everywhere; code may use the full width."""
WORDS = " ".join(f"word{number}" for number in range(25))
WIDE = "日本語の文章" * 10
REPLY = f"""{RUN}

{WORDS}

- {RUN}

> {RUN}

{WIDE}

```
{CODE}
```

| name | value |
|------|------:|
| pi | 3.14159 |
| answer | 42.7 |

[{RUN}](https://example.test/)
"""
FOUND = {RUN: 5, CODE: 1, WORDS.replace(" ", ""): 1, WIDE: 1, "pi3.14159": 1, "answer42.7": 1}
"""How often each part is shown, without spaces."""
DECORATION = str.maketrans("", "", " ▌▎•↳│─┼")


class Pane(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.transcript = Transcript(StyleTable())

    def compose(self) -> ComposeResult:
        yield self.transcript

    def shown(self) -> str:
        """Return what the screen shows with the scroll bar over it, without decoration."""
        strips = self.screen._compositor.render_strips()
        return "".join(strip.text.translate(DECORATION) for strip in strips)


@pytest.mark.parametrize("first", range(20, 251, 33))
async def test_no_width_hides_a_letter(first: int) -> None:
    app = Pane()
    async with app.run_test(size=(first, 110)) as pilot:
        entries = [
            BranchEntry("q", None, Role.USER, Status.COMPLETE, 0, len(RUN)),
            BranchEntry("a", "q", Role.ASSISTANT, Status.COMPLETE, 0, len(REPLY)),
        ]
        app.transcript.show_conversation(entries, {"q": RUN, "a": REPLY})
        for width in range(first, first + 33):
            await pilot.resize_terminal(width, 35 + 1500 // width)
            await pilot.pause()
            shown = app.shown()
            assert {part: shown.count(part) for part in FOUND} == FOUND, width

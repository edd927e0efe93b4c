"""The first frame waits for nothing that it does not show."""

from __future__ import annotations

import subprocess
import sys
from functools import cached_property
from pathlib import Path

import pytest

from gptalk_tui.chat.controllers import Controllers
from support.apps import running_app
from support.scripted_provider import ScriptedProvider

LATER = {name for name, each in vars(Controllers).items() if isinstance(each, cached_property)}

LATER_MODULES = (
    "click",
    "gptalk_client.chat",
    "gptalk_tui.chat.find",
    "gptalk_tui.chat.turn_runner",
    "gptalk_tui.widgets.find_bar",
    "httpx",
    "pygments",
    "sqlite3",
)


@pytest.mark.parametrize("size", [(120, 36), (60, 12)])
async def test_controllers_that_the_first_frame_does_not_show_are_made_behind_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    before: list[set[str]] = []
    make_all = Controllers.make_all

    def watched(self: Controllers) -> None:
        before.append(LATER & vars(self).keys())
        make_all(self)

    monkeypatch.setattr(Controllers, "make_all", watched)
    async with running_app(ScriptedProvider(["ok"]), tmp_path, size=size) as app:
        assert before == [set()]
        await app.send("Hello")
        await app.until_idle()
        assert {"find", "queue", "continuation", "submission"} <= vars(app.chat.controllers).keys()


def test_importing_the_app_loads_nothing_for_later() -> None:
    program = f"import sys, gptalk_tui.app; print(*set({LATER_MODULES!r}) & set(sys.modules))"
    found = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert found.stdout.strip() == ""

"""Whatever is pressed, clicked and resized in whatever order: the app stays, and no prompt is lost.

`GPTALK_TEST_HANDS=100 GPTALK_TEST_STEPS=1000`: a hundred hands do a thousand things each. What a failing hand did
last is printed; it does so again by its number: `-k "[7]"`.
"""

from __future__ import annotations

import contextlib
import os
import random
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.pilot import OutOfBounds

from gptalk_client.continuing import CONTINUE
from gptalk_client.errors import NetworkError
from gptalk_client.store.store import Store
from gptalk_tui.actions import ACTIONS
from gptalk_tui.keymap import KeyMap
from support.apps import Running, running_app
from support.scripted_provider import ScriptedProvider

HANDS = range(int(os.environ.get("GPTALK_TEST_HANDS", "3")))
STEPS = int(os.environ.get("GPTALK_TEST_STEPS", "60"))

NEVER = {"app.quit", "conversation.purge"}
"""What ends the app, or loses something on purpose."""
KEYS = [
    *(key for action in ACTIONS if action.id not in NEVER for key in KeyMap().keys(action)),
    *("enter", "escape", "tab", "up", "down", "left", "right", "backspace", "delete", "home", "end") * 3,
]
TEXTS = [
    *("the words", "Ёлка", "日本語", "e\u0301" * 9, "one\ntwo", "line\n" * 20, "x" * 300, "y", "n"),
    *("/", "/new", "/rename other", "/find the", "/theme", "/model x", "/nothing", "@", "@a", "~nobody/x"),
    *("/compare other", "/continue", "/edit-reply"),
]
REPLY = [
    "# Head\n\nSome *words* and `code`, and the [link](https://example.org).\n\n",
    "```python\nfor the in range(10):\n    print(the)\n```\n\n",
    "| the | words |\n|---|---|\n| 日本語 | 2 |\n\n- one\n- two\n",
]
TURNS = [[*REPLY], ["Broken ", NetworkError("It broke.")], [NetworkError("Nothing.")], [*REPLY * 9]]


class Hand:
    """Somebody who presses anything."""

    def __init__(self, app: Running, number: int) -> None:
        self._app = app
        self._random = random.Random(number)
        self.did: list[str] = []

    async def do_something(self) -> None:
        ways: list[Callable[[], object]] = (
            [self._press] * 12 + [self._type] * 5 + [self._click] * 3 + [self._resize]
        )
        await self._random.choice(ways)()

    async def _press(self) -> None:
        keys = self._random.choices(KEYS, k=self._random.choice((1, 1, 1, 2, 4)))
        self.did.append(f"press {keys}")
        await self._app.press(*keys)

    async def _type(self) -> None:
        text = self._random.choice(TEXTS)
        self.did.append(f"type {text!r}")
        focused = self._app.app.focused
        if focused is not None and hasattr(focused, "insert_text_at_cursor"):
            focused.insert_text_at_cursor(text.replace("\n", " "))
        else:
            self._app.chat.composer.insert_text(text)
        await self._app.pilot.pause()

    async def _click(self) -> None:
        width, height = self._app.app.size
        at = self._random.randrange(max(width, 1)), self._random.randrange(max(height, 1))
        self.did.append(f"click {at}")
        try:
            await self._app.pilot.click(offset=at)
        except OutOfBounds:  # the size is another one meanwhile
            self.did.append("out of bounds")

    async def _resize(self) -> None:
        size = self._random.choice([(120, 36), (80, 24), (40, 12)])
        if self._random.random() < 0.3:
            size = self._random.randint(1, 60), self._random.randint(1, 20)
        self.did.append(f"resize {size}")
        await self._app.pilot.resize_terminal(*size)


@pytest.mark.parametrize("number", HANDS)
async def test_any_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))  # no other program is started
    monkeypatch.chdir(tmp_path)
    provider = ScriptedProvider(*(TURNS * 100))
    async with running_app(provider, tmp_path) as app:
        hand = Hand(app, number)
        try:
            for _ in range(STEPS):
                await hand.do_something()
                assert app.app._exception is None
            await app.until_idle()
        except BaseException:
            print("\n".join(hand.did[-50:]))
            raise
    database = tmp_path / "data" / "conversations.db"
    with Store.open(database) as store:
        assert store.integrity() == []
    with contextlib.closing(
        sqlite3.connect(database)
    ) as con:  # with what was deleted and can be brought back
        kept = {text for (text,) in con.execute("SELECT content FROM message_text")}
    asked = {str(request.messages[-1]["content"]) for request in provider.requests}
    assert asked - {CONTINUE} <= kept

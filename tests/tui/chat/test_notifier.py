"""While nobody looks, a reply that ends is told once, by bell or notice and in the window's title."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Literal

import pytest
from textual import events

from gptalk_client.errors import NetworkError
from gptalk_client.settings import Settings, UiSettings
from gptalk_tui.terminal.escape_sequences import osc9, window_title
from support.apps import Running, running_app
from support.scripted_provider import ScriptedProvider


def listen(app: Running, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Collect what is written to the terminal beside the screen."""
    written: list[str] = []
    assert app.app._driver is not None
    monkeypatch.setattr(app.app._driver, "write", written.append)
    monkeypatch.setattr(app.app, "bell", lambda: written.append("\x07"))
    return written


def settings(how: Literal["bell", "osc9", "off"]) -> Settings:
    return Settings(provider="gptalk", ui=UiSettings(notify=how))


async def go_away(app: Running) -> None:
    app.app.post_message(events.AppBlur())
    await app.until(lambda: not app.app.app_focus)


async def come_back(app: Running) -> None:
    app.app.post_message(events.AppFocus())
    await app.until(lambda: app.app.app_focus)
    await app.pilot.pause()


async def test_a_bell_and_the_title_tell_once_and_the_title_comes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = asyncio.Event()
    async with running_app(ScriptedProvider(["text", gate]), tmp_path, settings=settings("bell")) as app:
        written = listen(app, monkeypatch)
        await app.send("Whales")
        await app.until(lambda: "text" in app.text)
        await go_away(app)
        gate.set()
        await app.until_idle()
        assert written == ["\x1b[22;0t", "\x1b]0;● Reply: Whales\x07", "\x07"]
        await come_back(app)
        assert written[3:] == ["\x1b[23;0t"]


async def test_several_replies_are_counted_and_a_failure_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = asyncio.Event()
    provider = ScriptedProvider(["one", gate], ["two", gate, NetworkError("The line broke.")])
    async with running_app(provider, tmp_path, settings=settings("osc9")) as app:
        monkeypatch.delenv("TMUX", raising=False)
        monkeypatch.delenv("STY", raising=False)
        written = listen(app, monkeypatch)
        await app.send("First")
        await app.until(lambda: "one" in app.text)
        await app.press("ctrl+n")
        await app.send("Second; \x07")
        await app.until(lambda: "two" in app.text)
        await go_away(app)
        gate.set()
        await app.until_idle()
        notices = sorted(each for each in written if each.startswith("\x1b]9;"))
        assert notices == ["\x1b]9;Incomplete reply: Second, ␇\x07", "\x1b]9;Reply: First\x07"]
        assert written.count("\x1b[22;0t") == 1
        assert "\x1b]0;● 2 replies ended\x07" in written


@pytest.mark.parametrize("how", ["bell", "osc9", "off"])
async def test_nothing_is_told_to_who_looks_or_does_not_want_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: Literal["bell", "osc9", "off"]
) -> None:
    async with running_app(ScriptedProvider(["text"]), tmp_path, settings=settings(how)) as app:
        written = listen(app, monkeypatch)
        if how == "off":
            await go_away(app)
        app.chat.composer.set_text("Go")
        app.chat.controllers.submission.submit_composer()
        await app.until_idle()
        assert written == []


async def test_the_title_comes_back_at_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = asyncio.Event()
    async with running_app(ScriptedProvider(["text", gate]), tmp_path, settings=settings("bell")) as app:
        written = listen(app, monkeypatch)
        await app.send("Go")
        await app.until(lambda: "text" in app.text)
        await go_away(app)
        gate.set()
        await app.until_idle()
        await app.chat.controllers.leaving.run()
        assert written[-1] == "\x1b[23;0t"


def test_no_text_ends_a_sequence_early() -> None:
    hostile = "a\x07\x1b\\\x9c;b\n\x1b]52;c;aGk=\x07" + "x" * 500
    for sequence in (osc9(hostile, {}), window_title(hostile)):
        inside = sequence[4:-1]
        assert sequence.startswith("\x1b]")
        assert sequence.endswith("\x07")
        assert not any(each < " " or "\x7f" <= each <= "\x9f" for each in inside)
        assert ";" not in inside
        assert len(inside) <= 100

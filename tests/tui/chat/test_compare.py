"""Two versions of a reply side by side: both stream, one is taken, or both are kept."""

from __future__ import annotations

import asyncio
from pathlib import Path

from gptalk_client.errors import NetworkError
from gptalk_client.models import Status
from gptalk_client.store.store import Store
from gptalk_tui.dialogs.compare import CompareScreen
from gptalk_tui.dialogs.key_hints import KeyHints
from gptalk_tui.dialogs.picker import PickerScreen
from support.apps import Running, paths_in, running_app
from support.scripted_provider import ScriptedProvider


def sides(app: Running) -> list[str]:
    """Return what each pane shows."""
    screen = app.app.screen
    if not isinstance(screen, CompareScreen):
        return []
    return [
        "\n".join(pane.render_line(y).text.rstrip() for y in range(pane.size.height)) for pane in screen.panes
    ]


async def shows(app: Running, first: str, second: str) -> None:
    await app.until(
        lambda: len(both := sides(app)) == 2 and first in both[0] and second in both[1],
        f"{first} and {second}",
    )


async def closed(app: Running) -> None:
    await app.until(lambda: len(app.app.screen_stack) == 1)


async def test_both_replies_stream_and_one_key_takes_one(tmp_path: Path) -> None:
    one, two = asyncio.Event(), asyncio.Event()
    provider = ScriptedProvider(["left begins ", one, "left ends"], ["right begins ", two, "right ends"])
    async with running_app(provider, tmp_path) as app:
        await app.send("Go")
        await app.until(lambda: "left begins" in app.text)
        await app.send("/compare other-model")
        await shows(app, "left begins", "right begins")
        assert provider.requests[1].model == "other-model"
        assert provider.requests[1].messages == provider.requests[0].messages
        [conversation] = app.store.conversations()
        with Store.open(paths_in(tmp_path).database) as other:
            await app.until(
                lambda: (
                    [m.content for m in other.messages(conversation.id)][1:]
                    == ["left begins ", "right begins "]
                )
            )
        two.set()
        await shows(app, "left begins", "right ends")
        await app.press("2")
        await closed(app)
        await app.until(lambda: "right begins right ends" in app.text)
        assert "‹ 2/2 ›" in app.text
        one.set()
        await app.until_idle()
        _, left, right = app.store.messages(conversation.id)
        assert (left.content, left.status) == ("left begins left ends", Status.COMPLETE)
        assert (right.content, right.model) == ("right begins right ends", "other-model")
        assert app.store.branch(conversation.id)[-1].id == right.id


async def test_a_reply_that_is_taken_while_it_grows_goes_on_in_the_transcript(tmp_path: Path) -> None:
    one, two = asyncio.Event(), asyncio.Event()
    provider = ScriptedProvider(["left ", one], ["right ", two, "goes on"], ["next"])
    async with running_app(provider, tmp_path) as app:
        await app.send("Go")
        await app.until(lambda: "left" in app.text)
        await app.send("/compare other-model")
        await shows(app, "left", "right")
        await app.press("2")
        await closed(app)
        await app.until(lambda: "right" in app.text)
        two.set()
        await app.until(lambda: "right goes on" in app.text)
        await app.until(lambda: not app.chat.session.is_replying)
        assert len(app.chat.session.turns) == 1  # the first one, set aside
        await app.send("And?")
        await app.until(lambda: "next" in app.text)
        one.set()
        await app.until_idle()
        assert [m["content"] for m in provider.requests[-1].messages] == ["Go", "right goes on", "And?"]


async def test_escape_keeps_both_and_the_first_stays_shown(tmp_path: Path) -> None:
    gate = asyncio.Event()
    provider = ScriptedProvider(["first version"], ["second ", gate, "version"])
    async with running_app(provider, tmp_path) as app:
        await app.send("Go")
        await app.until_idle()
        await app.send("/compare local tiny")
        await shows(app, "first version", "second")
        await app.press("escape")
        await closed(app)
        await app.until(lambda: "‹ 1/2 ›  ] newer" in app.text)
        assert not app.chat.session.is_replying
        gate.set()
        await app.until_idle()
        await app.press("alt+up", "right_square_bracket")
        await app.until(lambda: "second version" in app.text)
        await app.press("v")
        await shows(app, "second version", "first version")
        await app.pilot.resize_terminal(40, 12)
        await app.pilot.pause()
        hint = app.app.screen.query_one("#compare-hint", KeyHints)
        shown = hint.render().plain
        assert shown == "1/2 take   Tab other   Esc keep both"
        assert len(shown) <= hint.content_size.width
        await app.pilot.click("#compare-hint", offset=(shown.index("Esc") + 2, 0))
        await closed(app)


async def test_versions_that_are_there_are_compared_at_once(tmp_path: Path) -> None:
    provider = ScriptedProvider(["first version"], ["second version"])
    async with running_app(provider, tmp_path, size=(58, 24)) as app:
        await app.send("Go")
        await app.until_idle()
        await app.press("alt+up", "r")
        await app.until(lambda: "second version" in app.text)
        await app.until_idle()
        await app.press("alt+up", "v")
        await shows(app, "second version", "first version")
        panes = app.app.screen.panes  # type: ignore[attr-defined]
        assert panes[0].region.y < panes[1].region.y  # one above the other
        assert panes[0].region.x == panes[1].region.x
        await app.press("tab", "enter")
        await closed(app)
        await app.until(lambda: "second version" in app.text)
        await app.press("alt+up", "v", "2")
        await closed(app)
        await app.until(lambda: "first version" in app.text)


async def test_who_writes_the_second_version_is_chosen_from_a_list(tmp_path: Path) -> None:
    provider = ScriptedProvider(["first"], ["second"], models=["small", "large"])
    async with running_app(provider, tmp_path) as app:
        await app.send("Go")
        await app.until_idle()
        await app.press("alt+up", "v")
        await app.until(lambda: isinstance(app.app.screen, PickerScreen))
        await app.press(*"large")
        await app.press("enter")
        await shows(app, "first", "second")
        assert provider.requests[1].model == "large"
        await app.press("1")
        await closed(app)


async def test_a_second_reply_that_cannot_be_had_says_why(tmp_path: Path) -> None:
    provider = ScriptedProvider(["first"], [NetworkError("No connection.")])
    async with running_app(provider, tmp_path) as app:
        await app.send("Go")
        await app.until_idle()
        await app.send("/compare other-model")
        await shows(app, "first", "No connection.")
        await app.press("1")
        await closed(app)
        await app.until(lambda: "first" in app.text)


async def test_leaving_stops_and_keeps_both(tmp_path: Path) -> None:
    provider = ScriptedProvider(["left ", asyncio.Event()], ["right ", asyncio.Event()])
    async with running_app(provider, tmp_path) as app:
        await app.send("Go")
        await app.until(lambda: "left" in app.text)
        await app.send("/compare other-model")
        await shows(app, "left", "right")
    with Store.open(paths_in(tmp_path).database) as store:
        [conversation] = store.conversations()
        kept = [(m.content, m.status) for m in store.messages(conversation.id)][1:]
        assert kept == [("left ", Status.STOPPED), ("right ", Status.STOPPED)]
        assert store.branch_messages(conversation.id)[-1].content == "left "

"""The app and every form of `ask` send the same request for the same conversation."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gptalk_client.config_file import load_settings
from gptalk_client.models import Status
from gptalk_client.paths import Paths
from gptalk_client.store.store import Store
from gptalk_tui.factory import build_provider
from support.apps import Running, paths_in, running_app
from support.command_line import Run
from support.gptalk_server import GptalkServer, threaded_gptalk_server

CONFIG = """\
model = "default-model"
[chat]
temperature = 0.25
context_messages = 4
system_prompt = "The default prompt."
"""
CHOICES: dict[str, dict[str, Any]] = {
    "the defaults": {},
    "its own settings": {
        "model": "own-model",
        "system_prompt": "Its own prompt.",
        "options": {"temperature": 1.5, "top_p": 0.9, "context_messages": 3},
    },
    "all messages": {"options": {"context_messages": 0}},
}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[GptalkServer]:
    with threaded_gptalk_server(reply="A reply.") as server:
        monkeypatch.setenv("GPTALK_URL", server.url)
        yield server


@pytest.fixture
def paths(own_world: Path, monkeypatch: pytest.MonkeyPatch) -> Paths:
    """The folders that both the app and the command line use."""
    paths = paths_in(own_world)
    monkeypatch.setenv("GPTALK_DATA_DIR", str(paths.data))
    monkeypatch.setenv("GPTALK_CONFIG", str(paths.config_file))
    paths.config_file.write_text(CONFIG)
    return paths


def store_conversation(paths: Paths, **choices: Any) -> None:
    """Make a conversation of 30 prompts and replies, one of them failed and one empty."""
    for file in paths.data.glob("conversations.db*"):
        file.unlink()
    with Store.open(paths.database) as store:
        made = store.create_conversation(title="The conversation", **choices)
        for number in range(30):
            _, reply = store.open_turn(made.id, f"prompt {number}")
            status = {27: Status.FAILED, 28: Status.STOPPED}.get(number, Status.COMPLETE)
            content = "" if number == 28 else f"reply {number}"
            store.close_turn(reply.id, status, content=content)


def in_app(paths: Paths, act: Callable[[Running], Any], **how: Any) -> None:
    """Run the app on what the command line uses too, and do something in it."""
    settings, _ = load_settings(paths.config_file)

    async def run() -> None:
        provider = build_provider(settings, paths)
        async with running_app(provider, paths.data.parent, settings=settings, **how) as app:
            await act(app)
            await app.until_idle()

    asyncio.run(run())


def sent(server: GptalkServer) -> list[dict[str, Any]]:
    """Return what was sent since the last call, without what must differ."""
    bodies = [{name: value for name, value in body.items() if name != "created_at"} for body in server.bodies]
    server.bodies.clear()
    return bodies


@pytest.mark.parametrize("choices", CHOICES.values(), ids=CHOICES)
def test_a_prompt_in_a_stored_conversation(
    run: Run, server: GptalkServer, paths: Paths, choices: dict[str, Any]
) -> None:
    async def send(app: Running) -> None:
        await app.send("And now?")

    async def edit(app: Running) -> None:
        await app.press("alt+up", "alt+up", "e", "ctrl+u", *"And now?", "enter")

    async def ask_again(app: Running) -> None:
        await app.press("alt+up", "r")

    store_conversation(paths, **choices)
    in_app(paths, send)
    (expected,) = sent(server)
    in_app(paths, ask_again)
    assert sent(server) == [expected]
    in_app(paths, lambda app: app.send("/retry"))
    assert sent(server) == [expected]
    store_conversation(paths, **choices)
    in_app(paths, lambda app: app.send("And then?"))
    assert sent(server) != [expected]
    in_app(paths, edit)
    assert sent(server) == [expected]
    for form in (("--continue",), ("--chat", "The conversation"), ("--continue", "--no-save")):
        store_conversation(paths, **choices)
        assert run("ask", *form, "And now?").code == 0
        assert sent(server) == [expected], form
    assert "context_messages" not in expected
    turns = expected["content"].splitlines()[1:-1]  # between the system prompt and "Assistant:"
    assert len(turns) == (59 if choices.get("options", {}).get("context_messages") == 0 else 3)


def test_a_prompt_in_a_new_conversation(run: Run, server: GptalkServer, paths: Paths) -> None:
    in_app(paths, lambda app: app.send("Why?"), new=True)
    (expected,) = sent(server)
    assert (expected["model"], expected["temperature"]) == ("default-model", 0.25)
    assert expected["content"] == "System: The default prompt.\nUser: Why?\nAssistant:"
    for form in ((), ("--no-save",)):
        assert run("ask", *form, "Why?").code == 0
        assert sent(server) == [expected], form


def test_what_ask_has_stored_goes_on_alike_in_the_app(run: Run, server: GptalkServer, paths: Paths) -> None:
    assert run("ask", "-m", "asked-for", "-s", "A prompt.", "Why?").code == 0
    assert run("ask", "--no-save", "--continue", "And now?").code == 0
    _, expected = sent(server)
    assert expected["model"] == "asked-for"
    assert expected["content"].startswith("System: A prompt.\nUser: Why?\n")
    in_app(paths, lambda app: app.send("And now?"))
    assert sent(server) == [expected]

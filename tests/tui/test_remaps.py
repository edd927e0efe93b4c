"""A key that `config check` calls good carries out its action wherever the action works, and types nothing."""

from __future__ import annotations

from collections.abc import Callable
from itertools import cycle
from pathlib import Path

import pytest
from textual import events

from gptalk_client.settings import Settings
from gptalk_tui.actions import ACTIONS, Action, Scope
from gptalk_tui.keymap import KeyMap, key_name, key_title, types_text
from support.apps import Running, running_app
from support.scripted_provider import ScriptedProvider

KEYS = [
    *("alt+t", "alt+1", "alt+shift+x", "alt+comma"),
    *("alt+space", "alt+ctrl+k", "alt+left", "alt+b", "alt+backspace"),
    *("ctrl+e", "ctrl+k", "ctrl+shift+e", "ctrl+1"),
    *("ctrl+space", "ctrl+backslash", "ctrl+/", "ctrl+ж", "ctrl+enter"),
    *("ctrl+home", "ctrl+up", "ctrl+delete", "ctrl+tab", "ctrl+f5", "shift+f5", "f5", "f12", "f24", "insert"),
    *("shift+insert", "shift+backspace", "shift+delete", "shift+n", "shift+1", "x"),
    *("X", "é", "ж", "1", "?", "space"),
    *("enter", "tab", "escape", "backspace", "delete", "up"),
    *("left", "end", "pagedown", "ctrl+m", "ctrl+i", "ctrl+h"),
    *("ctrl+w", "ctrl+a", "ctrl+c", "ctrl+d", "ctrl+v"),
    *("ctrl+x", "ctrl+y", "shift+left", "ctrl+shift+left", "shift+tab"),
]  # fmt: skip

PLACES: dict[Scope, tuple[Callable[[Running], object], ...]] = {
    Scope.ANYWHERE: (
        lambda app: app.chat.composer.focus(),
        lambda app: app.chat.transcript.focus(),
        lambda app: app.chat.controllers.sidebar.visit(),
    ),
    Scope.READING: (lambda app: app.chat.transcript.focus(),),
    Scope.MESSAGE: (lambda app: app.chat.controllers.navigation.enter(),),
    Scope.LIST: (lambda app: app.chat.controllers.sidebar.visit(),),
}

UNBOUND = {action.id: "" for action in ACTIONS if action.id not in ("turn.send", "prompt.new_line")}
"""All keys are free, but for those of the composer."""

BOUND = {action.id for action in ACTIONS if action.is_bound and action.id != "app.quit"}
"""What can be pressed again and again."""


def event_of(key: str) -> events.Key:
    """Return what the worst of terminals sends: a character even with Alt."""
    name = key.rpartition("+")[2]
    char = {"space": " "}.get(name) or (name if len(name) == 1 else None)
    if char is None and types_text(name):
        char = key_title(name) if len(key_title(name)) == 1 else ","
    return events.Key(key, char)


def good_keys(scope: Scope) -> dict[str, str]:
    """Return every key that is good for some action of a scope, by name, each with an action."""
    actions = cycle(action for action in ACTIONS if action.scope is scope and action.id in BOUND)
    found: dict[str, str] = {}
    for written in KEYS:
        action = next(actions)
        is_default = key_name(written) in action.keys.split(
            ","
        )  # what it shares with the place is its own affair
        if not is_default and not KeyMap({**UNBOUND, action.id: written}).complaints():
            found.setdefault(key_name(written), action.id)
    return found


@pytest.mark.parametrize("scope", PLACES)
async def test_a_key_that_is_called_good_works(tmp_path: Path, scope: Scope) -> None:
    good = good_keys(scope)
    assert "alt+t" in good
    keys = dict(UNBOUND)
    for key, action_id in good.items():
        keys[action_id] = ",".join(filter(None, [keys[action_id], key]))
    assert KeyMap(keys).complaints() == []
    settings = Settings(provider="gptalk", keys=keys)
    async with running_app(ScriptedProvider(["ok"]), tmp_path, settings=settings) as app:
        await app.send("Go")
        await app.until_idle()
        commands = app.chat.controllers.commands
        done: list[str] = []

        async def run(action_id: str) -> None:
            done.append(action_id)

        def is_available(action: Action) -> bool:
            return True

        commands.run_key, commands.is_available = run, is_available  # type: ignore[method-assign]
        wrong = []
        for place in PLACES[scope]:
            place(app)
            await app.pilot.pause()
            for key, action_id in good.items():
                done.clear()
                app.app.post_message(event_of(key))
                await app.pilot.pause()
                await app.until(lambda: app.app.type_ahead.is_settled)
                if done != [action_id] or app.chat.composer.text or app.chat.list_pane.filter:
                    wrong.append((key, action_id, [*done], app.chat.composer.text, app.chat.list_pane.filter))
                    app.chat.composer.set_text("")
                    place(app)
        assert not wrong, wrong


@pytest.mark.parametrize(
    ("action", "key", "words"),
    [
        ("app.theme", "x", "is typed as text"),
        ("app.theme", "space", "is typed as text"),
        ("app.theme", "shift+1", "types a character"),
        ("app.theme", "ctrl+w", "stays “Delete a word left”"),
        ("app.theme", "alt+b", "stays “A word left”"),
        ("app.theme", "ctrl+m", "a terminal sends Ctrl+M as Enter"),
        ("message.copy", "escape", "goes back to the composer"),
        ("turn.send", "x", "is typed as text"),
        ("conversation.pin", "x", "is typed as text"),
        ("conversation.pin", "ctrl+k", "the list of conversations keeps Ctrl+K"),
    ],
)
def test_a_key_that_cannot_work_is_refused_in_words(action: str, key: str, words: str) -> None:
    ((complained, sentence),) = KeyMap({**UNBOUND, action: key}).complaints()
    assert complained == action
    assert words in sentence


def test_a_letter_is_welcome_beside_a_key_that_works_in_fields() -> None:
    assert KeyMap({**UNBOUND, "app.theme": "alt+t,x"}).complaints() == []


def test_the_default_keys_are_good() -> None:
    assert KeyMap().complaints() == []

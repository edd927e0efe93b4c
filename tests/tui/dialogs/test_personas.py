"""Personas: made, changed, chosen and removed inside the app, and remembered by name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.widgets import Input, Static, TextArea

from gptalk_client.config_file import load_settings
from gptalk_client.settings import ChatSettings, Persona, Settings
from gptalk_client.turn_options import TurnOptions
from gptalk_tui.dialogs.confirm import ConfirmScreen
from gptalk_tui.dialogs.persona_form import PersonaForm
from gptalk_tui.dialogs.personas import PersonasScreen
from gptalk_tui.dialogs.settings import SettingsScreen
from gptalk_tui.dialogs.settings_fields import BadValueError, Fields, Values, as_persona, persona_fields
from gptalk_tui.widgets.cycle import Cycle
from gptalk_tui.widgets.row_list import RowList
from support.apps import Running, paths_in, running_app
from support.scripted_provider import ScriptedProvider


async def at(app: Running, screen: type) -> None:
    await app.until(lambda: isinstance(app.app.screen, screen), f"{screen.__name__} opens")


def header(app: Running) -> str:
    plain: str = app.chat.query_one("#header").right.plain  # type: ignore[attr-defined]
    return plain


def put(app: Running, name: str, value: str) -> None:
    app.app.screen.query_one(f"#{name}", Input).value = value


def error(app: Running) -> str:
    return str(app.app.screen.query_one(".dialog-error", Static).content)


def written(app: Running) -> Mapping[str, Persona]:
    return load_settings(app.paths.config_file, environ={})[0].personas


async def test_a_persona_is_made_of_what_is_set_used_changed_and_removed(tmp_path: Path) -> None:
    provider = ScriptedProvider(["ok"])
    paths_in(tmp_path).config_file.write_text("# mine\n")
    async with running_app(provider, tmp_path) as app:
        await app.press("ctrl+t")
        await at(app, SettingsScreen)
        put(app, "temperature", "0.3")
        put(app, "others", 'top_k=40 logit_bias={"50256": -100}')
        app.app.screen.query_one("#system", TextArea).load_text("Be brief.")
        app.app.screen.query_one("#persona").focus()
        await app.press("enter")
        await at(app, PersonasScreen)
        await app.press("a")
        await at(app, PersonaForm)
        await app.press(*"Reviewer", "enter")
        await at(app, PersonasScreen)
        options: dict[str, Any] = {"top_k": 40, "logit_bias": {"50256": -100}}
        assert written(app) == {"Reviewer": Persona("Be brief.", "", 0.3, None, options)}
        await app.press("escape", "escape")
        assert app.chat.session.chosen.options == {}  # making one uses nothing
        await app.press(*"/personas", "enter")
        await at(app, PersonasScreen)
        await app.press("down", "enter")
        await app.until(lambda: "Reviewer" in header(app))
        await app.send("Hello")
        await app.until_idle()
        assert provider.requests[-1].options == {"temperature": 0.3, **options}
        await app.press(*"/personas", "enter")
        await at(app, PersonasScreen)
        row = app.app.screen.query_one(RowList).highlighted
        assert row is not None
        assert row.text == "Reviewer"
        await app.press("e")
        await at(app, PersonaForm)
        put(app, "temperature", "")
        put(app, "max_tokens", "50")
        await app.press("ctrl+t")
        await at(app, PersonasScreen)
        await app.press("escape")
        await app.send("Again")
        await app.until_idle()
        assert provider.requests[-1].options == {"max_tokens": 50, **options}
        await app.press(*"/personas", "enter")
        await at(app, PersonasScreen)
        await app.press("d")
        await at(app, ConfirmScreen)
        await app.press("enter")
        await at(app, PersonasScreen)
        await app.until(lambda: written(app) == {})
        await app.press("home", "enter")
        await app.until(lambda: app.app.screen is app.chat and "Reviewer" not in header(app))
        assert app.paths.config_file.read_text("utf-8").startswith("# mine")


async def test_what_is_wrong_with_a_persona_is_said_and_nothing_is_lost(tmp_path: Path) -> None:
    settings = Settings(provider="gptalk", personas={"taken": Persona("x")})
    async with running_app(ScriptedProvider(["ok"]), tmp_path, settings=settings) as app:
        await app.press(*"/personas", "enter")
        await at(app, PersonasScreen)
        await app.press("a")
        await at(app, PersonaForm)
        for name, top_p, words in (
            ("", "", "needs a name"),
            ("x" * 41, "", "at most 40 characters"),
            ("taken", "", "There is a persona “taken” already."),
            ("fine", "7", "top_p must be a number from 0 to 1"),
        ):
            put(app, "name", name)
            put(app, "top_p", top_p)
            await app.press("enter")
            await app.until(lambda words=words: words in error(app), words)
        assert app.app.screen.query_one("#top_p", Input).value == "7"
        assert not app.paths.config_file.exists()


async def test_reasoning_is_shown_as_the_settings_say_at_once(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider(["ok"]), tmp_path) as app:
        await app.press("ctrl+t", "up", "up", "right")
        cycle = app.app.screen.query_one("#reasoning", Cycle)
        assert cycle.value == "folded"
        cycle.focus()
        await app.press("right", "ctrl+t")
        await app.until(lambda: app.app.settings.chat.reasoning == "open")
        assert app.chat.transcript.document.reasoning == "open"
        assert load_settings(app.paths.config_file, environ={})[0].chat.reasoning == "open"


async def test_parameters_are_kept_as_defaults_too(tmp_path: Path) -> None:
    provider = ScriptedProvider(["ok"])
    async with running_app(provider, tmp_path) as app:
        await app.press("ctrl+t", "up", "up", "right")
        put(app, "top_p", "0,9")
        put(app, "stop", '["END", "STOP"]')
        app.app.screen.query_one("#reasoning_effort", Cycle).value = "low"
        await app.press("ctrl+t")
        await app.until(lambda: app.app.screen is app.chat)
        options = {"top_p": 0.9, "stop": ["END", "STOP"], "reasoning_effort": "low"}
        await app.until(lambda: app.app.settings.chat == ChatSettings(options=options))
        await app.send("Hello")
        await app.until_idle()
        assert provider.requests[-1].options == options
        assert load_settings(app.paths.config_file, environ={})[0].chat.options == options


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("", {}),
        ("top_k=40 min_p=0.05", {"top_k": 40, "min_p": 0.05}),
        ("top_k=40, min_p=0.05,", {"top_k": 40, "min_p": 0.05}),
        ('format={"type": "json"}  user=me and you', {"format": {"type": "json"}, "user": "me and you"}),
    ],
)
def test_other_parameters_are_read(typed: str, read: Mapping[str, Any]) -> None:
    assert Fields(others=typed).read().parameters == read


@pytest.mark.parametrize("typed", ["x", "= 3", "a=", "top_k=1 top_k=2", "model=m", "persona=p"])
def test_other_parameters_that_make_no_sense_are_refused(typed: str) -> None:
    with pytest.raises(BadValueError, match=r"\w"):
        Fields(others=typed).read()


JSON = st.recursive(
    st.booleans() | st.integers(-9999, 9999) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from(["top_k", "user", "format", "x.y"]), JSON, max_size=4))
def test_whatever_is_set_is_shown_in_a_way_that_means_the_same(options: Mapping[str, Any]) -> None:
    persona = Persona(options=options)
    assert as_persona(persona_fields(persona).read()) == persona


def test_a_persona_comes_between_the_conversation_and_the_defaults() -> None:
    from gptalk_client.models import Conversation

    persona = Persona("Be brief.", model="small", temperature=0.1, provider="local", options={"seed": 1})
    settings = Settings(
        provider="gptalk",
        model="usual",
        chat=ChatSettings(0.9, system_prompt="Be kind.", options={"seed": 2, "top_p": 0.5}),
        personas={"p": persona},
    )
    own = Conversation("", "", 0, 0, options={"persona": "p", "seed": 3})
    found = TurnOptions.resolve(settings, own)
    assert (found.provider, found.model, found.system_prompt) == ("local", "small", "Be brief.")
    assert found.parameters == {"temperature": 0.1, "top_p": 0.5, "seed": 3}
    elsewhere = Conversation("", "", 0, 0, provider="gptalk", options={"persona": "p"})
    assert TurnOptions.resolve(settings, elsewhere).model == "usual"  # the persona's is another provider's
    broken = Conversation("", "", 0, 0, options={"persona": ["p"]})
    assert TurnOptions.resolve(settings, broken).parameters == {"temperature": 0.9, "seed": 2, "top_p": 0.5}


def test_values_that_were_written_by_hand_show_what_is_wrong_with_them() -> None:
    shown = Fields.of(Values(parameters={"temperature": "hot", "seed": 1.5}))
    assert shown.parameters == {"temperature": "hot", "seed": "1.5"}
    with pytest.raises(BadValueError, match="temperature must be a number"):
        shown.read()

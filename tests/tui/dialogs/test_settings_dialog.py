"""Ctrl+T: who answers and how, for one conversation or for all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from textual.widgets import Input, Static, TextArea

from gptalk_client.config_file import load_settings
from gptalk_client.errors import ConfigError, NetworkError
from gptalk_client.paths import Paths
from gptalk_client.providers.base import Provider
from gptalk_client.settings import ChatSettings, Persona, ProviderSettings, Settings
from gptalk_client.store.store import Store
from gptalk_tui.app import GptalkApp
from gptalk_tui.dialogs.key_hints import KeyHints
from gptalk_tui.dialogs.model_picker import ModelPicker
from gptalk_tui.dialogs.settings import SettingsScreen
from gptalk_tui.widgets.cycle import Cycle
from support.apps import Running, paths_in, running_app
from support.scripted_provider import ScriptedProvider

SETTINGS = Settings(
    provider="gptalk",
    model="test-model",
    chat=ChatSettings(temperature=0.5, system_prompt="Be kind."),
    providers={"openai": ProviderSettings(url="http://127.0.0.1:9/v1")},
    personas={"terse": Persona(system_prompt="Be terse.", model="small", temperature=0.1)},
)


def dialog(app: Running) -> SettingsScreen:
    screen = app.app.screen
    assert isinstance(screen, SettingsScreen)
    return screen


def put(app: Running, field: str, value: str) -> None:
    dialog(app).query_one(field, Input).value = value


async def opened(app: Running) -> None:
    await app.press("ctrl+t")
    await app.until(lambda: isinstance(app.app.screen, SettingsScreen))


async def kept(app: Running) -> None:
    await app.press("ctrl+t")
    await app.until(lambda: app.app.screen is app.chat)
    await app.until_idle()


def note(app: Running) -> str:
    """Return what is said about the model."""
    return str(dialog(app).query_one("#model-note", Static).content)


def header(app: Running) -> str:
    plain: str = app.chat.query_one("#header").right.plain  # type: ignore[attr-defined]
    return plain


@asynccontextmanager
async def app_with(folder: Path, **providers: Provider) -> AsyncIterator[Running]:
    """Run the app with one provider a name."""

    def build(settings: Settings, _paths: Paths, _on_warning: object) -> Provider:
        found = providers.get(settings.provider or "gptalk")
        if found is None:
            raise ConfigError(f"There is no {settings.provider}.")
        return found

    paths = paths_in(folder)
    app = GptalkApp(SETTINGS, paths, build)
    async with app.run_test(size=(120, 36)) as pilot:
        running = Running(app, pilot, paths)
        await running.until(lambda: running.chat.services is not None, "the store opens")
        if starting := [worker for worker in app.workers if worker.group == "start"]:
            await app.workers.wait_for_complete(starting)
        yield running


def provider(name: str, reply: str, *models: str) -> ScriptedProvider:
    made = ScriptedProvider([reply], models=models)
    made.name, made.service = name, f"{name}.test"
    return made


async def test_what_is_in_force_is_shown_and_can_be_changed_for_one_conversation(tmp_path: Path) -> None:
    scripted = ScriptedProvider(["ok"], models=["one", "other-model"])
    async with running_app(scripted, tmp_path, settings=SETTINGS) as app:
        await app.send("Hello")
        await app.until_idle()
        await opened(app)
        assert dialog(app).query_one("#temperature", Input).placeholder == "0.5"
        assert dialog(app).query_one("#model", Input).placeholder == "default:\N{NO-BREAK SPACE}test-model"
        assert dialog(app).query_one("#system", TextArea).placeholder == "default: Be kind."
        put(app, "#temperature", "1.25")
        put(app, "#context", "1")
        put(app, "#model", "other-model")
        dialog(app).query_one("#system", TextArea).load_text("Be brief.")
        await kept(app)
        assert "other-model" in header(app)
        await app.send("Again")
        await app.until_idle()
        request = scripted.requests[-1]
        assert request.model == "other-model"
        assert request.options == {"temperature": 1.25}
        assert [m["content"] for m in request.messages] == ["Be brief.", "Again"]
        await app.press("ctrl+n")
        await app.send("Elsewhere")
        await app.until_idle()
        assert scripted.requests[-1].model == "test-model"
        assert scripted.requests[-1].options == {"temperature": 0.5}
        assert not app.paths.config_file.exists()


@pytest.mark.parametrize("size", [(58, 24), (40, 12)])
async def test_the_keys_stay_in_sight_while_the_fields_scroll(tmp_path: Path, size: tuple[int, int]) -> None:
    async with running_app(ScriptedProvider(["ok"]), tmp_path, size=size) as app:
        await opened(app)
        screen = app.app.screen
        for field in ("#provider", "#system"):
            chosen, fields = screen.query_one(field), screen.query_one(".dialog-fields")
            chosen.focus()
            await app.until(lambda: chosen.region in fields.region)  # noqa: B023 - awaited here
            hints = screen.query_one(KeyHints)
            assert hints.region in screen.query_one(".dialog").region
            assert hints.render().plain.startswith("Ctrl+T save   Esc cancel")


async def test_behind_a_dialog_no_edge_is_left_for_its_band_to_cut(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider(["ok"]), tmp_path) as app:
        chat = app.chat
        ground = chat.styles.background
        before = chat.list_pane.styles.background, chat.composer.styles.border_bottom
        assert before[0] != ground
        await opened(app)
        assert chat.list_pane.styles.background == ground
        assert chat.composer.styles.border_bottom == ("blank", ground)
        await app.press("escape")
        await app.until(lambda: app.app.screen is chat)
        assert (chat.list_pane.styles.background, chat.composer.styles.border_bottom) == before


async def test_a_new_conversation_takes_what_was_set_before_its_first_prompt(tmp_path: Path) -> None:
    scripted = ScriptedProvider(["ok"])
    async with running_app(scripted, tmp_path, settings=SETTINGS) as app:
        await opened(app)
        put(app, "#model", "mine")
        await kept(app)
        assert "mine" in header(app)
        assert app.store.conversations() == []
        await app.send("Hello")
        await app.until_idle()
        assert scripted.requests[-1].model == "mine"
        assert app.store.conversations()[0].model == "mine"
        await app.press("ctrl+n")
        assert "test-model" in header(app)


async def test_settings_hold_where_the_draft_was_stored_while_they_were_chosen(tmp_path: Path) -> None:
    scripted = ScriptedProvider(["ok"])
    async with running_app(scripted, tmp_path, settings=SETTINGS) as app:
        await app.press(*"Hello")
        await opened(app)
        put(app, "#model", "mine")
        await app.until(lambda: app.chat.session.conversation is not None, "the draft is stored")
        await kept(app)
        assert "mine" in header(app)
        await app.press("enter")
        await app.until_idle()
        assert scripted.requests[-1].model == "mine"


async def test_a_default_is_written_with_the_comments_kept(tmp_path: Path) -> None:
    scripted = ScriptedProvider(["ok"])
    config = paths_in(tmp_path).config_file
    config.write_text('# mine\nmodel = "test-model"  # for now\n')
    async with running_app(scripted, tmp_path, settings=SETTINGS) as app:
        await opened(app)
        dialog(app).query_one("#scope").focus()
        await app.press("right")
        assert dialog(app).query_one("#model", Input).value == "test-model"
        put(app, "#model", "another")
        put(app, "#temperature", "")
        await kept(app)
        await app.until(lambda: "another" in config.read_text())
        assert config.read_text().startswith('# mine\nmodel = "another"')
        assert "temperature" not in config.read_text()
        await app.send("Hello")
        await app.until_idle()
        assert scripted.requests[-1].model == "another"
        assert scripted.requests[-1].options == {}


async def test_a_value_that_cannot_be_used_is_told_in_the_dialog(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider(["ok"]), tmp_path, settings=SETTINGS) as app:
        await opened(app)
        for field, value, words in (
            ("#temperature", "hot", "temperature must be a number from 0 to 2"),
            ("#temperature", "3", "temperature must be a number from 0 to 2"),
            ("#top_p", "1.5", "top_p must be a number from 0 to 1"),
            ("#max_tokens", "0", "max_tokens must be a whole number, 1 or more"),
            ("#seed", "1.5", "seed must be a whole number"),
            ("#stop", "[1]", "stop must be a text or a list of texts"),
            ("#presence_penalty", "-3", "presence_penalty must be a number from -2 to 2"),
            ("#frequency_penalty", "x", "frequency_penalty must be a number from -2 to 2"),
            ("#others", "top_k", "“top_k” is not name=value"),
            ("#others", "top_k=", "top_k has no value"),
            ("#others", "stream=false", "stream can't be set"),
            ("#context", "-1", "whole number"),
        ):
            for each in dialog(app).query(Input):
                each.value = ""
            put(app, field, value)
            await app.press("ctrl+t")
            assert words in str(dialog(app).query_one(".dialog-error", Static).content)
        await app.press("escape")
        assert app.app.screen is app.chat
        assert app.chat.composer.has_focus


async def test_a_context_beyond_all_conversations_is_kept_as_the_config_file_takes_it(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider(["ok"]), tmp_path, settings=SETTINGS) as app:
        await opened(app)
        dialog(app).query_one("#scope", Cycle).focus()
        await app.press("right")
        put(app, "#context", "9" * 30)
        await kept(app)
        await app.until(lambda: app.app.settings.chat.context_messages == 1_000_000)
    assert load_settings(app.paths.config_file, environ={})[0].chat.context_messages == 1_000_000


async def test_a_value_that_cannot_be_used_is_shown_together_with_what_it_is_for(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider(["ok"]), tmp_path, settings=SETTINGS) as app:
        await opened(app)
        put(app, "#temperature", "hot")
        scope = dialog(app).query_one("#scope", Cycle)
        scope.focus()
        await app.press("right")
        assert scope.value == "default"
        await app.press("ctrl+t")
        assert "a number from 0 to 2" in str(dialog(app).query_one(".dialog-error", Static).content)
        assert scope.value == "here"
        assert dialog(app).query_one("#temperature", Input).value == "hot"
        put(app, "#temperature", "1")
        await kept(app)
        assert app.chat.session.chosen.options == {"temperature": 1.0}


async def test_a_provider_that_is_not_set_up_any_more_stays_while_other_things_are_set(
    tmp_path: Path,
) -> None:
    settings = replace(SETTINGS, providers={})
    with Store.open(paths_in(tmp_path).database) as store:
        far = store.create_conversation(title="Far", provider="openai")
    async with running_app(ScriptedProvider(["ok"]), tmp_path, settings=settings) as app:
        await opened(app)
        assert "openai" in dialog(app).query_one("#provider", Cycle).render().plain
        await app.press("ctrl+t")
        await app.until(lambda: app.app.screen is app.chat)
        await opened(app)
        put(app, "#context", "3")
        await kept(app)
        assert app.store.conversation(far.id).provider == "openai"
        assert app.store.conversation(far.id).options == {"context_messages": 3}


async def test_models_come_in_the_background_and_are_chosen_from_a_list(tmp_path: Path) -> None:
    scripted = ScriptedProvider(["ok"], models=["one", "two"])
    async with running_app(scripted, tmp_path, settings=SETTINGS) as app:
        await opened(app)
        await app.until(lambda: note(app) == "2 models")
        dialog(app).query_one("#model").focus()
        await app.press(*"tw", "enter")
        await app.until(lambda: isinstance(app.app.screen, ModelPicker))
        await app.press("enter")
        await app.until(lambda: isinstance(app.app.screen, SettingsScreen))
        assert dialog(app).query_one("#model", Input).value == "two"
        await app.press("down", *"0,7", "up")
        assert dialog(app).query_one("#model", Input).value == "two"
        assert dialog(app).query_one("#temperature", Input).value == "0,7"
        await app.press("ctrl+t")
        await app.until(lambda: "two" in header(app))
        assert app.chat.session.chosen.options == {"temperature": 0.7}


async def test_models_that_cannot_be_had_are_told_and_free_text_works(tmp_path: Path) -> None:
    scripted = ScriptedProvider(["ok"])

    async def refuse() -> list[str]:
        raise NetworkError("No connection.")

    scripted.models = refuse  # type: ignore[method-assign]
    async with running_app(scripted, tmp_path, settings=SETTINGS) as app:
        await opened(app)
        await app.until(lambda: note(app) == "No connection.")
        put(app, "#model", "free-text")
        await kept(app)
        assert "free-text" in header(app)


async def test_a_persona_is_remembered_by_name_and_applies_where_nothing_else_is_set(tmp_path: Path) -> None:
    scripted = ScriptedProvider(["ok"])
    async with running_app(scripted, tmp_path, settings=SETTINGS) as app:
        await opened(app)
        dialog(app).query_one("#persona").focus()
        await app.press("right")
        assert dialog(app).query_one("#model", Input).placeholder == "terse:\N{NO-BREAK SPACE}small"
        assert dialog(app).query_one("#system", TextArea).placeholder == "terse: Be terse."
        assert dialog(app).query_one("#temperature", Input).placeholder == "0.1"
        put(app, "#temperature", "0.2")
        await kept(app)
        assert "terse · small" in header(app)
        await app.send("Hello")
        await app.until_idle()
        request = scripted.requests[-1]
        assert (request.model, request.options) == ("small", {"temperature": 0.2})
        assert request.messages[0]["content"] == "Be terse."
        assert app.store.conversations()[0].options == {"persona": "terse", "temperature": 0.2}
        await opened(app)
        assert dialog(app).query_one("#persona", Cycle).value == "terse"


async def test_a_persona_that_was_removed_is_named_as_removed(tmp_path: Path) -> None:
    scripted = ScriptedProvider(["ok"])
    with Store.open(paths_in(tmp_path).database) as store:
        store.create_conversation(title="Far", options={"persona": "gone"})
    async with running_app(scripted, tmp_path, settings=SETTINGS) as app:
        assert "gone (removed)" in header(app)
        await app.send("Hello")
        await app.until_idle()
        assert scripted.requests[-1].model == "test-model"
        await opened(app)
        assert "gone (removed)" in dialog(app).query_one("#persona", Cycle).render().plain


async def test_another_provider_answers_in_one_conversation_only(tmp_path: Path) -> None:
    usual, other = provider("gptalk", "usual"), provider("openai", "other", "big")
    async with app_with(tmp_path, gptalk=usual, openai=other) as app:
        await app.send("One")
        await app.until_idle()
        await opened(app)
        await app.press("right", "right", "right")
        assert dialog(app).query_one("#provider", Cycle).value == "openai"
        await app.until(lambda: note(app) == "1 model")
        await kept(app)
        assert "openai.test" in header(app)
        await app.send("Two")
        await app.until_idle()
        assert "other" in app.text
        assert other.requests[-1].model == ""  # the default's model is none of this provider's
        await app.press("ctrl+n")
        assert "gptalk.test" in header(app)
        await app.send("Three")
        await app.until_idle()
        assert len(usual.requests) == 2
        await app.press("ctrl+q")
        await app.until(lambda: app.app._exit)
    assert usual.is_closed
    assert other.is_closed


async def test_another_default_provider_answers_everywhere_and_running_replies_go_on(tmp_path: Path) -> None:
    gate = asyncio.Event()
    usual, other = ScriptedProvider(["begin ", gate, "end"]), provider("openai", "other")
    async with app_with(tmp_path, gptalk=usual, openai=other) as app:
        await app.send("One")
        await app.until(lambda: "begin" in app.text)
        await opened(app)
        dialog(app).query_one("#scope").focus()
        await app.press("right")
        dialog(app).query_one("#provider", Cycle).value = "openai"
        await kept_while_streaming(app)
        assert "openai.test" in header(app)
        assert not usual.is_closed
        gate.set()
        await app.until_idle()
        assert "begin end" in app.text
        assert 'provider = "openai"' in app.paths.config_file.read_text()
        await app.send("Two")
        await app.until_idle()
        assert "other" in app.text


async def kept_while_streaming(app: Running) -> None:
    await app.press("ctrl+t")
    await app.until(lambda: app.paths.config_file.exists() and "openai" in header(app))


async def test_a_provider_that_cannot_be_made_is_told_and_nothing_is_lost(tmp_path: Path) -> None:
    async with app_with(tmp_path, gptalk=provider("gptalk", "usual")) as app:
        await opened(app)
        await app.press("right", "right")
        assert dialog(app).query_one("#provider", Cycle).value == "local"
        await kept(app)
        assert any("There is no local." in each.message for each in app.app._notifications)
        await app.send("Keep me")
        await app.until(lambda: app.chat.composer.text == "Keep me")
        assert not app.chat.session.turns


async def test_what_is_typed_stays_while_scopes_and_personas_are_looked_through(tmp_path: Path) -> None:
    personas = {
        "terse": Persona(system_prompt="Be terse.", model="small", temperature=0.1),
        "plain": Persona(system_prompt="Be plain."),
    }
    settings = replace(SETTINGS, personas=personas)
    async with running_app(ScriptedProvider(["ok"]), tmp_path, settings=settings) as app:
        await app.send("Hello")
        await app.until_idle()
        await opened(app)
        scope, persona = dialog(app).query_one("#scope"), dialog(app).query_one("#persona", Cycle)
        system, temperature = (
            dialog(app).query_one("#system", TextArea),
            dialog(app).query_one("#temperature", Input),
        )
        system.load_text("Be mine.")
        scope.focus()
        await app.press("right")
        put(app, "#context", "7")
        await app.press("left")
        assert system.text == "Be mine."
        persona.focus()
        await app.press("right")
        assert (system.text, temperature.placeholder) == ("Be mine.", "0.1")
        await app.press("right")
        assert (system.text, temperature.placeholder) == ("Be mine.", "0.5")
        await app.press("left", "left")
        assert persona.value == ""
        assert system.text == "Be mine."
        await app.press("right", "right", "ctrl+t")
        await app.until(lambda: app.app.screen is app.chat)
        await app.until(lambda: app.chat.session.chosen.system_prompt == "Be mine.")
        await app.until(lambda: app.app.settings.chat.context_messages == 7)
        await opened(app)
        assert dialog(app).query_one("#persona", Cycle).value == "plain"

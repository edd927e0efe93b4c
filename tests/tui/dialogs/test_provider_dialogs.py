"""Providers from inside the app: found, added, tested, changed, removed; the first start with an engine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from textual.widgets import Input, Static

from gptalk_client.config_file import load_settings
from gptalk_client.providers.api_keys import KeptKeys
from gptalk_client.settings import Persona, ProviderSettings, Settings
from gptalk_client.store.store import Store
from gptalk_tui.app import GptalkApp
from gptalk_tui.dialogs.add_provider import AddProviderScreen
from gptalk_tui.dialogs.confirm import ConfirmScreen
from gptalk_tui.dialogs.model_picker import ModelPicker
from gptalk_tui.dialogs.provider_form import ProviderForm
from gptalk_tui.dialogs.providers import ProvidersScreen
from gptalk_tui.dialogs.settings import SettingsScreen
from gptalk_tui.dialogs.setup import Choice, SetupScreen
from gptalk_tui.factory import build_provider
from gptalk_tui.widgets.row_list import RowList
from support.apps import Running, paths_in
from support.engines import NOT_FOUND, OLLAMA, Route, engine
from support.raw_server import Connection, Handler, RawServer
from support.usual_ports import VARIABLE


@asynccontextmanager
async def real_app(
    folder: Path, settings: Settings | None = None, *, size: tuple[int, int] = (100, 30)
) -> AsyncIterator[Running]:
    """Run the app with real providers."""
    paths = paths_in(folder)
    app = GptalkApp(settings or Settings(provider="gptalk", url="http://127.0.0.1:9"), paths, build_provider)
    async with app.run_test(size=size) as pilot:
        running = Running(app, pilot, paths)
        if starting := [worker for worker in app.workers if worker.group == "start"]:
            await app.workers.wait_for_complete(starting)
        yield running


def keyed(routes: Mapping[str, Route], key: str) -> dict[str, Route]:
    """Return routes that want a key."""

    def checked(route: Route) -> Route:
        def answer(request: object) -> Route:
            is_right = request.headers.get("authorization") == f"Bearer {key}"  # type: ignore[attr-defined]
            return route if is_right else ("401 Unauthorized", {"error": {"message": "No such key."}})

        return answer  # type: ignore[return-value]

    return {path: checked(route) for path, route in routes.items()}


async def at(app: Running, screen: type) -> None:
    await app.until(lambda: isinstance(app.app.screen, screen), f"{screen.__name__} opens")


def rows(app: Running) -> list[tuple[str, str]]:
    return [(row.text, row.right) for row in app.app.screen.query_one(RowList).rows]


def highlighted(app: Running) -> str:
    row = app.app.screen.query_one(RowList).highlighted
    return row.text if row else ""


def error(app: Running) -> str:
    found = app.app.screen.query_one(".dialog-error", Static)
    return " ".join(str(found.content).split()) if found.has_class("-shown") else ""


def field(app: Running, name: str) -> Input:
    return app.app.screen.query_one(f"#{name}", Input)


def header(app: Running) -> str:
    plain: str = app.chat.query_one("#header").right.plain  # type: ignore[attr-defined]
    return plain


def written(app: Running) -> Settings:
    return load_settings(app.paths.config_file, environ={})[0]


async def type_into(app: Running, name: str, text: str) -> None:
    field(app, name).value = ""
    field(app, name).focus()
    await app.press(*text)


async def open_form(app: Running) -> None:
    """Open the form for another address, from the settings."""
    await app.press("ctrl+t", "enter")
    await at(app, ProvidersScreen)
    await app.press("a")
    await at(app, AddProviderScreen)
    await app.press("end", "up", "enter")
    await at(app, ProviderForm)


async def test_with_an_engine_on_this_computer_the_first_start_takes_four_keys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with RawServer(engine(OLLAMA, reply="Hello from the engine.")) as server:
        monkeypatch.setenv(VARIABLE, f"11434={server.port}")
        async with real_app(tmp_path, Settings()) as app:
            await at(app, SetupScreen)
            await app.until(lambda: highlighted(app) == "An engine that you run or rent")
            assert ("An engine that you run or rent", "Ollama runs here") in rows(app)
            await app.press("enter")
            await at(app, AddProviderScreen)
            assert highlighted(app) == "Ollama"
            assert not app.paths.config_file.exists()
            await app.press("enter")
            await at(app, ModelPicker)
            assert rows(app) == [("qwen3:8b", "8.2B · Q4_K_M")]
            assert not app.paths.config_file.exists()
            await app.press("enter")
            await app.until(lambda: app.app.screen is app.chat and "qwen3:8b · ollama" in header(app))
            await app.send("Hello")
            await app.until(lambda: "Hello from the engine." in app.text)
            await app.until_idle()
            settings = written(app)
    assert settings.provider == "ollama"
    assert settings.providers == {
        "ollama": ProviderSettings(url="http://127.0.0.1:11434/v1", model="qwen3:8b")
    }
    assert server.requests[-1].json()["model"] == "qwen3:8b"


async def test_escape_leads_back_one_dialog_at_a_time_and_keeps_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with RawServer(engine(OLLAMA)) as server:
        monkeypatch.setenv(VARIABLE, f"11434={server.port}")
        async with real_app(tmp_path, Settings()) as app:
            await app.until(lambda: highlighted(app) == "An engine that you run or rent")
            await app.press("enter")
            await at(app, AddProviderScreen)
            await app.press("enter")
            for screen in (ModelPicker, ProviderForm, AddProviderScreen, SetupScreen):
                await at(app, screen)
                await app.press("escape")
            await app.until(lambda: app.app.screen is app.chat)
            assert app.chat.composer.has_focus
            assert not app.paths.config_file.exists()
            assert not app.paths.provider_keys.exists()


async def test_an_address_without_scheme_and_path_is_tested_and_kept_with_a_typed_key(tmp_path: Path) -> None:
    async with RawServer(engine(keyed(OLLAMA, "sk-right"))) as server, real_app(tmp_path) as app:
        await open_form(app)
        await app.press(*f"127.0.0.1:{server.port}", "enter")
        await app.until(lambda: "No such key." in error(app))
        assert field(app, "url").value == f"127.0.0.1:{server.port}"
        await type_into(app, "key", "sk-wrong")
        await app.press("enter")
        await app.until(lambda: "No such key." in error(app))
        assert field(app, "key").value == "sk-wrong"
        await type_into(app, "name", "mine")
        await type_into(app, "key", "sk-right")
        await app.press("enter")
        await at(app, ModelPicker)
        assert not app.paths.config_file.exists()
        await app.press("enter")
        await at(app, ProvidersScreen)
        assert highlighted(app) == "mine"
        await app.press("enter")
        await at(app, SettingsScreen)
        await app.press("ctrl+t")
        await app.until(lambda: "qwen3:8b · mine" in header(app))
        url = f"http://127.0.0.1:{server.port}"
        assert written(app).providers == {"mine": ProviderSettings(url=url, model="qwen3:8b")}
        assert written(app).provider is None  # for this conversation only
        assert KeptKeys(app.paths.provider_keys).find("mine", url) == "sk-right"
        assert app.paths.provider_keys.stat().st_mode & 0o077 == 0
        assert "sk-right" not in app.paths.config_file.read_text("utf-8")


async def test_a_key_that_is_not_to_be_kept_works_until_the_app_closes(tmp_path: Path) -> None:
    async with RawServer(engine(keyed(OLLAMA, "sk-once"))) as server, real_app(tmp_path) as app:
        await open_form(app)
        await app.press(*f"127.0.0.1:{server.port}")
        await type_into(app, "key", "sk-once")
        app.app.screen.query_one("#keeps").focus()
        await app.press("right", "enter")
        await at(app, ModelPicker)
        await app.press("enter")
        await at(app, ProvidersScreen)
        await app.press("t")
        await app.until(lambda: "answers: 1 model." in str(app.app.screen.query_one(".dialog-note").content))  # type: ignore[attr-defined]
        await app.press("e")
        await at(app, ProviderForm)
        await app.press("enter")  # tested and kept again, with the key that is known
        await at(app, ModelPicker)
        await app.press("enter")
        await at(app, ProvidersScreen)
        assert "sk-once" not in app.paths.config_file.read_text("utf-8")
        assert not app.paths.provider_keys.exists()


async def test_a_preset_that_does_not_run_says_how_to_start_it_and_is_tested_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with RawServer(engine(OLLAMA)) as server, real_app(tmp_path) as app:
        await app.press(*"/providers", "enter")
        await at(app, ProvidersScreen)
        await app.press("a")
        await at(app, AddProviderScreen)
        await app.press("enter")
        await at(app, ProviderForm)
        await app.until(lambda: "Start it with `ollama serve`, then press Enter." in error(app))
        monkeypatch.setenv(VARIABLE, f"11434={server.port}")
        await app.press("enter")
        await at(app, ModelPicker)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", "The address is missing."),
        ("a b", "can't contain spaces"),
        ("ftp://x", "starts with http:// or https://"),
        ("http://nowhere.invalid", "No such host: nowhere.invalid."),
        ("127.0.0.1:9", "Nothing answers at 127.0.0.1:9. Start the engine there"),
    ],
)
async def test_what_is_wrong_with_an_address_is_said_where_it_is_typed(
    tmp_path: Path, typed: str, words: str
) -> None:
    async with real_app(tmp_path) as app:
        await open_form(app)
        await app.press(*typed, "enter")
        await app.until(lambda: words in error(app), words)
        assert "config path" not in error(app)
        assert field(app, "url").value == typed
        assert not app.paths.config_file.exists()


@pytest.mark.parametrize(
    ("routes", "path", "words"),
    [
        ({"/v1/models": ("200 OK", {"data": []})}, "", "has no models yet"),
        ({"/wrong/models": NOT_FOUND, "/wrong/chat/completions": NOT_FOUND}, "/wrong", "doesn't know"),
        ({"/v1/models": ("200 OK", b"<html>Welcome</html>")}, "", "A web page answered"),
    ],
)
async def test_an_address_where_nobody_would_reply_is_not_kept(
    tmp_path: Path, routes: Mapping[str, Route], path: str, words: str
) -> None:
    async with RawServer(engine(routes)) as server, real_app(tmp_path) as app:
        await open_form(app)
        await app.press(*f"127.0.0.1:{server.port}{path}", "enter")
        await app.until(lambda: words in error(app), words)
        assert isinstance(app.app.screen, ProviderForm)


def silent(asked: asyncio.Event) -> Handler:
    """Return a handler that never answers."""

    async def handle(connection: Connection) -> None:
        await connection.request()
        asked.set()
        await connection.client_gone()

    return handle


async def test_a_server_that_never_answers_holds_nothing_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = asyncio.Event()
    async with RawServer(silent(asked)) as server:
        monkeypatch.setenv(VARIABLE, f"8080={server.port}")
        async with real_app(tmp_path) as app:
            await app.press("ctrl+t", "enter", "a")
            await at(app, AddProviderScreen)
            await asked.wait()
            asked.clear()
            await app.press("end", "up", "enter")
            await at(app, ProviderForm)
            await app.press(*f"127.0.0.1:{server.port}", "enter")
            await asked.wait()
            await app.press("escape")
            await at(app, AddProviderScreen)
            await app.until(lambda: server.open_connections == 0, "the requests end with their dialogs")
            assert not app.paths.config_file.exists()


async def test_a_provider_is_changed_and_removed_also_where_a_persona_uses_it(tmp_path: Path) -> None:
    async with RawServer(engine(OLLAMA)) as server:
        mine = ProviderSettings(url="http://127.0.0.1:9/v1", headers={"x-team": "42"}, options={"seed": 7})
        settings = Settings(
            provider="mine", providers={"mine": mine}, personas={"p": Persona("Be brief.", provider="mine")}
        )
        paths_in(tmp_path).config_file.write_text(
            'provider = "mine"  # who answers\n[providers.mine]\nurl = "http://127.0.0.1:9/v1"\n'
            'headers = { "x-team" = "42" }\noptions = { seed = 7 }\n'
            '[personas.p]\nsystem_prompt = "Be brief."\nprovider = "mine"\n'
        )
        async with real_app(tmp_path, settings) as app:
            await app.press("ctrl+t", "enter")
            await at(app, ProvidersScreen)
            await app.press("t")
            await app.until(lambda: "Nothing answers at 127.0.0.1:9" in error(app))
            await app.press("e")
            await at(app, ProviderForm)
            await type_into(app, "url", f"http://127.0.0.1:{server.port}/v1")
            await app.press("enter")
            await at(app, ModelPicker)
            await app.press("enter")
            await at(app, ProvidersScreen)
            changed = replace(mine, url=f"http://127.0.0.1:{server.port}/v1", model="qwen3:8b")
            assert written(app).providers == {"mine": changed}
            assert "# who answers" in app.paths.config_file.read_text("utf-8")
            await app.press("escape", "escape")
            await app.send("Hello")
            await app.until(lambda: "Fine." in app.text, "the changed provider answers")
            await app.until_idle()
            assert server.requests[-1].headers["x-team"] == "42"
            await app.press("ctrl+t", "enter")
            await at(app, ProvidersScreen)
            await app.press("d")
            await at(app, ConfirmScreen)
            await app.press("enter")
            await app.until(lambda: written(app).providers == {})
            assert written(app).provider == "gptalk"
            assert written(app).personas == {"p": Persona("Be brief.")}
            await app.press("home", "d")
            assert "built in" in str(app.app.screen.query_one(".dialog-note", Static).content)


async def test_a_conversation_whose_provider_is_gone_says_so_and_another_can_be_chosen(
    tmp_path: Path,
) -> None:
    async with RawServer(engine(OLLAMA)) as server:
        with Store.open(paths_in(tmp_path).database) as store:
            store.create_conversation(title="Far", provider="old", model="m")
        there = ProviderSettings(url=f"http://127.0.0.1:{server.port}/v1")
        async with real_app(tmp_path, Settings(provider="there", providers={"there": there})) as app:
            await app.until(lambda: "old (removed)" in header(app))
            await app.send("Hello")
            await app.until(lambda: app.chat.composer.text == "Hello", "the prompt comes back")
            said = [each.message for each in app.app._notifications]
            assert any("There is no provider “old”" in each and "Ctrl+T" in each for each in said)
            await app.press("ctrl+t", "enter", "end", "enter")
            await at(app, SettingsScreen)
            await app.press("ctrl+t")
            await app.until(lambda: "there" in header(app) and "removed" not in header(app))
            await app.press("enter")
            await app.until(lambda: "Fine." in app.text)
            await app.until_idle()


async def test_a_name_that_is_taken_or_unusable_is_refused(tmp_path: Path) -> None:
    there = ProviderSettings(url="http://127.0.0.1:9/v1")
    async with real_app(tmp_path, Settings(provider="there", providers={"there": there})) as app:
        await open_form(app)
        await type_into(app, "url", "http://127.0.0.1:9")
        for name, words in (
            ("there", "There is a provider “there” already."),
            ("gptalk", "The name “gptalk” is taken"),
            ("a/b", "can't be a provider's name"),
        ):
            await type_into(app, "name", name)
            await app.press("enter")
            await app.until(lambda words=words: words in error(app), words)


@pytest.mark.parametrize("size", [(120, 36), (80, 24), (58, 24), (40, 12)])
async def test_every_field_and_row_can_be_reached_at_any_size(tmp_path: Path, size: tuple[int, int]) -> None:
    async with real_app(tmp_path, size=size) as app:
        await open_form(app)
        for name in ("name", "url", "key", "variable"):
            box = field(app, name)
            box.focus()
            await app.until(
                lambda box=box: 0 < box.region.bottom <= size[1] - 1 and box.region.width >= 12, name
            )
        await app.press("enter")
        await app.until(lambda: error(app))
        shown = app.app.screen.query_one(".dialog-error")
        await app.until(
            lambda: shown.region.y > 0 and shown.region.bottom <= size[1] - 1, "the error is in view"
        )
        await app.press("escape")
        await at(app, AddProviderScreen)
        await app.press("end")
        rows = app.app.screen.query_one(RowList)
        assert rows.region.bottom <= size[1]
        assert 0 <= rows.at - int(rows.scroll_y) < rows.size.height


async def test_the_first_start_names_nobody_until_a_provider_is_chosen(tmp_path: Path) -> None:
    async with real_app(tmp_path, Settings()) as app:
        await at(app, SetupScreen)
        bars = app.chat.controllers.bars
        assert header(app) == ""
        assert "answers" not in str(bars.welcome.content)
        app.app.screen.dismiss(Choice("gptalk", "http://127.0.0.1:9"))
        await app.until(lambda: "127.0.0.1:9" in header(app))
        await app.until(lambda: "answers" in str(bars.welcome.content))

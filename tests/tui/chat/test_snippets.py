"""A snippet's command puts its text into the composer; Tab walks its variables."""

from __future__ import annotations

from pathlib import Path

from gptalk_client.settings import Settings
from gptalk_tui.widgets.completions import Completions
from support.apps import Running, paths_in, running_app
from support.scripted_provider import ScriptedProvider

SETTINGS = Settings(
    provider="gptalk",
    snippets={"fix": "Fix {file}:\n{what} in {file}.", "plain": "No variables.", "new": "taken"},
)


async def start(app: Running) -> None:
    await app.until(lambda: app.chat.controllers.snippets.texts)


async def test_tab_walks_the_variables_there_and_back(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider([]), tmp_path, settings=SETTINGS) as app:
        await start(app)
        composer = app.chat.composer
        await app.press(*"/fix ", "enter")
        assert composer.text == "Fix {file}:\n{what} in {file}."
        assert composer.selected_text == "{file}"
        await app.press(*"a.py", "tab")
        assert composer.selected_text == "{what}"
        await app.press(*"line 3", "shift+tab")
        assert composer.selected_text == "a.py"
        await app.press(*"b.py", "tab")
        assert composer.selected_text == "line 3"
        await app.press("tab")
        assert composer.selected_text == "{file}"
        await app.press("c", "tab")
        assert composer.text == "Fix b.py:\nline 3 in c."
        assert composer.has_focus
        await app.press("tab")
        assert composer.cursor_at_end_of_text
        assert composer._stops is None


async def test_words_after_the_command_fill_the_first_variable(tmp_path: Path) -> None:
    provider = ScriptedProvider(["ok"])
    async with running_app(provider, tmp_path, settings=SETTINGS) as app:
        await start(app)
        await app.send("/fix my file.py")
        assert app.chat.composer.text == "Fix my file.py:\n{what} in {file}."
        assert app.chat.composer.selected_text == "{what}"
        app.chat.composer.set_text("")
        await app.send("/plain Really.")
        assert app.chat.composer.text == "No variables.\n\nReally."
        assert provider.requests == []
        await app.press("enter")
        await app.until_idle()
        assert provider.requests[0].messages[-1]["content"] == "No variables.\n\nReally."


async def test_the_list_offers_snippets_with_their_text(tmp_path: Path) -> None:
    folder = paths_in(tmp_path).config_file.parent / "snippets"
    folder.mkdir(parents=True)
    (folder / "review.md").write_text("Review\n{file}, please.")
    async with running_app(ScriptedProvider([]), tmp_path, settings=SETTINGS) as app:
        await start(app)
        await app.press(*"/revi")
        await app.until(lambda: app.chat.composer.is_completing)
        rows = app.chat.query_one(Completions).rows
        assert rows[0].text.split() == ["/review", "Review", "{file},", "please."]
        await app.press("enter")
        assert app.chat.composer.text == "Review\n{file}, please."
        assert app.chat.composer.selected_text == "{file}"


async def test_a_snippet_that_a_command_hides_is_reported(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider([]), tmp_path, settings=SETTINGS) as app:
        await start(app)
        said = "\n".join(each.message for each in app.app._notifications)
        assert "/new is a command of the program" in said
        await app.send("/new")
        assert app.chat.composer.text == ""

"""Text from outside is shown literally by every part of the app, even without the control filter."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from gptalk_client.models import Status
from gptalk_client.settings import Persona, Settings
from gptalk_client.store.store import Store
from gptalk_tui.dialogs.confirm import ConfirmScreen
from gptalk_tui.dialogs.model_picker import ModelPicker
from gptalk_tui.dialogs.persona_form import PersonaForm
from gptalk_tui.dialogs.personas import PersonasScreen
from gptalk_tui.dialogs.settings import SettingsScreen
from gptalk_tui.terminal.control_filter import ControlFilter
from support.apps import Running, paths_in, running_app
from support.hostile_texts import HOSTILE_TEXTS, bare, seen
from support.scripted_provider import ScriptedProvider
from support.terminal_bytes import complaints


@pytest.fixture
def unfiltered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ControlFilter, "apply", lambda _self, segments, _background: segments)


def painted(running: Running, selector: str) -> str:
    """Return what is painted in the regions of widgets, line by line."""
    lines = running.app.screen._compositor.render_strips()
    regions = [each.region for each in running.app.screen.query(selector)]
    return "\n".join(
        lines[y].crop(region.x, region.right).text
        for region in regions
        for y in range(region.y, region.bottom)
    )


async def shows(running: Running, words: str, where: str) -> None:
    """Wait until words are painted literally, and check that nothing raw is painted anywhere."""
    await running.until(lambda: bare(words) in bare(painted(running, where)), f"{words!r} is painted")
    assert complaints(painted(running, "Screen").replace("\n", "").encode(), is_app=True) == []


async def test_the_app_installs_the_control_filter(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider([]), tmp_path) as running:
        assert any(isinstance(each, ControlFilter) for each in running.app.get_line_filters())


@pytest.mark.usefixtures("unfiltered")
async def test_notices_and_headings_show_text_literally(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider([]), tmp_path, size=(180, 50)) as running:
        for raw in HOSTILE_TEXTS.values():
            text = raw.replace("\x00", "")
            running.app.clear_notifications()
            running.chat.say(f"{text}\nsecond line")
            await shows(running, f"{seen(text)}second line", "#status")
            running.app.clear_notifications()
            running.app.notify("words", title=text)
            await shows(running, f"{seen(text)}: words", "#status")
        running.chat.list_pane.set_heading("[@click=app.quit]here[/]")
        await shows(running, "[@click=app.quit]here[/]", "#heading")


async def test_a_confirmation_shows_text_literally(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider([]), tmp_path) as running:
        running.app.push_screen(ConfirmScreen("Open [/nope]?", "[@click=app.quit]here[/]", yes="Open"))
        await running.until(lambda: isinstance(running.app.screen, ConfirmScreen))
        await shows(running, "Open [/nope]?", ".dialog")
        await shows(running, "[@click=app.quit]here[/]", ".dialog")


@pytest.mark.usefixtures("unfiltered")
@pytest.mark.parametrize("what", ["clipboard", "clear", "bidi", "broken markup", "fence"])
async def test_settings_show_text_literally_and_keep_untouched_values(tmp_path: Path, what: str) -> None:
    text = HOSTILE_TEXTS[what]
    name = text.replace("\n", " ")
    with Store.open(paths_in(tmp_path).database) as store:
        conversation = store.create_conversation(title="one", model=name, system_prompt=text)
        _, reply = store.open_turn(conversation.id, "prompt")
        store.close_turn(reply.id, Status.COMPLETE)
    settings = Settings(provider="gptalk", personas={name: Persona(model=name, system_prompt=text)})
    provider = ScriptedProvider([], models=[name, "second"])
    async with running_app(provider, tmp_path, settings=settings, size=(160, 50)) as running:
        await running.press("ctrl+t")
        dialog = running.app.screen
        assert isinstance(dialog, SettingsScreen)
        await running.press("tab", "enter")
        await running.until(lambda: isinstance(running.app.screen, ModelPicker))
        await shows(running, seen(name), "RowList")
        await running.press("escape")
        await shows(running, seen(text), "#system")
        await shows(running, seen(name), "#model")
        await running.press("ctrl+t")
        [kept] = running.store.conversations()
        assert (kept.model, kept.system_prompt) == (name, text)
        await running.press("ctrl+t")
        running.app.screen.query_one("#persona").focus()
        await running.press("right")
        await shows(running, f"‹ {seen(name)}", "#persona")
        await running.press("enter", "down", "e")
        await running.until(lambda: isinstance(running.app.screen, PersonaForm))
        await shows(running, seen(text), "#system")
        await shows(running, seen(name), "#model")
        await running.press("tab", "ctrl+t")
        await running.until(lambda: isinstance(running.app.screen, PersonasScreen))
        assert running.app.settings.personas == settings.personas
        await running.press("escape", "left", "ctrl+t")
        await running.until(lambda: running.app.screen is running.chat)
        [kept] = running.store.conversations()
        assert (kept.model, kept.system_prompt) == (name, text)


async def test_copied_text_contains_no_control_character(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("TMUX", "STY", "DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    reply = "first\r\nrm -rf ~\rsecond\tline\x1b[201~"
    async with running_app(ScriptedProvider([reply]), tmp_path) as running:
        written: list[str] = []
        assert running.app._driver is not None
        monkeypatch.setattr(running.app._driver, "write", written.append)

        async def copied() -> str:
            await running.until(lambda: written, "the copy")
            sequence = written.pop()
            payload = sequence.removeprefix("\x1b]52;c;").removesuffix("\x07")
            text = base64.b64decode(payload, validate=True).decode()
            assert running.app.clipboard == text
            return text

        await running.send("Go")
        await running.until_idle()
        await running.press("alt+up", "y")
        assert await copied() == "first\nrm -rf ~␍second\tline␛[201~"
        for text in HOSTILE_TEXTS.values():
            running.app.copy_to_clipboard(text)
            assert not [each for each in await copied() if each not in "\n\t" and _is_control(each)]


def _is_control(char: str) -> bool:
    return char < " " or "\x7f" <= char <= "\x9f"

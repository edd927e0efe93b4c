"""Every theme can be read, is kept, and gives way to NO_COLOR."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from rich.color import Color

from gptalk_client.settings import Settings, UiSettings
from gptalk_tui.chat import screen as chat_module
from gptalk_tui.themes import PALETTE_OF, PALETTES, Palette
from gptalk_tui.widgets.transcript.colours import contrast
from gptalk_tui.widgets.transcript.styles import StyleTable
from support.apps import Running, running_app
from support.scripted_provider import ScriptedProvider

STYLES = Path(chat_module.__file__).parent.parent / "styles"
XTERM = (
    "#000000", "#cd0000", "#00cd00", "#cdcd00", "#0000ee", "#cd00cd", "#00cdcd", "#e5e5e5",
    "#7f7f7f", "#ff0000", "#00ff00", "#ffff00", "#5c5cff", "#ff00ff", "#00ffff", "#ffffff",
)  # fmt: skip
"""What the terminal's own colours are where nobody changed them."""

CODE = "# Heading\n\nSome `code` and [a link](https://x.y).\n\n```python\ndef f(): return 1  # why\n```\n"


def seen(colour: str, *, is_text: bool) -> str:
    """Return a colour as a terminal of the usual colours on black shows it."""
    if colour.startswith("#"):
        return colour
    found = Color.parse(colour.removeprefix("ansi_"))
    if found.number is None:
        return XTERM[7] if is_text else XTERM[0]
    return XTERM[found.number]


def rules() -> list[tuple[str, str, str]]:
    """Return selector, background and colour of each rule of the style sheets that sets both."""
    found = []
    for file in STYLES.glob("*.tcss"):
        text = re.sub(r"/\*.*?\*/", "", file.read_text("utf-8"), flags=re.DOTALL)
        for selector, body in re.findall(r"([^{};]+)\{([^{}]*)\}", text):
            background = re.search(r"(?<![\w-])background: \$([\w-]+)", body)
            colour = re.search(r"(?<![\w-])color: \$([\w-]+)", body)
            if background and colour and background[1] != colour[1]:
                found.append((selector.strip(), background[1], colour[1]))
    return found


def colour_of(palette: Palette, variable: str) -> str:
    return palette.textual_theme().variables[variable]


@pytest.mark.parametrize("palette", PALETTES, ids=lambda palette: palette.name)
def test_every_pair_of_the_style_sheets_can_be_read(palette: Palette) -> None:
    assert len(rules()) > 10
    for selector, background, colour in rules():
        ratio = contrast(
            seen(colour_of(palette, colour), is_text=True),
            seen(colour_of(palette, background), is_text=False),
        )
        assert ratio >= 4.5, (selector, background, colour, ratio)


@pytest.mark.parametrize("palette", PALETTES, ids=lambda palette: palette.name)
def test_every_text_colour_can_be_read_on_page_and_panel(palette: Palette) -> None:
    for name in ("text", "muted", "accent", "error", "warning", "success"):
        for ground in ("background", "panel"):
            first, second = getattr(palette, name), getattr(palette, ground)
            assert contrast(seen(first, is_text=True), seen(second, is_text=False)) >= 4.5, (name, ground)
    if not palette.ansi:
        assert contrast(palette.text, palette.selection) >= 4.5


@pytest.mark.parametrize("palette", PALETTES, ids=lambda palette: palette.name)
def test_every_style_of_the_transcript_can_be_read(palette: Palette) -> None:
    styles = StyleTable(palette.transcript_colours(), dark=palette.dark)
    for name, style in styles.items():
        if name in ("line", "bar") or style.color is None:
            continue
        ground = style.bgcolor or styles["page"].bgcolor
        assert ground is not None
        assert contrast(seen(style.color.name, is_text=True), seen(ground.name, is_text=False)) >= 4.5, name


def colours_on_screen(app: Running) -> set[str]:
    """Return every colour of the transcript as it goes to the terminal."""
    transcript = app.chat.transcript
    strips = transcript.render_lines(transcript.size.region)
    styles = [style for strip in strips for _, style, _ in strip if style]
    return {c.name for style in styles for c in (style.color, style.bgcolor) if c is not None}


@pytest.mark.parametrize("palette", PALETTES, ids=lambda palette: palette.name)
async def test_every_theme_starts_and_paints(tmp_path: Path, palette: Palette) -> None:
    settings = Settings(provider="gptalk", ui=UiSettings(theme=palette.name))
    async with running_app(ScriptedProvider([CODE]), tmp_path, settings=settings) as app:
        await app.send("Go")
        await app.until_idle()
        await app.press("ctrl+p", "escape", "f1", "escape", "ctrl+s", "escape")
        assert "Heading" in app.text
        found = colours_on_screen(app)
        assert any(name.startswith("#") for name in found) is not palette.ansi
        assert ("default" in found) is palette.ansi


async def test_a_theme_is_previewed_chosen_and_kept(tmp_path: Path) -> None:
    async with running_app(ScriptedProvider([CODE]), tmp_path) as app:
        await app.send("Go")
        await app.until_idle()
        before = colours_on_screen(app)
        await app.press("ctrl+p", *"theme", "enter")
        await app.until(lambda: app.app.screen is not app.chat)
        await app.press("down")
        await app.until(lambda: app.app.theme == "paper")
        await app.until(lambda: PALETTE_OF["paper"].background in colours_on_screen(app))
        await app.press("escape")
        await app.until(lambda: colours_on_screen(app) == before)
        assert app.app.theme == "ink"
        await app.press("ctrl+p", *"theme", "enter")
        await app.press("down", "enter")
        await app.until(lambda: app.paths.config_file.exists())
        assert 'theme = "paper"' in app.paths.config_file.read_text("utf-8")
        await app.until(lambda: app.app.screen is app.chat)
        assert app.app.theme == "paper"
        assert app.chat.composer.has_focus


def hard_to_read(app: Running) -> dict[str, float]:
    """Return the words on screen that are too near to their ground, without the screen behind a dialog."""
    screen = app.app.screen
    rows = [each.region.line_range for each in screen.query("#band")] or [screen.region.line_range]
    found = {}
    for y, strip in enumerate(screen._compositor.render_strips()):
        for text, style, _ in strip:
            if style is None or not re.search(r"\w", text) or not any(y in each for each in rows):
                continue
            front = seen(style.color.name if style.color else "default", is_text=True)
            ground = seen(style.bgcolor.name if style.bgcolor else "default", is_text=False)
            ratio = contrast(front, ground)  # the same for reversed ones
            if ratio < 4.5:
                found[text.strip()] = ratio
    return found


@pytest.mark.parametrize("palette", PALETTES, ids=lambda palette: palette.name)
async def test_every_word_of_dialogs_and_fields_can_be_read_as_painted(
    tmp_path: Path, palette: Palette
) -> None:
    settings = Settings(provider="gptalk", model="test-model", ui=UiSettings(theme=palette.name))
    async with running_app(ScriptedProvider(["text"]), tmp_path, settings=settings, size=(100, 30)) as app:
        await app.send("A question with text")
        await app.until_idle()
        for keys in (
            ["ctrl+p"],
            ["ctrl+o"],
            ["ctrl+t"],
            ["f1"],
            ["f2"],
            [*"/search", "escape", "enter", *"text"],
            ["ctrl+f"],
            ["ctrl+f", *"text"],
            ["ctrl+s", "slash"],
        ):
            await app.press(*keys)
            await app.pilot.pause()
            assert hard_to_read(app) == {}, keys
            while app.app.screen is not app.chat:
                await app.press("escape")
                await app.pilot.pause()
            await app.press("escape", "escape")
            app.chat.composer.text = ""
            app.chat.composer.focus()
            await app.pilot.pause()


async def test_no_color_sends_no_colour_and_still_shows_what_is_chosen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    settings = Settings(provider="gptalk", ui=UiSettings(theme="paper"))
    async with running_app(ScriptedProvider([CODE]), tmp_path, settings=settings) as app:
        await app.send("Go")
        await app.until_idle()
        assert colours_on_screen(app) == {"default"}
        await app.press("ctrl+s")
        await app.pilot.pause()
        rows = app.chat.list_pane._rows
        strips = rows.render_lines(rows.size.region)
        styles = [style for strip in strips for _, style, _ in strip if style]
        assert all(style.color is None or style.color.is_default for style in styles)
        assert any(style.reverse for style in styles)
        at = rows.rows.index(rows.highlighted)  # all of the row, with the mark of the open conversation
        assert all(style is not None and style.reverse for _, style, _ in rows.render_line(at))


@pytest.mark.parametrize("without", [True, False])
async def test_behind_a_dialog_the_screen_is_dim_where_colours_cannot_be_mixed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, without: bool
) -> None:
    if without:
        monkeypatch.setenv("NO_COLOR", "1")
    settings = Settings(provider="gptalk", model="test-model", ui=UiSettings(theme="ansi"))
    async with running_app(ScriptedProvider([CODE]), tmp_path, settings=settings, size=(80, 24)) as app:
        await app.send("A question")
        await app.until_idle()
        await app.press("ctrl+p", "pagedown")
        await app.pilot.pause()
        strips = app.app.screen._compositor.render_strips()
        behind, dialog = strips[0], next(strip for strip in strips if "Commands" in strip.text)
        assert "A question" in behind.text
        assert "test-model" in behind.text
        assert all(style is not None and style.dim for text, style, _ in behind if text.strip())
        assert not any(style is not None and style.dim for text, style, _ in dialog if text.strip())
        edges = [strip.text for strip in strips if "╭" in strip.text or "╰" in strip.text]
        assert all(not edge.strip("╭╮╰╯─ ") for edge in edges), "a word looks out beside the frame"

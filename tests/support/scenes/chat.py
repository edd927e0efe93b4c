"""Scenes of the chat screen."""

from __future__ import annotations

import asyncio
import tempfile
from contextlib import chdir
from pathlib import Path
from unittest.mock import patch

from textual.events import Paste

from gptalk_client.errors import NetworkError
from gptalk_client.models import Finished, ReasoningAdded, Usage, UsageReported
from gptalk_client.settings import Settings, UiSettings
from support.apps import Running
from support.pictures import picture
from support.scenes.stage import Scene, import_titles, newest, rows_of_list, scene, streaming_picture, talk
from support.scenes.texts import BLOCKS, FOURIER, LIFETIMES, PASTA, REASONING, STRUCTS, TRAINS
from support.scripted_provider import Step

WITH_SNIPPETS = Settings(
    provider="gptalk",
    model="gpt-3.5-turbo",
    snippets={"commit": "Write a commit message for this change:"},
)


async def chat() -> str:
    """A reply streams; another conversation stands in the list."""
    gate = asyncio.Event()
    async with scene([PASTA], [LIFETIMES], [STRUCTS, gate]) as app:
        await talk(app, "Pasta for eight")
        await app.press("ctrl+n")
        await talk(app, "How do lifetimes relate to borrows?")
        await app.send("and for structs?")
        await app.until(lambda: "struct Excerpt" in newest(app))
        svg = await streaming_picture(app, 3.2, tokens_per_s=42)
        gate.set()
        await app.until_idle()
        return svg


async def hero() -> str:
    """What the README opens with: a full list, and mathematics, a wide table and code in one reply."""
    asked, gate = asyncio.Event(), asyncio.Event()
    settings = Settings(provider="gptalk", model="qwen3:8b")
    async with scene([PASTA, gate], [FOURIER, asked], settings=settings, window=32_768) as app:
        import_titles(
            app,
            ("Release checklist", 3, True),
            ("Interview questions for Thursday", 1, False),
            ("日本語の助詞", 1, False),
            ("Регулярные выражения", 2, False),
            ("Bread without kneading", 4, False),
            ("Names for a grey cat", 9, False),
        )
        await app.send("Pasta for eight")
        await app.until(lambda: "drained pasta" in newest(app))
        await app.press("ctrl+n")
        await app.send("What does a Fourier transform do? With the terms in Japanese.")
        await app.until(lambda: "np.fft" in newest(app))
        gate.set()
        await app.until(lambda: len(app.chat.session.turns) == 1)
        await app.until(lambda: "●" in rows_of_list(app))
        svg = await streaming_picture(app, 6.8, tokens_per_s=57)
        asked.set()
        await app.until_idle()
        return svg


async def conversations() -> str:
    """The list, while it is walked: pinned first, by day, with a filter."""
    async with scene([PASTA]) as app:
        import_titles(
            app,
            ("Release checklist", 3, True),
            ("Регулярные выражения", 1, False),
            ("日本語の助詞", 1, False),
            ("Interview notes", 2, False),
        )
        await talk(app, "Pasta for eight")
        await app.press("ctrl+s")
        await app.until_idle()
        return await picture(app)


async def branches() -> str:
    """A prompt was edited: the second of two versions is shown, and one message is chosen."""
    async with scene([PASTA], ["For four people, halve everything."]) as app:
        await talk(app, "Pasta for eight")
        await app.press("alt+up", "alt+up", "e")
        await app.until(lambda: app.chat.composer.text == "Pasta for eight")
        app.chat.composer.set_text("Pasta for four")
        await app.press("enter")
        await app.until_idle()
        await app.press("alt+up", "alt+up")
        return await picture(app)


async def queue() -> str:
    """Two prompts wait below the reply that streams."""
    gate = asyncio.Event()
    async with scene([STRUCTS, gate], ["Later."]) as app:
        await app.send("How do lifetimes look in structs?")
        await app.until(lambda: "struct Excerpt" in newest(app))
        for prompt in ("and in traits?", "Now show me a whole program."):
            await app.send(prompt)
        await app.until(lambda: len(app.chat.query_one("#queue").rows) == 3)  # type: ignore[attr-defined]
        svg = await streaming_picture(app, 3.2, tokens_per_s=42)
        gate.set()
        await app.until_idle()
        return svg


async def trash() -> str:
    """The list shows what is in the trash, and a notice says what was just moved there."""
    with patch.multiple("gptalk_tui.chat.notices", SAID_S=60.0, ERROR_S=60.0):
        async with scene([PASTA]) as app:
            await talk(app, "Pasta for eight")
            await app.send("/trash")
            await app.until(lambda: app.app._notifications)
            await app.send("/show-trash")
            await app.until(lambda: "Pasta" in rows_of_list(app))
            return await picture(app)


async def notice() -> str:
    """A notice, on the status line."""
    with patch.multiple("gptalk_tui.chat.notices", SAID_S=60.0, ERROR_S=60.0):
        async with scene([PASTA]) as app:
            await talk(app, "Pasta for eight")
            await app.press("alt+up", "d")
            await app.until(lambda: app.app._notifications)
            return await picture(app)


async def slash() -> str:
    """Slash commands, while one is typed."""
    async with scene([PASTA], settings=WITH_SNIPPETS) as app:
        await talk(app, "Pasta for eight")
        await app.press(*"/co")
        return await _completing(app)


async def files() -> str:
    """Files, while a name is typed after an `@`."""
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        for name in ("notes.md", "src/notes.py", "src/parser/notation.py", "docs/Noten für Klavier.pdf"):
            (Path(folder) / name).parent.mkdir(parents=True, exist_ok=True)
            (Path(folder) / name).touch()
        async with scene([PASTA]) as app:
            await talk(app, "Pasta for eight")
            app.chat.composer.insert_text("What is in @not")
            return await _completing(app)


async def _completing(app: Running) -> str:
    await app.until(lambda: app.chat.composer.is_completing)
    await app.until(lambda: app.chat.query("#completions"))
    return await picture(app)


async def paste() -> str:
    """A long text was pasted into a prompt that is being written."""
    async with scene([PASTA]) as app:
        await talk(app, "Pasta for eight")
        app.chat.composer.insert_text("What is wrong here? ")
        app.chat.composer.post_message(Paste("a line of a log\n" * 120))
        await app.until(lambda: app.chat.composer.text.count("log") == 120)
        return await picture(app)


async def light() -> str:
    """The light theme."""
    return await _themed("paper")


async def contrast() -> str:
    """The theme of high contrast."""
    return await _themed("contrast")


async def ansi() -> str:
    """The terminal's own colours."""
    return await _themed("ansi")


async def no_colour() -> str:
    """No colours at all, as the environment asks."""
    with patch.dict("os.environ", {"NO_COLOR": "1"}):
        return await _themed("ink")


async def _themed(theme: str) -> str:
    settings = Settings(provider="gptalk", model="gpt-3.5-turbo", ui=UiSettings(theme=theme))
    async with scene([LIFETIMES], settings=settings) as app:
        await talk(app, "How do lifetimes relate to borrows?")
        return await picture(app)


async def welcome() -> str:
    """A new conversation, and nothing in the list."""
    async with scene([]) as app:
        return await picture(app)


async def reading() -> str:
    """The transcript has the focus; headings, notes, quotes, lists and a table."""
    async with scene([BLOCKS]) as app:
        await talk(app, "Show me what Markdown can do.")
        await app.press("tab", "g", "i")
        return await picture(app)


async def chips() -> str:
    """A file and a long text in a prompt, each as one line."""
    file, log = "x = 1\n" * 30, "a line of a log\n" * 120
    prompt = f"What is wrong here?\n\n```py a.py\n{file}```\n\n{log}"
    async with scene([PASTA]) as app:
        await talk(app, prompt)
        await app.press("alt+up", "alt+up")
        return await picture(app)


async def find() -> str:
    """Finding a word in the conversation."""
    async with scene([LIFETIMES]) as app:
        await talk(app, "How do lifetimes relate to borrows?")
        await app.press("ctrl+f", *"lifetime")
        await app.until(lambda: app.chat.controllers.find._is_whole)
        return await picture(app)


async def failed() -> str:
    """The service can't be reached: the prompt is back in the composer."""
    async with scene([NetworkError("script.test refused the connection.")]) as app:
        await talk(app, "Pasta for eight")
        return await picture(app)


async def thinking() -> str:
    """A model thinks: the newest lines of its reasoning."""
    gate = asyncio.Event()
    async with scene([ReasoningAdded(REASONING), gate, TRAINS]) as app:
        await app.send("When do the trains meet?")
        await app.until(lambda: "Check" in newest(app))
        svg = await streaming_picture(app, 12.4, tokens_per_s=42)
        gate.set()
        await app.until_idle()
        return svg


async def folded() -> str:
    """The reasoning is folded to one line; the engine's own counts."""
    return await _thought_over()


async def opened() -> str:
    """The reasoning is open."""
    return await _thought_over("alt+up", "t")


async def _thought_over(*keys: str) -> str:
    turn: list[Step] = [
        ReasoningAdded(REASONING),
        TRAINS,
        UsageReported(Usage(2861, 239, 180)),
        Finished("stop"),
    ]
    async with scene(turn, window=32_000) as app:
        await talk(app, "When do the trains meet?")
        await app.until(lambda: app.chat.services.window_of(app.chat.session.chosen) == 32_000)
        await app.press(*keys)
        return await picture(app)


async def cut() -> str:
    """A reply was cut at the length limit."""
    async with scene([PASTA[:120], Finished("length")]) as app:
        await talk(app, "Pasta for eight")
        return await picture(app)


async def refused() -> str:
    """The model declined to answer."""
    async with scene(["I'm sorry, but I can't help with that.", Finished("refusal")]) as app:
        await talk(app, "How do I open my neighbour's door?")
        return await picture(app)


async def small() -> str:
    """60 columns and 20 lines."""
    async with scene([PASTA], size=(60, 20)) as app:
        await talk(app, "Pasta for eight")
        return await picture(app)


SCENES: dict[str, Scene] = {
    "hero": hero,
    "chat": chat,
    "list": conversations,
    "branches": branches,
    "queue": queue,
    "thinking": thinking,
    "folded": folded,
    "opened": opened,
    "cut": cut,
    "refused": refused,
    "failed": failed,
    "welcome": welcome,
    "reading": reading,
    "chips": chips,
    "find": find,
    "trash": trash,
    "notice": notice,
    "slash": slash,
    "files": files,
    "paste": paste,
    "light": light,
    "contrast": contrast,
    "ansi": ansi,
    "no-colour": no_colour,
    "small": small,
}

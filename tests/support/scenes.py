"""The scenes of the README's pictures, which are also the visual baseline."""

from __future__ import annotations

import asyncio
import re
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import AsyncMock, patch

from gptalk_client.errors import NetworkError
from gptalk_client.model_choices import mark_favourite, note_used
from gptalk_client.models import Finished, ReasoningAdded, Role, Usage, UsageReported
from gptalk_client.presets import PRESETS
from gptalk_client.providers.discovery import FoundEngine
from gptalk_client.providers.model_info import ModelInfo
from gptalk_client.settings import Persona, ProviderSettings, Settings, UiSettings
from gptalk_client.store.imported import ImportedConversation, ImportedMessage
from gptalk_tui.widgets.row_list import RowList
from support.apps import Running, running_app
from support.scripted_provider import ScriptedProvider, Step

LIFETIMES = """A *lifetime* names the region of code in which a reference is valid. The compiler checks that no
reference outlives what it points to, so a **dangling** one cannot be written.

```rust
fn longest<'a>(a: &'a str, b: &'a str) -> &'a str {
    if a.len() > b.len() { a } else { b }
}
```

| Rule | Meaning |
|------|---------|
| one input | its lifetime goes to the output |
| `&self` | the output lives as long as `self` |

1. Elision covers most signatures.
2. `'static` lives as long as the program.
"""
PASTA = """For eight people:

- 800 g spaghetti
- 6 eggs and 200 g pecorino
- 300 g guanciale

Whisk eggs and cheese, *off the heat*, into the drained pasta."""
FOURIER = r"""It writes a signal as a sum of waves, and tells how much of each **frequency** is in it:

$$\hat f(\xi) = \int_{-\infty}^{\infty} f(x)\,e^{-2\pi i x \xi}\,dx$$

| English | 日本語 | よみ |
|---|---|---|
| frequency | 周波数 | しゅうはすう |
| amplitude | 振幅 | しんぷく |
| spectrum | スペクトル | |

In practice a computer takes samples, and the fast algorithm, $O(n \log n)$:

```python
spectrum = np.fft.rfft(samples)
loudest = freqs[np.abs(spectrum).argmax()]
```
"""
BLOCKS = """# Release notes

Everything that **changed**, with `code` and a [link](https://example.org).

> [!NOTE]
> Back up before you begin.

## Steps

1. Stop the service:

   ```sh
   systemctl stop chat
   ```

2. Start it again.

| Version | Date | What is new |
|---|---|---|
| 1.0 | January | the first one |
| 1.1 | March | faster, with a search through everything |

> Quoted words.
"""
STRUCTS = """A struct that holds a reference names its lifetime too:

```rust
struct Excerpt<'a> {
    part: &'a str,
"""
REASONING = """Two trains, 300 km apart, heading for each other at 80 and 120 km/h.

Closing speed: 80 + 120 = 200 km/h.

Time: 300 / 200 = 1.5 h, so an hour and a half after 10:00.

Check: the first covers 120 km, the second 180 km; together 300 km. Good."""
TRAINS = "They meet at **11:30**, 120 km from where the slower one started."


CELL = 12.2
"""Width of a cell in the pictures."""
WIDE = (120, 36)
SIZES = (WIDE, (80, 24), (58, 24), (40, 12), (200, 50))
"""Columns and lines that every screen is looked at in."""
_SIZE = ContextVar("size", default=WIDE)
_TEXT = re.compile(r'<text ([^>]*?)x="([\d.]+)"([^>]*?)textLength="([\d.]+)"([^>]*)>(.*?)</text>', re.DOTALL)


@asynccontextmanager
async def scene(
    *turns: list[Step],
    size: tuple[int, int] | None = None,
    settings: Settings | None = None,
    window: int | None = None,
) -> AsyncIterator[Running]:
    """Run the app for a picture."""
    with tempfile.TemporaryDirectory() as folder, fixed_figures():
        provider = ScriptedProvider(*turns)
        provider.service = "gptalk.net"
        provider.window = window
        chosen = settings or Settings(provider="gptalk", model="gpt-3.5-turbo")
        async with running_app(provider, Path(folder), size=size or _SIZE.get(), settings=chosen) as app:
            yield app


@contextmanager
def fixed_figures() -> Iterator[None]:
    """Make times and durations the same in every run."""
    words = "gptalk_tui.widgets.transcript.reply_words"
    with (
        patch(f"{words}.time_words", lambda _: "2026-01-31 09:05"),
        patch(f"{words}.duration_s", lambda _: 4.2),
        patch(
            f"{words[: -len('.reply_words')]}.rendering.thought_words",
            lambda _, *, is_growing: "Thinking for 12 s" if is_growing else "Thought for 12 s",
        ),
    ):
        yield


async def picture(app: Running) -> str:
    """Return the screen as SVG, with what changes from run to run made the same."""
    await app.pilot.pause()
    svg = app.app.export_screenshot(title="gptalk-tui", simplify=True)
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    svg = svg.replace("Fira Code", "ui-monospace, Menlo, Consolas, DejaVu Sans Mono")
    svg = re.sub(r"terminal-\d+-", "terminal-", svg)
    # Each line's own clip is a third of the file, and nothing reaches beyond its line.
    svg = re.sub(r'<clipPath id="terminal-line-\d+">.*?</clipPath>\s*', "", svg, flags=re.DOTALL)
    svg = re.sub(r' clip-path="url\(#terminal-line-\d+\)"', "", svg)
    return _TEXT.sub(_without_outer_blanks, svg)


def _without_outer_blanks(text: re.Match[str]) -> str:
    """Return a text element that begins and ends with ink: some viewers drop blanks at the edges."""
    blank = "&#160;"
    head, x, middle, length, rest, content = text.groups()
    ink = content
    before = after = 0
    while ink.startswith(blank):
        ink, before = ink[len(blank) :], before + 1
    while ink.endswith(blank):
        ink, after = ink[: -len(blank)], after + 1
    if not ink.strip():
        return ""
    x = f"{float(x) + before * CELL:g}"
    length = f"{float(length) - (before + after) * CELL:g}"
    return f'<text {head}x="{x}"{middle}textLength="{length}"{rest}>{ink}</text>'


def newest(app: Running) -> str:
    """Return the newest message, with its reasoning, whether it is in view or not."""
    document = app.chat.transcript.document
    if not document.entries:
        return ""
    rows = document.rows(len(document.entries) - 1)
    return rows.text + (rows.thoughts.recent if rows.thoughts is not None else "")


async def talk(app: Running, *prompts: str) -> None:
    """Hold a conversation."""
    for prompt in prompts:
        await app.send(prompt)
        await app.until_idle()


async def streaming_picture(app: Running, status: str) -> str:
    """Return a picture of a turn under way, with a status line that does not depend on the clock."""
    from textual.content import Content

    app.chat.controllers.bars.pause()
    words = Content.assemble(("⠹ ", "$ink-accent"), (status, "$ink-muted"))
    line = app.chat.query_one("#status")
    line.left = words  # type: ignore[attr-defined]
    if not line.display:  # on a low screen the composer's border has the words
        app.chat.composer.border_subtitle = words
    return await picture(app)


async def chat() -> str:
    """A reply streams; another conversation stands in the list."""
    gate = asyncio.Event()
    async with scene([PASTA], [LIFETIMES], [STRUCTS, gate]) as app:
        await talk(app, "Pasta for eight")
        await app.press("ctrl+n")
        await talk(app, "How do lifetimes relate to borrows?")
        await app.send("and for structs?")
        await app.until(lambda: "struct Excerpt" in newest(app))
        svg = await streaming_picture(app, "about 42 tokens/s · 3.2 s")
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
        svg = await streaming_picture(app, "about 57 tokens/s · 6.8 s")
        asked.set()
        await app.until_idle()
        return svg


def rows_of_list(app: Running) -> str:
    """Return what the list of conversations shows."""
    rows = app.chat.query_one(RowList)
    return "\n".join(rows.render_line(y).text for y in range(rows.size.height))


def import_titles(app: Running, *found: tuple[str, int, bool]) -> None:
    """Store conversations: title, days since their last message, whether they are pinned."""
    now = datetime.now(UTC) - timedelta(seconds=5)
    for title, days, pinned in found:
        at_ms = int((now - timedelta(days=days)).timestamp() * 1000)
        message = ImportedMessage("1", None, Role.USER, title, at_ms)
        imported = ImportedConversation(title, title, at_ms, at_ms, [message], pinned=pinned)
        app.store.import_conversations("scene", [imported])


async def first_start() -> str:
    """The question of the very first start."""

    async def can_connect(_url: str, **_options: object) -> bool:
        return False

    async def find_engines(**_options: object) -> list[FoundEngine]:
        return []

    with (
        patch("gptalk_client.providers.reachability.can_connect", can_connect),
        patch("gptalk_client.providers.discovery.find_engines", find_engines),
    ):
        return await _first_start()


async def _first_start() -> str:
    async with scene([], settings=Settings()) as app:
        places = app.app.screen.query_one(RowList)
        await app.until(lambda: places.highlighted is not None and places.highlighted.key == "local")
        return await picture(app)


async def export() -> str:
    """The export dialog."""
    async with scene([PASTA]) as app:
        await talk(app, "Pasta for eight")
        await app.press("ctrl+o")
        return await picture(app)


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


async def search() -> str:
    """Searching all conversations."""
    async with scene([PASTA], [LIFETIMES]) as app:
        await talk(app, "Pasta for eight")
        await app.press("ctrl+n")
        await talk(app, "How do lifetimes relate to borrows?")
        await app.press("ctrl+f", "tab", *"the")
        await app.until(lambda: len(app.app.screen.query(RowList)) and app.app.screen.query_one(RowList).rows)
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
        svg = await streaming_picture(app, "about 42 tokens/s · 3.2 s")
        gate.set()
        await app.until_idle()
        return svg


async def compare() -> str:
    """Two models answer one prompt side by side."""
    async with scene([LIFETIMES], [STRUCTS]) as app:
        await talk(app, "How do lifetimes relate to borrows?")
        await app.send("/compare gpt-4o")
        await app.until_idle()
        await app.until(lambda: "struct Excerpt" in app.app.screen.panes[1].document.text(1))  # type: ignore[attr-defined]
        svg = await picture(app)
        await app.press("escape")
        return svg


async def settings() -> str:
    """The settings of a conversation."""
    chosen = Settings(provider="gptalk", model="gpt-3.5-turbo", personas={"chef": Persona("You cook.")})
    async with scene([PASTA], settings=chosen) as app:
        await talk(app, "Pasta for eight")
        await app.press("ctrl+t")
        return await picture(app)


MODELS = [
    ModelInfo("qwen3:8b", 40_960, "8.2B", "Q4_K_M"),
    ModelInfo("llama3.2:3b", 131_072, "3.2B", "Q4_K_M"),
    ModelInfo("gpt-oss:20b", 131_072, "20.9B", "MXFP4"),
    ModelInfo("gemma3:4b", 131_072, "4.3B", "Q4_K_M"),
]


async def add_provider() -> str:
    """Adding a provider: one runs on this computer."""

    async def find_engines(**_options: object) -> list[FoundEngine]:
        return [FoundEngine(PRESETS[0], MODELS)]

    variables = {each.key_variable: "" for each in PRESETS if each.key_variable}
    with (
        patch("gptalk_client.providers.discovery.find_engines", find_engines),
        patch.dict("os.environ", {**variables, "OPENAI_API_KEY": "sk-…"}),
    ):
        async with scene([PASTA]) as app:
            await app.press(*"/providers", "enter")
            await app.until(lambda: app.app.screen is not app.chat)
            await app.press("a")
            await app.until(lambda: app.app.screen.query_one(RowList).rows[0].text.startswith("Running"))
            return await picture(app)


async def models() -> str:
    """A provider's models: a favourite, one that was used last, and what is known of each."""
    settings = Settings(provider="ollama", providers={"ollama": ProviderSettings(model="qwen3:8b")})
    async with scene([PASTA], settings=settings) as app:
        provider = app.chat.services.provider
        assert provider is not None
        with patch.object(provider, "list_models", AsyncMock(return_value=MODELS)):
            mark_favourite(app.paths.model_choices, "ollama", "gpt-oss:20b", is_favourite=True)
            note_used(app.paths.model_choices, "ollama", "qwen3:8b")
            await app.press(*"/model", "enter")
            await app.until(
                lambda: len(app.app.screen.query(RowList)) and app.app.screen.query_one(RowList).rows
            )
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


async def help_() -> str:
    """The keys of what has the focus."""
    async with scene([PASTA]) as app:
        await talk(app, "Pasta for eight")
        await app.press("f1")
        await app.until(lambda: app.app.screen is not app.chat)
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
        svg = await streaming_picture(app, "thinking · about 42 tokens/s · 12.4 s")
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
    turn = [ReasoningAdded(REASONING), TRAINS, UsageReported(Usage(2861, 239, 180)), Finished("stop")]
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


SCENES: dict[str, Callable[[], Awaitable[str]]] = {
    "hero": hero,
    "chat": chat,
    "first-start": first_start,
    "export": export,
    "list": conversations,
    "search": search,
    "branches": branches,
    "queue": queue,
    "compare": compare,
    "settings": settings,
    "add-provider": add_provider,
    "models": models,
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
    "help": help_,
    "light": light,
    "contrast": contrast,
    "ansi": ansi,
    "no-colour": no_colour,
    "small": small,
}
IN_ONE_SIZE = {"hero", "light", "contrast", "ansi", "no-colour", "small"}


def pictures_of(name: str) -> dict[str, tuple[int, int]]:
    """Return the file of each picture of a scene, without its suffix, and the size of its screen."""
    sizes = () if name in IN_ONE_SIZE else SIZES[1:]
    return {name: WIDE} | {f"sizes/{name}-{width}x{height}": (width, height) for width, height in sizes}


async def take(name: str, size: tuple[int, int] = WIDE) -> str:
    """Return the picture of a scene in a size, as SVG."""
    _SIZE.set(size)
    return await SCENES[name]()

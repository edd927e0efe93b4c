"""The app under Textual's pilot, with a scripted provider and a folder of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from textual.pilot import Pilot

from gptalk_client.paths import Paths
from gptalk_client.providers.base import Provider
from gptalk_client.settings import Settings
from gptalk_client.store.store import Store
from gptalk_tui.app import GptalkApp
from gptalk_tui.chat.screen import ChatScreen

LIMIT_S = 10.0


@dataclass
class Running:
    """An app that runs, and what a test wants of it."""

    app: GptalkApp
    pilot: Pilot[int]
    paths: Paths

    @property
    def chat(self) -> ChatScreen:
        """The chat screen, also while a dialog stands over it."""
        screen = self.app.screen_stack[0]
        assert isinstance(screen, ChatScreen)
        return screen

    @property
    def store(self) -> Store:
        """The open store."""
        return self.chat.services.store.store

    @property
    def lines(self) -> list[str]:
        """What the transcript shows, line by line, without blanks at the right."""
        transcript = self.chat.transcript
        return [transcript.render_line(y).text.rstrip() for y in range(transcript.size.height)]

    @property
    def text(self) -> str:
        """What the transcript shows."""
        return "\n".join(self.lines)

    async def until(self, condition: Callable[[], object], what: str = "") -> None:
        """Wait until a condition holds; fail at the time limit."""
        try:
            async with asyncio.timeout(LIMIT_S):
                while not condition():
                    await self.pilot.pause()
                    await asyncio.sleep(0.005)
        except TimeoutError:
            raise AssertionError(f"it did not happen: {what or condition}\n{self.text}") from None

    async def press(self, *keys: str) -> None:
        """Press keys, and wait until they have had their effect."""
        await self.pilot.press(*keys)
        await self.until(
            lambda: self.app.type_ahead.is_settled or self.app._exit, "the keys have their effect"
        )

    async def send(self, text: str) -> None:
        """Write a prompt and press Enter."""
        self.chat.composer.insert_text(text)
        await self.press("enter")

    async def until_idle(self) -> None:
        """Wait until no reply streams and what follows one is done."""
        await self.until(lambda: not self.chat.session.turns, "all turns end")
        await self.until(lambda: not self._is_working("after", "list", "open", "draft"), "all is stored")
        await self.pilot.pause()

    def _is_working(self, *groups: str) -> bool:
        return any(worker.group in groups and not worker.is_finished for worker in self.app.workers)


def paths_in(folder: Path) -> Paths:
    """Return paths below a folder."""
    return Paths(data=folder / "data", config_file=folder / "config.toml", logs=folder / "logs")


@asynccontextmanager
async def running_app(
    provider: Provider,
    folder: Path,
    *,
    size: tuple[int, int] = (120, 36),
    settings: Settings | None = None,
    chat: str | None = None,
    new: bool = False,
    toasts: bool = False,
) -> AsyncIterator[Running]:
    """Run the app; it is ready and, if it asks nothing, the composer has the focus."""
    paths = paths_in(folder)
    chosen = settings or Settings(provider="gptalk", model="test-model")
    app = GptalkApp(chosen, paths, lambda *_: provider, chat=chat, new=new)
    async with app.run_test(size=size, notifications=toasts) as pilot:
        running = Running(app, pilot, paths)
        await running.until(
            lambda: running.chat.services.store.is_open or running.chat.services.store.has_failed,
            "the store opens",
        )
        if starting := [worker for worker in app.workers if worker.group == "start"]:
            await app.workers.wait_for_complete(starting)
        await pilot.pause()
        yield running
        if not app._exit:
            app.exit()  # as for people, whose end is never a sudden one

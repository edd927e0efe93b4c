"""The app: builds settings, store and provider once, hands them down, and closes them however it ends."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, TypeAlias
from urllib.parse import urlsplit

from textual.app import App
from textual.binding import BindingType
from textual.screen import Screen

from gptalk_client.errors import GptalkError
from gptalk_client.paths import Paths
from gptalk_client.settings import Settings
from gptalk_tui.actions import clashes
from gptalk_tui.screens.chat import ChatScreen
from gptalk_tui.screens.services import Services
from gptalk_tui.screens.setup import Choice, SetupScreen
from gptalk_tui.themes import DEFAULT_THEME, PALETTE_OF, PALETTES
from gptalk_tui.widgets.transcript.styles import StyleTable

if TYPE_CHECKING:
    from gptalk_client.providers.base import Provider

BuildProvider: TypeAlias = "Callable[[Settings, Paths], Provider]"

SIGNAL_EXITS: Mapping[str, int] = {"SIGINT": 130, "SIGTERM": 143, "SIGHUP": 129}
"""Exit codes by signal, as a shell counts them."""

CLOSE_LIMIT_S = 5.0
"""How long the end of the app waits for the provider, in seconds."""


class GptalkApp(App[int], inherit_bindings=False):
    """A terminal chat.

    Args:
        settings: What the person chose.
        paths: Where things are kept.
        build_provider: Makes a provider from settings.
        chat: The conversation to open; None: the last one.
        new: Begin with a new conversation.
    """

    TITLE = "gptalk-tui"
    CSS_PATH = "styles/chat.tcss"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = []

    def __init__(
        self,
        settings: Settings,
        paths: Paths,
        build_provider: BuildProvider,
        *,
        chat: str | None = None,
        new: bool = False,
    ) -> None:
        super().__init__()
        self.settings = settings
        self.paths = paths
        self._build_provider = build_provider
        self._chat = chat
        self._new = new
        self._services: Services | None = None
        for palette in PALETTES:
            self.register_theme(palette.textual_theme())
        self.theme = settings.ui.theme if settings.ui.theme in PALETTE_OF else DEFAULT_THEME

    def get_default_screen(self) -> Screen[None]:
        """Return the chat screen, which lives as long as the app."""
        return ChatScreen(self._load, self.styles_of_theme(), chat=self._chat, new=self._new)

    def styles_of_theme(self) -> StyleTable:
        """Return the transcript's colours for the present theme."""
        palette = PALETTE_OF[self.theme]
        return StyleTable(palette.transcript_colours(), dark=palette.dark)

    # Start and end

    def on_mount(self) -> None:
        self._handle_signals()
        self.set_keymap(dict(self.settings.keys))
        self.call_after_refresh(self._after_first_paint)
        for complaint in clashes(self.settings.keys):
            self.notify(complaint, severity="warning", title="Keys", markup=False, timeout=20)
        if self.settings.provider is None:
            self.push_screen(SetupScreen(_reaches), self._take_choice)

    def _after_first_paint(self) -> None:
        # What lives now lives to the end: a full collection would walk all of it, for up to a tenth of a second.
        gc.collect()
        gc.freeze()
        gc.set_threshold(5000, 20, 50)

    def _handle_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for name, code in SIGNAL_EXITS.items():
            number = getattr(signal, name, None)
            if number is not None:
                with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
                    loop.add_signal_handler(number, self._leave, code)

    def _leave(self, code: int) -> None:
        self.run_worker(self.leave(code), group="leave", exclusive=True, description="leave")

    async def leave(self, code: int = 0) -> None:
        """Stop the turns, keep what was typed, and end the app."""
        screen = self.screen_stack[0]
        if isinstance(screen, ChatScreen):
            await screen.settle()
        self.exit(code, return_code=code)

    async def on_chat_screen_quit_wanted(self) -> None:
        await self.leave(0)

    async def _load(self) -> Services:
        # Imported behind the first paint, on a thread: the store and the wire are not needed to show it.
        self._services = await asyncio.to_thread(self._make_services)
        return self._services

    def _make_services(self) -> Services:
        from gptalk_client.chat import Chat
        from gptalk_client.store.store import Store
        from gptalk_client.store.worker import StoreThread

        provider = self._build_provider(self.settings, self.paths)
        thread = StoreThread(Store.open(self.paths.database))
        return Services(self.settings, self.paths, thread, Chat(thread), provider)

    async def close_services(self) -> None:
        """Close provider and store; called once, after the screen is gone."""
        services, self._services = self._services, None
        if services is None:
            return
        with contextlib.suppress(TimeoutError, GptalkError):
            async with asyncio.timeout(CLOSE_LIMIT_S):
                await services.provider.aclose()
        await services.chat.aclose()
        await services.store.aclose()
        services.store.store.close()

    async def on_unmount(self) -> None:
        await self.close_services()

    # Choices

    async def _take_choice(self, choice: Choice | None) -> None:
        if choice is None:
            return
        await self.choose_provider(choice)

    async def choose_provider(self, choice: Choice) -> None:
        """Chat somewhere else from now on, and keep that in the config file."""
        from gptalk_client.config_file import update_file

        changes: dict[str | tuple[str, ...], str] = {"provider": choice.provider}
        settings = replace(self.settings, provider=choice.provider)
        if choice.url:
            changes["url"] = choice.url
            settings = replace(settings, url=choice.url)
        try:
            provider = await asyncio.to_thread(self._build_provider, settings, self.paths)
            await asyncio.to_thread(update_file, self.paths.config_file, changes)
        except GptalkError as err:
            self.notify(err.for_humans(), severity="error", markup=False, timeout=20)
            return
        self.settings = settings
        services = self._services
        if services is not None:
            old, services.provider, services.settings = services.provider, provider, settings
            await old.aclose()
        screen = self.screen_stack[0]
        if isinstance(screen, ChatScreen):
            screen.update_bars()


async def _reaches(url: str) -> bool:
    """Return whether a service's host takes connections; sends nothing."""
    parts = urlsplit(url)
    try:
        _, writer = await asyncio.open_connection(
            parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)
        )
    except OSError:
        return False
    writer.close()
    return True


def run(
    *,
    settings: Settings,
    paths: Paths,
    build_provider: BuildProvider,
    chat: str | None = None,
    new: bool = False,
) -> int:
    """Run the app until it ends.

    Args:
        settings: What the person chose.
        paths: Where things are kept.
        build_provider: Makes a provider from settings.
        chat: The conversation to open; None: the last one.
        new: Begin with a new conversation.

    Returns:
        The exit code.
    """
    app = GptalkApp(settings, paths, build_provider, chat=chat, new=new)
    app.run()
    return app.return_code or 0

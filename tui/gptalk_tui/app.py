"""The app: builds settings, store and provider once, hands them down, and closes them however it ends."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from textual import events
from textual.app import App, ScreenError, ScreenStackError
from textual.binding import BindingType
from textual.css.query import NoMatches
from textual.dom import NoScreen
from textual.screen import Screen
from textual.timer import Timer
from textual.widget import MountError
from textual.widgets import Input

from gptalk_client.errors import GptalkError
from gptalk_client.paths import Paths
from gptalk_client.settings import Settings
from gptalk_client.store.worker import StoreThread
from gptalk_client.text import one_line, visible
from gptalk_tui.actions import ACTION_OF
from gptalk_tui.chat import notices
from gptalk_tui.chat.screen import ChatScreen
from gptalk_tui.chat.services import Changes, Services
from gptalk_tui.dialogs.base import Dialog, TrueScreen
from gptalk_tui.keymap import KeyMap, types_nothing
from gptalk_tui.terminal import gc_tuning
from gptalk_tui.terminal.control_filter import ControlFilter
from gptalk_tui.terminal.logs import log_loop_error
from gptalk_tui.terminal.painter.frames import Frames
from gptalk_tui.terminal.signals import SignalWatch
from gptalk_tui.terminal.type_ahead import TypeAhead
from gptalk_tui.themes import DEFAULT_THEME, NO_COLOUR_THEME, PALETTE_OF, PALETTES
from gptalk_tui.widgets.composer_keys import FIELD_ACTIONS
from gptalk_tui.widgets.transcript.styles import StyleTable

if TYPE_CHECKING:
    from rich.console import RenderableType
    from textual.driver import Driver
    from textual.notifications import SeverityLevel

    from gptalk_client.providers.base import Provider
    from gptalk_client.store.store import Store
    from gptalk_tui.dialogs.setup import Choice

BuildProvider: TypeAlias = "Callable[[Settings, Paths, Callable[[str], None]], Provider]"

GONE = (NoMatches, NoScreen, MountError, ScreenError)
"""What work meets that was under way when the screens were taken down."""

MOST_FRAMES = 3
"""More frames than these do not wait for a terminal that hangs; the toolkit would wait itself at thirty."""

REPAINT_S = 1 / 20


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
        # Without colours the terminal's own are the ones to take away: a filter then leaves none at all.
        super().__init__(ansi_color=True if "NO_COLOR" in os.environ else None)
        self._filters.append(ControlFilter())
        self.settings = settings
        self.paths = paths
        self.keys = KeyMap(settings.keys)
        # With priority, which dialogs let through.
        if quitting := [key for key in self.keys.keys(ACTION_OF["app.quit"]) if types_nothing(key)]:
            self._bindings.bind(",".join(quitting), "leave", show=False, priority=True)
        if repainting := [key for key in self.keys.keys(ACTION_OF["app.repaint"]) if types_nothing(key)]:
            self._bindings.bind(",".join(repainting), "repaint", show=False, priority=True)
        self._build_provider = build_provider
        self._chat = chat
        self._new = new
        self._services = Services(
            settings, paths, StoreThread(self._open_store), self._provider_for, self.keep_settings
        )
        self._chat_screen: ChatScreen | None = None
        self._exit_wanted: int | None = None
        self._changing = asyncio.Lock()
        """Held while settings become services: a choice made meanwhile comes after."""
        self._is_up = False
        self._is_leaving = False
        self._is_store_stuck = False
        self.unsaved_sentence = ""
        """What to say on standard error about texts that are not in the database; empty if all are."""
        self._notice_timer: Timer | None = None
        repaint = os.environ.get("GPTALK_REPAINT") or settings.ui.repaint
        self.frames = Frames(is_on=repaint != "everything")
        self._repaint: Timer | None = None
        """Runs while frames were left out."""
        self.type_ahead = TypeAhead(self, self._deliver, self._is_opening)
        self.failure: Exception | None = None
        """What nobody caught and what therefore ended the app."""
        for palette in PALETTES:
            self.register_theme(palette.textual_theme())
        wanted = NO_COLOUR_THEME if self.no_color else settings.ui.theme
        self.theme = wanted if wanted in PALETTE_OF else DEFAULT_THEME

    def get_default_screen(self) -> Screen[None]:
        """Return the chat screen, which lives as long as the app."""
        self._chat_screen = ChatScreen(
            self._services,
            self.styles_of_theme(),
            self.keys,
            chat=self._chat,
            new=self._new,
        )
        return self._chat_screen

    def get_driver_class(self) -> type[Driver]:
        """Return the driver that survives a terminal which hangs or goes away, where there is one."""
        if sys.platform != "win32" and not os.environ.get("TEXTUAL_DRIVER"):
            from gptalk_tui.terminal.driver import TerminalDriver

            return TerminalDriver
        return super().get_driver_class()

    def styles_of_theme(self) -> StyleTable:
        """Return the transcript's colours for the present theme."""
        palette = PALETTE_OF[self.theme]
        return StyleTable(palette.transcript_colours(), dark=palette.dark)

    def refresh_css(self, animate: bool = True) -> None:
        """Take the theme's colours. Before there is a screen, its styles need not be read twice."""
        if self._screen_stack:
            super().refresh_css(animate)
        else:
            self.stylesheet.set_variables(self.get_css_variables())

    def watch_theme(self) -> None:
        """Paint the transcript in the colours of another theme."""
        if self._chat_screen is not None and self.theme in PALETTE_OF:
            self._chat_screen.transcript.restyle(self.styles_of_theme())

    def copy_to_clipboard(self, text: str) -> None:
        """Copy what a field cuts or copies, as the transcript's copies go."""
        screen = self.screen_stack[0]
        if isinstance(screen, ChatScreen):
            screen.controllers.navigation.copy(text)

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = False,
    ) -> None:
        """Show a toast. Its words may come from outside: they are made harmless and never read as markup."""
        super().notify(
            visible(message), title=visible(title), severity=severity, timeout=timeout, markup=False
        )

    def _refresh_notifications(self) -> None:
        """Show the newest notice where the person looks, instead of Textual's toasts over what they read."""
        if self._notice_timer is not None:
            self._notice_timer.stop()
            self._notice_timer = None
        newest = next(iter(reversed(list(self._notifications))), None)
        with contextlib.suppress(ScreenStackError):
            if isinstance(self.screen, TrueScreen):
                self.screen.show_notice(notices.content_of(newest))
        if newest is not None:
            self._notice_timer = self.set_timer(max(0.05, newest.time_left), self._refresh_notifications)

    # Keys

    async def on_event(self, event: events.Event) -> None:
        """Take keys and pastes in their order."""
        if isinstance(event, events.Key | events.Paste) and not event.is_forwarded:
            await self.type_ahead.take(event)
        else:
            await super().on_event(event)

    async def _deliver(self, event: events.Key | events.Paste) -> None:
        """Pass a key or a paste on. A key with Ctrl or Alt types nothing, whatever the terminal sends with it."""
        if isinstance(event, events.Key):
            if types_nothing(event.key):
                event.character = None
            if isinstance(self.focused, Input) and event.key in FIELD_ACTIONS:
                getattr(self.focused, f"action_{FIELD_ACTIONS[event.key]}")()
                return
        await super().on_event(event)

    def _is_opening(self) -> bool:
        if any(isinstance(each, Dialog) and each.is_behind for each in self.screen_stack[-1:]):
            return True
        return self._chat_screen is not None and self._chat_screen.is_opening

    # Painting

    async def _on_resize(self, event: events.Resize) -> None:
        """Take the terminal's size as it is now.

        It is asked for in the signal's handler. While a window is dragged one handler interrupts another, and the
        size that was asked for first is told last.
        """
        self.frames.forget()
        size = getattr(self._driver, "present_size", None)
        if size is not None:
            event.size = event.virtual_size = event.container_size = size
        if self._size == event.size and self.screen_stack:
            self.screen.refresh()  # it had another size meanwhile, and may have lost what it showed

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        """Paint a frame, unless the terminal hangs: to wait for it would hold up the replies that are stored."""
        if getattr(self._driver, "backlog", 0) < MOST_FRAMES:
            with getattr(self._driver, "frame", contextlib.nullcontext)():
                frame = self.frames.of(renderable, self._driver, is_whole=self._sync_available)
                super()._display(screen, frame)
        elif self._repaint is None:
            self._repaint = self.set_interval(REPAINT_S, self._repaint_when_taken)

    def _repaint_when_taken(self) -> None:
        """Paint everything anew once the terminal has taken what it was sent."""
        if self._repaint is not None and not getattr(self._driver, "backlog", 0):
            self._repaint.stop()
            self._repaint = None
            self.screen.refresh()

    def action_repaint(self) -> None:
        """Paint the whole screen again."""
        self.frames.forget()
        self.screen.refresh()

    # Start and end

    def on_mount(self) -> None:
        self.call_after_refresh(gc_tuning.freeze)
        self.call_after_refresh(self._up)
        if self.settings.provider is None:
            from gptalk_client.providers.reachability import can_connect
            from gptalk_tui.dialogs.setup import SetupScreen

            probe = partial(can_connect, proxy=self.settings.proxy)
            assert self._chat_screen is not None
            self.push_screen(SetupScreen(probe, self._chat_screen.controllers.engines), self._take_choice)
        if not self.is_headless:
            asyncio.get_running_loop().set_exception_handler(log_loop_error)

    def leave_soon(self, code: int) -> None:
        """Leave in good order as soon as possible, also before the first paint and under a dialog.

        For signals: called in the main thread between any two steps of the loop.

        Args:
            code: The exit code.
        """
        if self._exit_wanted is None:
            self._exit_wanted = code
            if self._loop is not None and self._is_up:
                self._loop.call_soon_threadsafe(self._leave)

    def _leave(self) -> None:
        if not self._is_leaving:
            self._is_leaving = True
            self.run_worker(self.leave(self._exit_wanted or 0), group="leave", description="leave")

    async def leave(self, code: int = 0) -> None:
        """Stop the turns, keep what was typed, and end the app."""
        await self._settle()
        code = code or bool(self.unsaved_sentence)
        self.exit(code, return_code=code)

    async def _settle(self) -> None:
        if self._chat_screen is not None and not self._chat_screen.session.is_leaving:
            leaving = self._chat_screen.controllers.leaving
            await leaving.run()
            self.unsaved_sentence = leaving.sentence

    def _handle_exception(self, error: Exception) -> None:
        """End the app at an error that nobody caught. Textual would print every variable, texts included."""
        if self._exit and isinstance(getattr(error, "error", error), GONE):  # a worker's error carries it
            return
        if self.is_headless:
            super()._handle_exception(error)
            return
        self._return_code = 1
        if self.failure is None:
            self.failure = self._exception = error
            self._exception_event.set()
            self._close_messages_no_wait()

    @property
    def is_terminal_stuck(self) -> bool:
        """The terminal took nothing to the end, and a thread still waits for it."""
        return bool(getattr(self._driver, "is_stuck", False))

    @property
    def is_thread_stuck(self) -> bool:
        """A thread still waits for the terminal or the database, and would hold up the interpreter's end."""
        return self.is_terminal_stuck or self._is_store_stuck

    def drop_output(self) -> None:
        """Stop waiting for a terminal that hangs. For any thread."""
        if (drop := getattr(self._driver, "drop_output", None)) is not None:
            drop()

    def restore_terminal(self) -> None:
        """Give the terminal back at once, from any thread."""
        if (restore := getattr(self._driver, "restore_by_force", None)) is not None:
            restore()

    def on_chat_screen_quit_wanted(self) -> None:
        self._leave()

    def action_leave(self) -> None:
        """Quit, from wherever the person is. In the background: notices are shown meanwhile."""
        self._leave()

    def _up(self) -> None:
        self._is_up = True  # only now: a screen that is half mounted cannot be taken down
        if self._exit_wanted is not None:
            self._leave()

    def _open_store(self) -> Store:
        from gptalk_tui.factory import open_store

        return open_store(self.paths)

    def _provider_for(self, settings: Settings) -> Provider:
        return self._build_provider(settings, self.paths, self._warn_soon)

    def _warn_soon(self, text: str) -> None:
        """Show a warning of the provider; for any thread."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._warn, text)

    def _warn(self, text: str) -> None:
        if self._chat_screen is not None:
            self._chat_screen.warn(one_line(text, max_chars=400))

    async def close_services(self) -> None:
        """Close providers and store, after the screen is gone."""
        self._is_store_stuck = not await self._services.aclose()
        if self._services.store.is_open and not self._is_store_stuck:
            self._services.store.store.close()

    async def on_unmount(self) -> None:
        try:
            await self._settle()
        finally:
            await self.close_services()

    # Choices

    async def _take_choice(self, choice: Choice | None) -> None:
        if choice is None or self._chat_screen is None:
            return
        try:
            await self._chat_screen.controllers.engines.use_by_default(choice.provider, url=choice.url)
        except GptalkError as err:
            self._chat_screen.warn(err.for_humans())

    async def keep_settings(self, settings: Settings, changes: Changes) -> None:
        """Work with other settings from now on, and write what changed to the config file.

        Args:
            settings: All of them.
            changes: Value by key, as the config file has it, None to remove a key; or what changes the file.

        Raises:
            ConfigError: They cannot be used, or not be written; nothing has changed.
        """
        async with self._changing:
            await self._keep_settings(settings, changes)

    async def _keep_settings(self, settings: Settings, changes: Changes) -> None:
        from gptalk_client.config_editing import update_file

        old, services = self.settings, self._services
        provider = None
        if (settings.provider, settings.url) != (old.provider, old.url):
            known = services.others.get(settings.provider or "") if settings.url == old.url else None
            provider = known or await asyncio.to_thread(self._provider_for, settings)
        write = changes if callable(changes) else partial(update_file, changes=changes)
        await asyncio.to_thread(write, self.paths.config_file)
        self.settings = services.settings = settings
        if provider is not None:
            await self._replace_provider(old, provider)
        if self._chat_screen is not None:
            self._chat_screen.refresh_bars()

    async def _replace_provider(self, old: Settings, provider: Provider) -> None:
        """Let another provider answer by default; the one before stays while replies may come from it."""
        services = self._services
        before, services.provider = services.provider, provider
        services.others.pop(self.settings.provider or "gptalk", None)
        if before is None or before is provider:
            return
        if self._chat_screen is not None and self._chat_screen.session.turns:
            services.others[old.provider or "gptalk"] = before
        else:
            await before.aclose()


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
    with SignalWatch(app.leave_soon, app.drop_output, app.restore_terminal):
        app.run()
    code = app.return_code or 0
    if app.failure is not None:
        from gptalk_tui.terminal.crash import tell

        tell(app.failure, paths.logs)
    if app.unsaved_sentence:
        with contextlib.suppress(OSError, ValueError):  # standard error may be gone
            print(f"gptalk-tui: {visible(app.unsaved_sentence)}", file=sys.stderr, flush=True)
    if app.is_thread_stuck:
        os._exit(code)  # the interpreter's own end would wait for the thread
    return code

"""The main screen: the list, the conversation, the composer; carries out the actions."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from dataclasses import dataclass

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Input, Static, TextArea

from gptalk_client.errors import GptalkError
from gptalk_client.models import Role, Status
from gptalk_tui.actions import ACTION_OF, ACTIONS, Where
from gptalk_tui.chat import toasts
from gptalk_tui.chat.conversation_actions import Filing
from gptalk_tui.chat.conversation_settings import Choices
from gptalk_tui.chat.dialogs import Dialogs
from gptalk_tui.chat.find import Finding, Query
from gptalk_tui.chat.message_actions import Branches
from gptalk_tui.chat.navigation import Reading
from gptalk_tui.chat.prompt_submission import Writing
from gptalk_tui.chat.services import Services
from gptalk_tui.chat.session import Desk
from gptalk_tui.chat.sidebar import Shelf
from gptalk_tui.chat.state_lines import StateLines
from gptalk_tui.chat.store_watcher import Outside
from gptalk_tui.chat.theme_switcher import Appearance
from gptalk_tui.chat.undo import Undo
from gptalk_tui.dialogs.base import TrueScreen
from gptalk_tui.keymap import KeyMap
from gptalk_tui.terminal.compositor import TightCompositor
from gptalk_tui.widgets.bar import Bar
from gptalk_tui.widgets.composer import Composer
from gptalk_tui.widgets.find_bar import FindBar
from gptalk_tui.widgets.list_pane import ListPane
from gptalk_tui.widgets.row_list import RowList
from gptalk_tui.widgets.transcript.styles import StyleTable
from gptalk_tui.widgets.transcript.widget import Transcript

_DONE_OR_UNDER_WAY = (Status.COMPLETE, Status.STREAMING)

_OPENING = frozenset({"open", "command", "files"})
"""Groups of workers that put something else on screen."""


class ChatScreen(TrueScreen[None], inherit_bindings=False):
    """Where a person spends the day.

    Args:
        load: Opens the store and makes the provider; awaited once, after the first paint.
        styles: The colours of the transcript.
        keys: The keys of every action.
        chat: The conversation to open; None: the last one.
        new: Begin with a new conversation.
        shows_list: Whether the list of conversations is open at the start, where there is room.
    """

    @dataclass
    class QuitWanted(Message):
        """The person wants to quit."""

        chat_screen: ChatScreen

    services: Services | None
    """None until the store is open."""
    desk: Desk
    shelf: Shelf
    filing: Filing
    outside: Outside
    appearance: Appearance
    choices: Choices
    branches: Branches
    undo: Undo
    reading: Reading
    writing: Writing
    finding: Finding
    dialogs: Dialogs
    transcript: Transcript
    composer: Composer
    list_pane: ListPane
    state: StateLines

    AUTO_FOCUS = "Composer"

    def __init__(
        self,
        load: Callable[[], Awaitable[Services]],
        styles: StyleTable,
        keys: KeyMap,
        *,
        chat: str | None = None,
        new: bool = False,
        shows_list: bool = True,
    ) -> None:
        super().__init__()
        self.keys = keys
        for action in ACTIONS:
            if action.is_bound and keys.keys(action):
                self._bindings.bind(
                    ",".join(keys.keys(action)), f"do('{action.id}')", action.title, show=False
                )
        self._compositor = TightCompositor()
        self._load = load
        self._wanted = chat
        self._wants_new = new
        self._is_starting = True
        self.cannot_open = ""
        """Why the conversations cannot be opened, in words; empty if they can."""
        self.is_leaving = False
        """The app is about to end: nothing new is begun."""
        self.services = None
        self.desk = Desk(self)
        self.shelf = Shelf(self, is_open=shows_list)
        self.filing = Filing(self)
        self.outside = Outside(self)
        self.appearance = Appearance(self)
        self.choices = Choices(self)
        self.branches = Branches(self)
        self.undo = Undo(self)
        self.reading = Reading(self)
        self.writing = Writing(self)
        self.finding = Finding(self)
        self.dialogs = Dialogs(self)
        self.state = StateLines(self)
        self.list_pane = ListPane(id="side")
        self.transcript = Transcript(styles, fetch=self.desk.texts, id="transcript")
        self.composer = Composer(
            placeholder="Write a message",
            id="composer",
            send_keys=keys.keys(ACTION_OF["turn.send"]),
            new_line_keys=keys.keys(ACTION_OF["prompt.new_line"]),
        )

    def compose(self) -> ComposeResult:
        yield Bar(id="header")
        with Horizontal(id="body"):
            yield self.list_pane
            with Vertical(id="main"):
                yield Static(id="welcome", markup=False)
                yield self.transcript
                yield Bar(id="status")
                yield self.composer
        yield Bar(id="footer")

    # Start and end

    def on_mount(self) -> None:
        self.shelf.fit()
        self.watch(self.app, "app_focus", self._terminal_focused, init=False)
        self.update_bars()
        self.call_after_refresh(lambda: self.run_worker(self._start(), group="start", description="start"))

    def _terminal_focused(self, has_focus: bool) -> None:
        if has_focus:
            self.outside.look_soon()

    async def _start(self) -> None:
        try:
            await self._open_services()
        finally:
            self._is_starting = False
            self.show_emptiness(not self.has_messages)

    async def _open_services(self) -> None:
        try:
            self.services = await self._load()
        except GptalkError as err:
            self.cannot_open = err.for_humans()
            self.say(self.cannot_open, is_error=True)
            self.update_bars()
            return
        for notice in self.services.store.store.notices:
            self.notify(notice, timeout=20)
        self.run_worker(self.services.provider.warm_up(), group="warm", description="warm up")
        await self._open_first(self.services)
        await self.shelf.refresh()
        self.outside.look_soon()
        self.outside.begin()
        self.update_bars()

    async def _open_first(self, services: Services) -> None:
        if self._wants_new:
            return
        try:
            wanted = self._wanted
            if wanted is not None:
                first = await services.store.run(lambda store: store.find_conversation(wanted))
            else:
                latest = await services.store.run(lambda store: store.latest_conversation())
                if latest is None:
                    return
                first = latest
        except GptalkError as err:
            self.say(err.for_humans(), is_error=True)
            return
        if self.desk.conversation is None:
            await self.desk.open(first.id, is_first=True)

    async def settle(self) -> None:
        """Bring everything to disk that is not there yet."""
        self.is_leaving = True
        self.desk.away.come_back()
        await self.desk.drafts.put_away()
        await self.desk.turns.stop_all(limit_s=2.0)

    # What is said

    def say(self, text: str, *, is_error: bool = False, timeout_s: float | None = None) -> None:
        """Say something for a while, in words; `toasts.say` tells the rest."""
        toasts.say(self.app, text, is_error=is_error, timeout_s=timeout_s)

    def show_emptiness(self, is_empty: bool) -> None:
        """Show the welcome, or the transcript."""
        self.query_one("#main").set_class(is_empty, "-empty")

    def update_bars(self) -> None:
        """Bring header, welcome, status line and footer up to date."""
        self.state.update()

    # Messages of the parts

    @on(Composer.Submitted)
    def _submitted(self, event: Composer.Submitted) -> None:
        self.writing.submit(event.text)

    @on(Composer.EdgeReached)
    async def _edge_reached(self, event: Composer.EdgeReached) -> None:
        await self.writing.prompts.step(event.step)

    @on(TextArea.Changed, "#composer")
    def _typed(self) -> None:
        self.desk.drafts.typed()
        if self.desk.returned is not None:
            self.state.update_status()

    @on(Composer.TokenChanged)
    def _token_changed(self, event: Composer.TokenChanged) -> None:
        self.writing.completing.look(event.token)

    @on(Composer.CompletionKey)
    def _completion_key(self, event: Composer.CompletionKey) -> None:
        self.writing.completing.press(event.key)

    @on(RowList.Chosen, "#completions")
    def _completion_chosen(self, event: RowList.Chosen) -> None:
        self.writing.completing.choose(event.key)

    @on(Composer.EnteredEmpty)
    def _entered_empty(self) -> None:
        last = self.transcript.last_entry
        if last is not None and last.role is Role.ASSISTANT and last.status not in _DONE_OR_UNDER_WAY:
            self.desk.try_again()

    @on(Composer.NothingToUndo)
    async def _nothing_to_undo(self) -> None:
        if self.undo.has_any:
            await self.undo.run()

    @on(Composer.HomePressed)
    def _home_pressed(self) -> None:
        self.transcript.scroll_to_top()

    @on(Composer.EndPressed)
    def _end_pressed(self) -> None:
        self.reading.follow_end()

    @on(FindBar.Changed)
    def _find_changed(self, event: FindBar.Changed) -> None:
        self.finding.look(Query.of(event.query))

    @on(FindBar.Pressed)
    def _find_pressed(self, event: FindBar.Pressed) -> None:
        self.finding.press(event.command)

    @on(ListPane.Filtered)
    def _list_filtered(self) -> None:
        self.shelf.refresh_soon()

    @on(ListPane.Opened)
    def _list_opened(self, event: ListPane.Opened) -> None:
        self.shelf.chosen()
        self.desk.switch_to(event.conversation_id)

    @on(ListPane.MoreWanted)
    def _more_wanted(self) -> None:
        self.shelf.want_all()

    @on(ListPane.Left)
    def _list_left(self) -> None:
        self.shelf.leave()

    @on(Transcript.FollowChanged)
    def _follow_changed(self) -> None:
        self.state.update_status()

    @on(Transcript.MessageChosen)
    def _message_chosen(self) -> None:
        self.update_bars()

    @on(Transcript.LinkClicked)
    def _link_clicked(self, event: Transcript.LinkClicked) -> None:
        self.reading.open_link(event.url)

    @on(Transcript.CodeClicked)
    def _code_clicked(self, event: Transcript.CodeClicked) -> None:
        self.reading.copy(event.source, "the code block")

    def on_resize(self) -> None:
        """Fit the parts to another size."""
        self.shelf.fit()
        self.update_bars()

    def on_descendant_focus(self) -> None:
        """Show the keys for what has the focus now."""
        self.call_after_refresh(self.update_bars)

    # Keys

    def on_key(self, event: events.Key) -> None:
        """Send letters that no field takes to the composer, and Esc back to it."""
        if event.key == "escape" and self.focused is self.composer and self.branches.leave_edit():
            event.stop()
        if isinstance(self.focused, Input | TextArea):
            return
        if event.key == "escape" and self.finding.is_active:
            event.stop()
            self.finding.close()
        elif event.key == "escape" and not self.is_replying:
            event.stop()
            self.reading.leave()
        elif event.is_printable and event.character and event.key not in self.active_bindings:
            event.stop()
            self.composer.focus()
            self.composer.insert_text(event.character)

    def on_paste(self, event: events.Paste) -> None:
        """Send a paste that no field takes to the composer."""
        if not isinstance(self.focused, Input | TextArea):
            event.stop()
            self.composer.focus()
            self.composer.insert_paste(event.text)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Say whether an action can be carried out now, so that its key is free otherwise."""
        if action == "do" and parameters:
            found = ACTION_OF[str(parameters[0])]
            return self._hears_keys_of(found.where) and found.available(self)
        return super().check_action(action, parameters)

    def _hears_keys_of(self, where: Where) -> bool:
        """Return whether keys that work in a place work where the focus is."""
        match where:
            case Where.LIST:
                return self.is_in_list
            case Where.READING:
                return self.transcript.has_focus
            case Where.MESSAGE:
                return self.has_message
            case _:
                return True

    async def action_do(self, action_id: str) -> None:
        """Carry out an action of the table, whose key was pressed."""
        result = ACTION_OF[action_id].run(self)
        if result is not None:
            await result

    async def command(self, action_id: str, words: str = "") -> None:
        """Carry out an action of the table that was called by its name.

        Args:
            action_id: Its id.
            words: What was written behind the slash command; only for those that take words.
        """
        action = ACTION_OF[action_id]
        result = action.run_with(self, words) if words and action.run_with else None
        with self.reading.some_message() if action.where is Where.MESSAGE else nullcontext():
            if not words:
                result = action.run(self)
            if result is not None:
                await result

    # What actions ask for

    @property
    def is_replying(self) -> bool:
        """A reply streams in the conversation that is shown."""
        return self.desk.turn is not None

    @property
    def has_conversation(self) -> bool:
        """A stored conversation is shown."""
        return self.desk.conversation is not None

    @property
    def is_opening(self) -> bool:
        """Something is under way after which other things are on screen: keys had better wait for it."""
        if self._is_starting:
            return True
        is_opening = any(not worker.is_finished and worker.group in _OPENING for worker in self.workers)
        return self.is_current and (is_opening or (not self.is_leaving and self.shelf.is_behind))

    @property
    def place(self) -> Where:
        """Where the person is, as far as keys go."""
        if self.has_message:
            return Where.MESSAGE
        if self.transcript.has_focus:
            return Where.READING
        return Where.LIST if self.is_in_list else Where.COMPOSER

    @property
    def has_messages(self) -> bool:
        """The conversation that is shown is not empty."""
        return self.transcript.last_entry is not None

    @property
    def is_in_list(self) -> bool:
        """The list of conversations has the focus."""
        return self.list_pane.has_focus_within

    @property
    def has_message(self) -> bool:
        """The transcript has the focus and a message in it is chosen."""
        return self.transcript.has_focus and self.transcript.chosen is not None

    def quit(self) -> None:
        """Quit; replies that stream are stopped and kept."""
        self.post_message(self.QuitWanted(self))

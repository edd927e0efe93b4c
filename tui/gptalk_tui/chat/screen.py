"""The main screen: lays out list, conversation and composer, and passes their messages on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input, TextArea
from textual.worker import Worker

from gptalk_client.errors import GptalkError
from gptalk_client.models import Role, Status
from gptalk_tui.actions import ACTION_OF, ACTIONS
from gptalk_tui.chat.bindings import bound
from gptalk_tui.chat.controllers import Controllers, load_later_ones
from gptalk_tui.chat.groups import BRINGS_SOMETHING_ELSE
from gptalk_tui.chat.services import Services
from gptalk_tui.chat.session import Session
from gptalk_tui.dialogs.base import TrueScreen
from gptalk_tui.dialogs.tags import TagSuggester
from gptalk_tui.keymap import KeyMap
from gptalk_tui.widgets.bar import Bar
from gptalk_tui.widgets.column import BOX, Column
from gptalk_tui.widgets.composer import Composer
from gptalk_tui.widgets.list_pane import ListPane
from gptalk_tui.widgets.queue_pane import QueuePane
from gptalk_tui.widgets.row_list import RowList
from gptalk_tui.widgets.transcript.styles import StyleTable
from gptalk_tui.widgets.transcript.widget import Transcript

if TYPE_CHECKING:
    from gptalk_tui.widgets.find_bar import FindBar

Result = TypeVar("Result")

WARNING_S = 20.0
"""How long a warning stays, in seconds: people look elsewhere first."""

_DONE_OR_UNDER_WAY = (Status.COMPLETE, Status.STREAMING)


def _composer_class(services: Services) -> type[Composer]:
    if services.settings.ui.composer == "vi":
        from gptalk_tui.widgets.vi_composer import ViComposer

        return ViComposer
    return Composer


class ChatScreen(TrueScreen[None], inherit_bindings=False):
    """Where a person spends the day. It is the controllers' host.

    Args:
        services: What the app hands down; the store is opened after the first paint.
        styles: The colours of the transcript.
        keys: The keys of every action.
        chat: The conversation to open; None: the last one.
        new: Begin with a new conversation.
    """

    @dataclass
    class QuitWanted(Message):
        """The person wants to quit."""

        chat_screen: ChatScreen

    AUTO_FOCUS = "Composer"

    def __init__(
        self,
        services: Services,
        styles: StyleTable,
        keys: KeyMap,
        *,
        chat: str | None = None,
        new: bool = False,
    ) -> None:
        super().__init__()
        self.keys = keys
        for action in ACTIONS:
            if action.is_bound and keys.keys(action):
                self._bindings.bind(
                    ",".join(keys.keys(action)), f"do('{action.id}')", action.title, show=False
                )
        self._chat = chat
        self._new = new
        self._is_starting = True
        self._warnings: list[str] | None = []
        """What to say once a conversation is open, as a notice goes when that happens; None from then on."""
        self.services = services
        self.session = Session()
        self.list_pane = ListPane(suggester=TagSuggester(services.store), id="side")
        self.transcript = Transcript(
            styles, fetch=lambda ids: self.controllers.opener.texts(ids), id="transcript"
        )
        self.transcript.document.renderer.version_keys = (
            keys.first("branch.previous"),
            keys.first("branch.next"),
        )
        self.composer = _composer_class(services)(
            placeholder="Write a message",
            id="composer",
            send_keys=keys.keys(ACTION_OF["turn.send"]),
            new_line_keys=keys.keys(ACTION_OF["prompt.new_line"]),
        )
        self.composer.add_class(BOX)
        self.transcript.document.pastes = lambda: self.composer.pasted_texts
        self._body = Horizontal(id="body")
        self._main = Column(id="main")
        self.controllers = Controllers(
            self.session,
            services,
            self,
            transcript=self.transcript,
            composer=self.composer,
            pane=self.list_pane,
            body=self._body,
        )
        self.controllers.commands.bind(
            bound(self.controllers, self.session, self, self.transcript, self.composer),
            self.controllers.navigation,
        )

    def compose(self) -> ComposeResult:
        self.controllers.sidebar.fit()  # before there are styles to work out again
        bars = self.controllers.bars
        yield bars.header
        with self._body:
            yield self.list_pane
            with self._main:
                yield bars.welcome
                yield self.transcript
                yield bars.status
                yield self.composer
        yield bars.footer

    # Start and end

    def on_mount(self) -> None:
        self.watch(self.app, "app_focus", self._terminal_focused, init=False)
        self.refresh_bars()
        self.call_after_refresh(lambda: self.start(self._start(), "start"))

    def _terminal_focused(self, has_focus: bool) -> None:
        if has_focus:
            self.controllers.watcher.look_soon()

    async def _start(self) -> None:
        try:
            await self._open()
        finally:
            self._is_starting = False
            self.show_welcome(self.transcript.last_entry is None)

    async def _open(self) -> None:
        controllers, services = self.controllers, self.services
        await asyncio.to_thread(load_later_ones)
        controllers.make_all()
        try:
            await services.start()
        except GptalkError as err:
            self.warn(err.for_humans())
        if services.provider is not None:
            self.start(services.provider.warm_up(), "warm")
        try:
            for notice in await services.store.call(lambda store: store.notices):
                self.warn(notice)
        except GptalkError as err:
            self.warn(err.for_humans())
        else:
            if not self._new:
                await controllers.opener.open_first(self._chat)
            await controllers.sidebar.refresh()
        complaints = [words for _, words in self.keys.complaints()]
        warnings, self._warnings = dict.fromkeys([*complaints, *(self._warnings or ())]), None
        if warnings:
            self.warn(" ".join(warnings))
        await controllers.unsaved.load()
        await controllers.snippets.load()
        controllers.watcher.look_soon()
        controllers.watcher.begin()
        self.refresh_bars()

    # What controllers ask for: see `host.Host`

    def say(
        self,
        text: str,
        *,
        is_error: bool = False,
        timeout_s: float | None = None,
        is_true: Callable[[], bool] | None = None,
    ) -> None:
        """Show a notice for a while."""
        self.controllers.notices.say(text, is_error=is_error, timeout_s=timeout_s, is_true=is_true)

    def warn(self, text: str) -> None:
        """Show a warning for longer than other notices; during the start, when that is over."""
        if self._warnings is not None:
            self._warnings.append(text)
        else:
            self.say(text, is_error=True, timeout_s=WARNING_S)

    def show_notice(self, notice: Content) -> None:
        """Show a notice on the status line, or none."""
        self.controllers.bars.show_notice(notice)

    def start(self, work: Coroutine[Any, Any, None], group: str, *, exclusive: bool = False) -> Worker[None]:
        """Run work in the background."""
        return self.run_worker(work, group=group, exclusive=exclusive, description=group)

    def cancel(self, group: str) -> None:
        """Cancel the work of a group."""
        self.workers.cancel_group(self, group)

    def is_working(self, group: str) -> bool:
        """Whether any work of a group is under way."""
        return any(worker.group == group and not worker.is_finished for worker in self.workers)

    def open_dialog(self, dialog: Screen[Result], then: Callable[[Result | None], Any]) -> None:
        """Open a dialog; `then` gets what it returns."""
        self.app.push_screen(dialog, then)

    async def ask(self, dialog: Screen[Result]) -> Result:
        """Open a dialog and wait for what it returns."""
        return await self.app.push_screen_wait(dialog)

    async def mount_before(self, widget: Widget, before: str) -> None:
        """Add a widget to the conversation's column."""
        widget.add_class(BOX)
        await self._main.mount(widget, before=before)

    @property
    def is_output_behind(self) -> bool:
        """Whether the terminal has not taken yet what was painted before."""
        return getattr(self.app._driver, "is_behind", False)

    def write_to_terminal(self, sequence: str) -> None:
        """Send an escape sequence to the terminal, in its turn."""
        if self.app._driver is not None:
            self.app._driver.write(sequence)

    def show_welcome(self, is_empty: bool) -> None:
        """Show the welcome in place of the transcript, or the transcript."""
        self._main.set_class(is_empty, "-empty")

    def refresh_bars(self) -> None:
        """Bring header, welcome, status line and footer up to date."""
        self.controllers.notices.look()
        self.controllers.bars.update()
        if self.controllers.are_all_made:
            self.controllers.queue.refresh()
        self.controllers.context_line.refresh()

    def refresh_status(self) -> None:
        """Bring the status line up to date."""
        self.controllers.bars.update_status()

    async def repaint(self) -> None:
        """Paint the whole screen again."""
        await self.app.run_action("app.repaint")

    def quit(self) -> None:
        """Quit; replies that stream are stopped and kept."""
        self.post_message(self.QuitWanted(self))

    # Messages of the widgets

    @on(Composer.Submitted)
    def _submitted(self, event: Composer.Submitted) -> None:
        self.controllers.submission.submit(event.text)

    @on(Composer.EdgeReached)
    async def _edge_reached(self, event: Composer.EdgeReached) -> None:
        queue = self.controllers.queue
        if event.step < 0 and queue.has_any and not self.composer.text and self.session.edit is None:
            queue.edit_last()
        else:
            await self.controllers.history.step(event.step)

    @on(QueuePane.Chosen, "#queue")
    def _queued_chosen(self) -> None:
        self.controllers.queue.edit()

    @on(QueuePane.Left)
    def _queue_left(self) -> None:
        self.composer.focus()

    @on(TextArea.Changed, "#composer")
    def _typed(self) -> None:
        self.controllers.drafts.typed()
        self.controllers.notices.look()
        if self.session.returned is not None:
            self.refresh_status()

    @on(Composer.TokenChanged)
    def _token_changed(self, event: Composer.TokenChanged) -> None:
        self.controllers.autocomplete.look(event.token)

    @on(Composer.CompletionKey)
    def _completion_key(self, event: Composer.CompletionKey) -> None:
        self.controllers.autocomplete.press(event.key)

    @on(RowList.Chosen, "#completions")
    def _completion_chosen(self, event: RowList.Chosen) -> None:
        self.controllers.autocomplete.choose(event.key)

    @on(Composer.EnteredEmpty)
    def _entered_empty(self) -> None:
        if self.controllers.queue.may_go_on:
            self.controllers.queue.go_on()
            return
        last = self.transcript.last_entry
        if last is not None and last.role is Role.ASSISTANT and last.status not in _DONE_OR_UNDER_WAY:
            self.controllers.continuation.go_on()

    @on(Composer.NothingToUndo)
    async def _nothing_to_undo(self) -> None:
        if self.controllers.undo.has_any:
            await self.controllers.undo.run()

    @on(Composer.HomePressed)
    def _home_pressed(self) -> None:
        self.transcript.scroll_to_top()

    @on(Composer.EndPressed)
    def _end_pressed(self) -> None:
        self.transcript.follow_end()

    @on(Bar.KeyClicked)
    def _key_clicked(self, event: Bar.KeyClicked) -> None:
        key = events.Key(event.key, None)
        key.set_sender(self.app)  # a key of this screen's own would not bubble up to it
        self.app.post_message(key)

    # Named after its message, as Textual finds it too: the bar's class is not needed for the first frame.
    def on_find_bar_changed(self, event: FindBar.Changed) -> None:
        """Find what is typed."""
        self.controllers.find.look_for(event.query)

    def on_find_bar_pressed(self, event: FindBar.Pressed) -> None:
        """Do what a key in the find bar asks for."""
        self.controllers.find.press(event.command)

    @on(ListPane.Filtered)
    def _list_filtered(self) -> None:
        self.controllers.sidebar.refresh_soon()

    @on(ListPane.Opened)
    def _list_opened(self, event: ListPane.Opened) -> None:
        self.controllers.sidebar.chosen()
        self.controllers.opener.switch_to(event.conversation_id)

    @on(ListPane.MoreWanted)
    def _more_wanted(self) -> None:
        self.controllers.sidebar.want_all()

    @on(ListPane.Left)
    def _list_left(self) -> None:
        self.controllers.sidebar.leave()

    @on(Transcript.FollowChanged)
    def _follow_changed(self) -> None:
        self.refresh_status()

    @on(Transcript.MessageChosen)
    def _message_chosen(self) -> None:
        self.refresh_bars()

    @on(Transcript.LinkClicked)
    def _link_clicked(self, event: Transcript.LinkClicked) -> None:
        self.controllers.navigation.open_link(event.url)

    @on(Transcript.CodeClicked)
    def _code_clicked(self, event: Transcript.CodeClicked) -> None:
        self.controllers.navigation.copy(event.source, "the code block")

    def on_screen_suspend(self) -> None:
        self._lie_behind(True)

    def on_screen_resume(self) -> None:
        self._lie_behind(False)

    def _lie_behind(self, is_behind: bool) -> None:
        for widget in (self.list_pane, self.composer, self.controllers.bars.welcome):
            widget.set_class(is_behind, "-behind")

    def on_resize(self) -> None:
        """Fit the parts to another size."""
        self.controllers.sidebar.fit()
        self.refresh_bars()

    def on_descendant_focus(self) -> None:
        """Show the keys for what has the focus now."""
        self.call_after_refresh(self.refresh_bars)

    # Keys

    def on_key(self, event: events.Key) -> None:
        """Send letters that no field takes to the composer, and Esc back to it."""
        controllers = self.controllers
        if event.key == "escape" and self.focused is self.composer and controllers.editing.leave():
            event.stop()
        if isinstance(self.focused, Input | TextArea):
            return
        if event.key == "escape" and controllers.find.is_active:
            event.stop()
            controllers.find.close()
        elif event.key == "escape" and not self.session.is_replying:
            event.stop()
            controllers.navigation.leave()
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
            return self.controllers.commands.hears_key_of(ACTION_OF[str(parameters[0])])
        return super().check_action(action, parameters)

    async def action_do(self, action_id: str) -> None:
        """Carry out an action of the table, whose key was pressed."""
        await self.controllers.commands.run_key(action_id)

    @property
    def is_opening(self) -> bool:
        """Something is under way after which other things are on screen: keys had better wait for it."""
        if self._is_starting:
            return True
        if self.is_current and any(self.is_working(group) for group in BRINGS_SOMETHING_ELSE):
            return True
        return self.is_current and not self.session.is_leaving and self.controllers.sidebar.is_behind

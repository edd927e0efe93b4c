"""The controllers of the chat screen: each made once, with what it works with.

What the first frame does not need is imported and made behind it, or when it is first asked for.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from gptalk_tui.chat.commands import Commands
from gptalk_tui.chat.context_line import ContextLine
from gptalk_tui.chat.drafts import Drafts
from gptalk_tui.chat.navigation import Navigation
from gptalk_tui.chat.notices import Notices
from gptalk_tui.chat.prompt_history import PromptHistory
from gptalk_tui.chat.sidebar import Sidebar
from gptalk_tui.chat.snippets import Snippets
from gptalk_tui.chat.status_bars import StatusBars
from gptalk_tui.chat.undo import Undo
from gptalk_tui.chat.unsaved import Unsaved

if TYPE_CHECKING:
    from textual.widget import Widget

    from gptalk_tui.chat.autocomplete import Autocomplete
    from gptalk_tui.chat.comparison import Comparison
    from gptalk_tui.chat.continuation import Continuation
    from gptalk_tui.chat.conversation_actions import ConversationActions
    from gptalk_tui.chat.conversation_search import ConversationSearch
    from gptalk_tui.chat.conversation_settings import ConversationSettings
    from gptalk_tui.chat.editing import Editing
    from gptalk_tui.chat.engine_book import Engines
    from gptalk_tui.chat.exports import Exports
    from gptalk_tui.chat.external_editor import ExternalEditor
    from gptalk_tui.chat.find import Find
    from gptalk_tui.chat.host import Host
    from gptalk_tui.chat.interrupt import Interrupt
    from gptalk_tui.chat.leaving import Leaving
    from gptalk_tui.chat.message_actions import MessageActions
    from gptalk_tui.chat.notifier import Notifier
    from gptalk_tui.chat.opener import Opener
    from gptalk_tui.chat.prompt_queue import PromptQueue
    from gptalk_tui.chat.prompt_submission import PromptSubmission
    from gptalk_tui.chat.services import Services
    from gptalk_tui.chat.session import Session
    from gptalk_tui.chat.store_watcher import StoreWatcher
    from gptalk_tui.chat.tags import Tags
    from gptalk_tui.chat.theme_switcher import ThemeSwitcher
    from gptalk_tui.chat.transcript_view import TranscriptView
    from gptalk_tui.chat.turn_runner import TurnRunner
    from gptalk_tui.widgets.composer import Composer
    from gptalk_tui.widgets.list_pane import ListPane
    from gptalk_tui.widgets.transcript.widget import Transcript


def load_later_ones() -> None:
    """Import the controllers that the first frame does without; for a thread."""
    from gptalk_tui.chat import (  # noqa: F401
        autocomplete,
        comparison,
        continuation,
        conversation_actions,
        conversation_search,
        conversation_settings,
        editing,
        engine_book,
        exports,
        external_editor,
        find,
        interrupt,
        leaving,
        message_actions,
        notifier,
        opener,
        prompt_queue,
        prompt_submission,
        store_watcher,
        tags,
        theme_switcher,
        titles,
        transcript_view,
        turn_runner,
    )


class Controllers:
    """Everything that works for the chat screen.

    Args:
        session: What is open.
        services: What the app hands down.
        host: The screen.
        transcript: The conversation's pane.
        composer: The input box.
        pane: The list of conversations.
        body: What contains both.
    """

    def __init__(
        self,
        session: Session,
        services: Services,
        host: Host,
        *,
        transcript: Transcript,
        composer: Composer,
        pane: ListPane,
        body: Widget,
    ) -> None:
        all_of_it = (session, services, host)
        self._all_of_it = all_of_it
        self._session, self._services, self._host = all_of_it
        self._transcript, self._composer, self._pane = transcript, composer, pane
        self.are_all_made = False
        self.notices = Notices(session, host)
        self.snippets = Snippets(services, host, composer=composer)
        self.commands = Commands(host, composer=composer, snippets=self.snippets)
        self.undo = Undo(host, composer=composer)
        self.history = PromptHistory(*all_of_it, composer=composer)
        self.unsaved = Unsaved(services, host, history=self.history)
        self.drafts = Drafts(*all_of_it, composer=composer, history=self.history, unsaved=self.unsaved)
        self.bars = StatusBars(*all_of_it, transcript=transcript, composer=composer, commands=self.commands)
        self.context_line = ContextLine(*all_of_it, transcript=transcript)
        self.sidebar = Sidebar(
            *all_of_it,
            pane=pane,
            composer=composer,
            body=body,
            switch_to=lambda it: self.opener.switch_to(it),
        )
        self.bars.is_covered = lambda: self.sidebar.covers_all
        self.navigation = Navigation(
            services,
            host,
            transcript=transcript,
            composer=composer,
            sidebar=self.sidebar,
            queue=lambda: self.queue,
        )

    def make_all(self) -> None:
        """Make those that follow what happens in the session, before anything does; the rest needs no hurry."""
        self.find  # noqa: B018
        self.queue  # noqa: B018
        self.continuation  # noqa: B018
        self.are_all_made = True

    # Conversations

    @cached_property
    def opener(self) -> Opener:
        """Puts conversations on screen."""
        from gptalk_tui.chat.opener import Opener

        return Opener(
            *self._all_of_it,
            drafts=self.drafts,
            view=self.view,
            transcript=self._transcript,
            composer=self._composer,
        )

    @cached_property
    def view(self) -> TranscriptView:
        """Keeps the transcript true to the open conversation."""
        from gptalk_tui.chat.transcript_view import TranscriptView

        return TranscriptView(
            *self._all_of_it, transcript=self._transcript, composer=self._composer, find=self.find
        )

    @cached_property
    def conversations(self) -> ConversationActions:
        """Renames, pins, archives and removes conversations."""
        from gptalk_tui.chat.conversation_actions import ConversationActions

        return ConversationActions(
            *self._all_of_it,
            pane=self._pane,
            composer=self._composer,
            sidebar=self.sidebar,
            opener=self.opener,
            drafts=self.drafts,
            history=self.history,
            unsaved=self.unsaved,
            undo=self.undo,
        )

    @cached_property
    def tags(self) -> Tags:
        """Tags conversations."""
        from gptalk_tui.chat.tags import Tags

        return Tags(self._services, self._host, conversations=self.conversations)

    @cached_property
    def exports(self) -> Exports:
        """Writes conversations to files."""
        from gptalk_tui.chat.exports import Exports

        return Exports(*self._all_of_it)

    @cached_property
    def find(self) -> Find:
        """Finds words in the open conversation."""
        from gptalk_tui.chat.find import Find

        return Find(
            *self._all_of_it,
            transcript=self._transcript,
            composer=self._composer,
            search_all=lambda query: self.search.open(query),
        )

    @cached_property
    def search(self) -> ConversationSearch:
        """Searches all conversations."""
        from gptalk_tui.chat.conversation_search import ConversationSearch

        return ConversationSearch(
            self._services, self._host, find=self.find, opener=self.opener, transcript=self._transcript
        )

    @cached_property
    def watcher(self) -> StoreWatcher:
        """Looks for what other programs stored."""
        from gptalk_tui.chat.store_watcher import StoreWatcher

        return StoreWatcher(
            *self._all_of_it, sidebar=self.sidebar, view=self.view, transcript=self._transcript
        )

    # Prompts and replies

    @cached_property
    def runner(self) -> TurnRunner:
        """Runs turns."""
        from gptalk_tui.chat.titles import Titles
        from gptalk_tui.chat.turn_runner import TurnRunner

        return TurnRunner(
            *self._all_of_it,
            view=self.view,
            transcript=self._transcript,
            composer=self._composer,
            drafts=self.drafts,
            editing=self.editing,
            history=self.history,
            notifier=self.notifier,
            titles=Titles(*self._all_of_it),
            unsaved=self.unsaved,
            opener=self.opener,
        )

    @cached_property
    def queue(self) -> PromptQueue:
        """Keeps prompts that wait for a reply before them."""
        from gptalk_tui.chat.prompt_queue import PromptQueue

        return PromptQueue(
            *self._all_of_it,
            transcript=self._transcript,
            composer=self._composer,
            drafts=self.drafts,
            editing=self.editing,
            history=self.history,
            unsaved=self.unsaved,
            undo=self.undo,
            runner=self.runner,
        )

    @cached_property
    def continuation(self) -> Continuation:
        """Continues replies, and compacts conversations."""
        from gptalk_tui.chat.continuation import Continuation

        return Continuation(
            *self._all_of_it,
            view=self.view,
            transcript=self._transcript,
            runner=self.runner,
            queue=self.queue,
        )

    @cached_property
    def comparison(self) -> Comparison:
        """Compares replies."""
        from gptalk_tui.chat.comparison import Comparison

        return Comparison(*self._all_of_it, transcript=self._transcript, view=self.view, runner=self.runner)

    @cached_property
    def interrupt(self) -> Interrupt:
        """Does what Ctrl+C means here."""
        from gptalk_tui.chat.interrupt import Interrupt

        return Interrupt(
            self._session,
            self._host,
            composer=self._composer,
            navigation=self.navigation,
            runner=self.runner,
            history=self.history,
        )

    @cached_property
    def autocomplete(self) -> Autocomplete:
        """Completes commands, files and snippets."""
        from gptalk_tui.chat.autocomplete import Autocomplete

        return Autocomplete(
            self._host, composer=self._composer, commands=self.commands, snippets=self.snippets
        )

    @cached_property
    def editing(self) -> Editing:
        """Edits messages in the composer."""
        from gptalk_tui.chat.editing import Editing

        return Editing(*self._all_of_it, composer=self._composer, undo=self.undo)

    @cached_property
    def editor(self) -> ExternalEditor:
        """Writes the prompt in another program."""
        from gptalk_tui.chat.external_editor import ExternalEditor

        return ExternalEditor(self._host, composer=self._composer)

    @cached_property
    def messages(self) -> MessageActions:
        """Edits, regenerates, forks and deletes messages."""
        from gptalk_tui.chat.message_actions import MessageActions

        return MessageActions(
            *self._all_of_it,
            transcript=self._transcript,
            composer=self._composer,
            view=self.view,
            opener=self.opener,
            runner=self.runner,
            editing=self.editing,
            drafts=self.drafts,
            undo=self.undo,
        )

    @cached_property
    def submission(self) -> PromptSubmission:
        """Takes what is typed after Enter."""
        from gptalk_tui.chat.prompt_submission import PromptSubmission

        return PromptSubmission(
            self._session,
            self._host,
            composer=self._composer,
            commands=self.commands,
            autocomplete=self.autocomplete,
            editing=self.editing,
            runner=self.runner,
            queue=self.queue,
            messages=self.messages,
        )

    # The app

    @cached_property
    def notifier(self) -> Notifier:
        """Announces the ends of replies."""
        from gptalk_tui.chat.notifier import Notifier

        return Notifier(self._services, self._host, editor=self.editor)

    @cached_property
    def themes(self) -> ThemeSwitcher:
        """Changes the theme."""
        from gptalk_tui.chat.theme_switcher import ThemeSwitcher

        return ThemeSwitcher(self._services, self._host)

    @cached_property
    def engines(self) -> Engines:
        """What the dialogs for providers ask for."""
        from gptalk_tui.chat.engine_book import Engines

        return Engines(self._services, self._host)

    @cached_property
    def settings(self) -> ConversationSettings:
        """Changes what holds for a conversation or by default."""
        from gptalk_tui.chat.conversation_settings import ConversationSettings

        return ConversationSettings(*self._all_of_it, engines=self.engines, transcript=self._transcript)

    @cached_property
    def leaving(self) -> Leaving:
        """Ends what is under way before the app ends."""
        from gptalk_tui.chat.leaving import Leaving

        return Leaving(*self._all_of_it, drafts=self.drafts, unsaved=self.unsaved, notifier=self.notifier)

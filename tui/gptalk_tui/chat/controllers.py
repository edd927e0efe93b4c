"""The controllers of the chat screen: each made once, with what it works with, and bound to its actions."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from textual.widget import Widget

from gptalk_tui.chat.autocomplete import Autocomplete
from gptalk_tui.chat.commands import Command, Commands
from gptalk_tui.chat.comparison import Comparison
from gptalk_tui.chat.context_line import ContextLine
from gptalk_tui.chat.continuation import Continuation
from gptalk_tui.chat.conversation_actions import ConversationActions
from gptalk_tui.chat.conversation_search import ConversationSearch
from gptalk_tui.chat.conversation_settings import ConversationSettings
from gptalk_tui.chat.drafts import Drafts
from gptalk_tui.chat.editing import Editing
from gptalk_tui.chat.engine_book import Engines
from gptalk_tui.chat.exports import Exports
from gptalk_tui.chat.external_editor import ExternalEditor
from gptalk_tui.chat.find import Find
from gptalk_tui.chat.host import Host
from gptalk_tui.chat.interrupt import Interrupt
from gptalk_tui.chat.leaving import Leaving
from gptalk_tui.chat.message_actions import MessageActions
from gptalk_tui.chat.navigation import Navigation
from gptalk_tui.chat.notices import Notices
from gptalk_tui.chat.notifier import Notifier
from gptalk_tui.chat.opener import Opener
from gptalk_tui.chat.prompt_history import PromptHistory
from gptalk_tui.chat.prompt_queue import PromptQueue
from gptalk_tui.chat.prompt_submission import PromptSubmission
from gptalk_tui.chat.services import Services
from gptalk_tui.chat.session import Session
from gptalk_tui.chat.sidebar import Shown, Sidebar
from gptalk_tui.chat.snippets import Snippets
from gptalk_tui.chat.status_bars import StatusBars
from gptalk_tui.chat.store_watcher import StoreWatcher
from gptalk_tui.chat.tags import Tags
from gptalk_tui.chat.theme_switcher import ThemeSwitcher
from gptalk_tui.chat.titles import Titles
from gptalk_tui.chat.transcript_view import TranscriptView
from gptalk_tui.chat.turn_runner import TurnRunner
from gptalk_tui.chat.undo import Undo
from gptalk_tui.chat.unsaved import Unsaved
from gptalk_tui.widgets.composer import Composer
from gptalk_tui.widgets.list_pane import ListPane
from gptalk_tui.widgets.transcript.widget import Transcript


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
        self.notices = Notices(session, host)
        self.snippets = Snippets(services, host, composer=composer)
        self.commands = Commands(host, composer=composer, snippets=self.snippets)
        self.undo = Undo(host, composer=composer)
        self.history = PromptHistory(*all_of_it, composer=composer)
        self.editor = ExternalEditor(host, composer=composer)
        self.notifier = Notifier(services, host, editor=self.editor)
        self.themes = ThemeSwitcher(services, host)
        self.engines = Engines(services, host)
        self.settings = ConversationSettings(*all_of_it, engines=self.engines, transcript=transcript)
        self.exports = Exports(*all_of_it)
        self.editing = Editing(*all_of_it, composer=composer, undo=self.undo)
        self.unsaved = Unsaved(services, host, history=self.history)
        self.drafts = Drafts(*all_of_it, composer=composer, history=self.history, unsaved=self.unsaved)
        self.leaving = Leaving(*all_of_it, drafts=self.drafts, unsaved=self.unsaved, notifier=self.notifier)
        self.bars = StatusBars(*all_of_it, transcript=transcript, composer=composer, commands=self.commands)
        self.context_line = ContextLine(*all_of_it, transcript=transcript)
        self.find = Find(
            *all_of_it,
            transcript=transcript,
            composer=composer,
            search_all=lambda query: self.search.open(query),
        )
        self.view = TranscriptView(*all_of_it, transcript=transcript, composer=composer, find=self.find)
        self.opener = Opener(
            *all_of_it, drafts=self.drafts, view=self.view, transcript=transcript, composer=composer
        )
        self.search = ConversationSearch(
            services, host, find=self.find, opener=self.opener, transcript=transcript
        )
        self.sidebar = Sidebar(*all_of_it, pane=pane, composer=composer, body=body, opener=self.opener)
        self.navigation = Navigation(
            services,
            host,
            transcript=transcript,
            composer=composer,
            sidebar=self.sidebar,
            queue=lambda: self.queue,
        )
        self.runner = TurnRunner(
            *all_of_it,
            view=self.view,
            transcript=transcript,
            composer=composer,
            drafts=self.drafts,
            editing=self.editing,
            history=self.history,
            notifier=self.notifier,
            titles=Titles(*all_of_it),
            unsaved=self.unsaved,
            opener=self.opener,
        )
        self.queue = PromptQueue(
            *all_of_it,
            transcript=transcript,
            composer=composer,
            drafts=self.drafts,
            editing=self.editing,
            history=self.history,
            unsaved=self.unsaved,
            undo=self.undo,
            runner=self.runner,
        )
        self.continuation = Continuation(
            *all_of_it, view=self.view, transcript=transcript, runner=self.runner, queue=self.queue
        )
        self.comparison = Comparison(*all_of_it, transcript=transcript, view=self.view, runner=self.runner)
        self.interrupt = Interrupt(
            session,
            host,
            composer=composer,
            navigation=self.navigation,
            runner=self.runner,
            history=self.history,
        )
        self.autocomplete = Autocomplete(
            host, composer=composer, commands=self.commands, snippets=self.snippets
        )
        self.messages = MessageActions(
            *all_of_it,
            transcript=transcript,
            composer=composer,
            view=self.view,
            opener=self.opener,
            runner=self.runner,
            editing=self.editing,
            drafts=self.drafts,
            undo=self.undo,
        )
        self.submission = PromptSubmission(
            session,
            host,
            composer=composer,
            commands=self.commands,
            autocomplete=self.autocomplete,
            editing=self.editing,
            runner=self.runner,
            queue=self.queue,
            messages=self.messages,
        )
        self.conversations = ConversationActions(
            *all_of_it,
            pane=pane,
            composer=composer,
            sidebar=self.sidebar,
            opener=self.opener,
            drafts=self.drafts,
            history=self.history,
            unsaved=self.unsaved,
            undo=self.undo,
        )
        self.tags = Tags(services, host, conversations=self.conversations)
        self.watcher = StoreWatcher(*all_of_it, sidebar=self.sidebar, view=self.view, transcript=transcript)
        self.commands.bind(self._bound(session, host, transcript, composer), self.navigation)

    def _bound(
        self, session: Session, host: Host, transcript: Transcript, composer: Composer
    ) -> Mapping[str, Command]:
        """Return what carries out each action of the table."""
        commands, find, search, sidebar = self.commands, self.find, self.search, self.sidebar
        navigation, messages, conversations = self.navigation, self.messages, self.conversations
        submission, runner, opener, exports, undo = (
            self.submission, self.runner, self.opener, self.exports, self.undo,
        )  # fmt: skip

        def is_idle() -> bool:
            return not session.is_replying

        def is_stored() -> bool:
            return session.conversation is not None

        def has_messages() -> bool:
            return navigation.has_messages

        def has_target() -> bool:
            return conversations.target is not None

        def finds() -> bool:
            return find.is_active

        return {
            "turn.send": Command(submission.submit_composer),
            "prompt.new_line": Command(partial(composer.insert_text, "\n")),
            "app.interrupt": Command(self.interrupt.run),
            "prompt.history": Command(self.history.search),
            "prompt.editor": Command(self.editor.write),
            "prompt.unfold": Command(submission.unfold, lambda: composer.has_fold),
            "turn.stop": Command(
                runner.stop,
                lambda: session.is_replying,
                # In the composer Esc ends an edit first.
                hinted=lambda: session.edit is None or not composer.has_focus,
            ),
            "message.continue": Command(
                self.continuation.continue_reply, lambda: self.continuation.may_continue
            ),
            "conversation.compact": Command(self.continuation.compact, lambda: self.continuation.may_compact),
            "queue.send": Command(self.queue.go_on, lambda: self.queue.may_go_on),
            "queue.visit": Command(self.queue.visit, lambda: self.queue.has_any),
            "queue.edit": Command(self.queue.edit, lambda: self.queue.has_any),
            "queue.remove": Command(self.queue.remove, lambda: self.queue.has_any),
            "turn.retry": Command(runner.try_again, lambda: is_stored() and is_idle()),
            "conversation.new": Command(opener.open_new),
            "conversation.switch": Command(sidebar.visit),
            "list.toggle": Command(sidebar.toggle),
            "conversation.export": Command(exports.write, is_stored),
            "export.open": Command(exports.open_last, lambda: exports.last is not None),
            "app.palette": Command(commands.palette),
            "app.help": Command(commands.help),
            "app.quit": Command(host.quit),
            "app.repaint": Command(host.repaint),
            "find.open": Command(find.open, run_with=find.open),
            "find.in_transcript": Command(find.open),
            "find.next": Command(partial(find.step, 1), finds),
            "find.previous": Command(partial(find.step, -1), finds),
            "find.everywhere": Command(search.open, run_with=search.open),
            "transcript.page_up": Command(partial(transcript.scroll_page, -1)),
            "transcript.page_down": Command(partial(transcript.scroll_page, 1)),
            "transcript.top": Command(transcript.scroll_to_top),
            "transcript.end": Command(transcript.follow_end, lambda: not transcript.is_following),
            "reading.up": Command(partial(transcript.scroll_lines, -1)),
            "reading.down": Command(partial(transcript.scroll_lines, 1)),
            "reading.half_up": Command(partial(transcript.scroll_half, -1)),
            "reading.half_down": Command(partial(transcript.scroll_half, 1)),
            "reading.page_down": Command(partial(transcript.scroll_page, 1)),
            "reading.top": Command(transcript.scroll_to_top),
            "reading.end": Command(transcript.follow_end),
            "focus.next": Command(partial(navigation.go_round, 1)),
            "focus.previous": Command(partial(navigation.go_round, -1)),
            "message.previous": Command(partial(navigation.walk, -1)),
            "message.next": Command(partial(navigation.walk, 1)),
            "message.copy": Command(navigation.copy_message, has_messages),
            "message.reasoning": Command(
                messages.toggle_reasoning, has_messages, lambda: messages.has_reasoning
            ),
            "message.unfold": Command(messages.toggle_chips, has_messages, lambda: transcript.has_chips),
            "message.details": Command(transcript.toggle_details, has_messages),
            "code.next": Command(navigation.next_code, has_messages),
            "code.copy": Command(navigation.copy_code, has_messages),
            "reply.edit": Command(
                messages.edit_reply, has_messages, lambda: is_idle() and messages.is_on_reply
            ),
            "link.next": Command(navigation.next_link, has_messages),
            "link.open": Command(navigation.open_chosen_link, has_messages),
            "message.edit": Command(messages.edit, has_messages, is_idle),
            "message.regenerate": Command(messages.regenerate, has_messages, is_idle),
            "message.compare": Command(
                self.comparison.run,
                lambda: self.comparison.may_compare,
                run_with=self.comparison.run_with,
            ),
            "branch.previous": Command(
                partial(messages.switch_version, -1), has_messages, lambda: messages.has_sibling(-1)
            ),
            "branch.next": Command(
                partial(messages.switch_version, 1), has_messages, lambda: messages.has_sibling(1)
            ),
            "message.fork": Command(messages.fork, has_messages, lambda: messages.may_fork),
            "message.delete": Command(messages.delete, has_messages, is_idle),
            "conversation.previous": Command(partial(sidebar.go, -1)),
            "conversation.next": Command(partial(sidebar.go, 1)),
            "conversation.rename": Command(
                conversations.rename, has_target, run_with=conversations.rename_to
            ),
            "conversation.tag": Command(self.tags.ask, has_target, run_with=self.tags.change),
            "conversation.pin": Command(conversations.pin, has_target),
            "conversation.archive": Command(conversations.archive, lambda: conversations.may_archive),
            "conversation.restore": Command(conversations.restore, lambda: conversations.may_restore),
            "conversation.trash": Command(conversations.trash, lambda: conversations.may_trash),
            "conversation.purge": Command(conversations.purge, lambda: conversations.may_purge),
            "list.archived": Command(partial(sidebar.show, Shown.ARCHIVED)),
            "list.trash": Command(partial(sidebar.show, Shown.TRASH)),
            "conversation.settings": Command(self.settings.ask),
            "model.choose": Command(self.settings.choose_model, run_with=self.settings.choose_model),
            "provider.choose": Command(self.settings.choose_provider),
            "persona.choose": Command(self.settings.choose_persona),
            "app.theme": Command(self.themes.choose),
            "app.undo": Command(undo.run, lambda: undo.has_any),
        }

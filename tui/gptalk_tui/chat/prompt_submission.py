"""Submitting what the composer holds: as a slash command, or as a prompt with the files that it names."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from gptalk_client.errors import UsageError
from gptalk_client.models import Message, QueuedPrompt, Role
from gptalk_client.text import one_line
from gptalk_tui.chat import slash

if TYPE_CHECKING:
    from gptalk_tui.chat.autocomplete import Autocomplete
    from gptalk_tui.chat.commands import Commands
    from gptalk_tui.chat.editing import Editing
    from gptalk_tui.chat.host import Host
    from gptalk_tui.chat.message_actions import MessageActions
    from gptalk_tui.chat.prompt_queue import PromptQueue
    from gptalk_tui.chat.session import Session
    from gptalk_tui.chat.turn_runner import TurnRunner
    from gptalk_tui.dialogs.confirm import ConfirmScreen
    from gptalk_tui.widgets.composer import Composer


class PromptSubmission:
    """Sends prompts."""

    def __init__(
        self,
        session: Session,
        host: Host,
        *,
        composer: Composer,
        commands: Commands,
        autocomplete: Autocomplete,
        editing: Editing,
        runner: TurnRunner,
        queue: PromptQueue,
        messages: MessageActions,
    ) -> None:
        self._session = session
        self._host = host
        self._composer = composer
        self._commands = commands
        self._autocomplete = autocomplete
        self._editing = editing
        self._runner = runner
        self._queue = queue
        self._messages = messages

    def submit_composer(self) -> None:
        """Submit what the composer holds."""
        text = self._composer.text
        if text.strip():
            self.submit(text)

    def submit(self, text: str) -> None:
        """Run the command that a text is, or send it with the files that it names."""
        edit = self._session.edit
        if edit is not None and isinstance(edit.message, Message) and edit.message.role is Role.ASSISTANT:
            self._messages.keep_reply(edit.message, text)
            return
        command = slash.parse(text)
        if command is not None:
            self._commands.run_slash(*command)
        elif "@" in text or "＠" in text:
            self._host.start(self._send_with_files(text), "files", exclusive=True)
        else:
            self.send(text)

    def send(self, text: str) -> None:
        """Send a prompt in the open conversation, or in a new one; where a reply streams it is queued."""
        session, keys = self._session, self._host.keys
        edit = session.edit
        is_of_queue = edit is not None and isinstance(edit.message, QueuedPrompt)
        if is_of_queue and self._queue.finish_edit(text):
            return
        if session.turn is not None and edit is not None and not is_of_queue:
            stop = keys.how("turn.stop")
            self._host.say(f"Still replying. {stop} stops it.", is_true=lambda: session.turn is not None)
            return
        self._composer.set_text("")
        edited = self._editing.take()
        if session.turn is not None:
            session.returned = None
            self._queue.add(text)
            return
        returned, session.returned = session.returned, None
        beside = edited if isinstance(edited, Message) else returned
        if beside is not None and beside.content == text:
            self._runner.regenerate(beside.id)
        else:
            self._runner.send(text, beside=beside)

    def unfold(self) -> None:
        """Show a folded paste."""
        if not self._composer.unfold():
            self._host.say("The pasted text is too long to show here; all of it is sent.")

    async def _send_with_files(self, text: str) -> None:
        from gptalk_tui.chat.attachments import WITHOUT_IT, mentions, missing, with_files

        session = self._session
        if session.returned is not None and session.returned.content == text:
            self.send(text)
            return
        opened = session.opened
        try:
            if absent := await asyncio.to_thread(missing, text):
                raise UsageError(f"There is no file {one_line(absent, max_chars=200)}.", hint=WITHOUT_IT)
            paths = await asyncio.to_thread(mentions, text)
            unasked = [path for path in paths if path not in self._autocomplete.completed]
            if unasked:
                is_yes = await self._host.ask(_question_about(unasked))
                if is_yes is None:
                    return
                paths = paths if is_yes else [path for path in paths if path not in unasked]
            full = await asyncio.to_thread(with_files, text, paths)
        except UsageError as err:
            composer = self._composer
            self._host.say(err.for_humans(), is_error=True, is_true=lambda: composer.text == text)
            return
        if session.opened == opened and self._composer.text == text:
            self.send(full)


def _question_about(paths: list[str]) -> ConfirmScreen:
    """Return the question about files that nobody chose from the list: a pasted text may name any of them."""
    from gptalk_tui.dialogs.confirm import ConfirmScreen

    names = "\n".join(one_line(path, max_chars=200) for path in paths[:10])
    more = f"\nand {len(paths) - 10} more" if len(paths) > 10 else ""
    question = "Send this file too?" if len(paths) == 1 else f"Send these {len(paths)} files too?"
    return ConfirmScreen(question, names + more, yes="send", no="send the text alone")

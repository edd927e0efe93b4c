"""Writing a prompt: what happens between the composer and the desk that sends it."""

from __future__ import annotations

import asyncio
import re
from functools import cached_property
from typing import TYPE_CHECKING

from gptalk_client.errors import UsageError
from gptalk_client.text import one_line

if TYPE_CHECKING:
    from gptalk_tui.chat.autocomplete import Completing
    from gptalk_tui.chat.external_editor import OutsideEditor
    from gptalk_tui.chat.prompt_history import Prompts
    from gptalk_tui.chat.screen import ChatScreen
    from gptalk_tui.dialogs.confirm import ConfirmScreen

_COMMAND = re.compile(r"/([a-z][a-z._-]*)(?=\s|$)")


class Writing:
    """Looks after the composer; what it needs for that is loaded when it is first used.

    Args:
        screen: Whose composer it is.
    """

    def __init__(self, screen: ChatScreen) -> None:
        self._screen = screen

    @cached_property
    def prompts(self) -> Prompts:
        """Earlier prompts."""
        from gptalk_tui.chat.prompt_history import Prompts

        return Prompts(self._screen)

    @cached_property
    def completing(self) -> Completing:
        """Completion as one types."""
        from gptalk_tui.chat.autocomplete import Completing

        return Completing(self._screen)

    @cached_property
    def editor(self) -> OutsideEditor:
        """The editor of the person's own."""
        from gptalk_tui.chat.external_editor import OutsideEditor

        return OutsideEditor(self._screen)

    @property
    def has_lent_terminal(self) -> bool:
        """Whether an editor has the terminal now."""
        return "editor" in self.__dict__ and self.editor.is_open

    def aside_of(self, opened: int) -> str:
        """Return what was put aside last in what lies open and was not brought back, for its draft."""
        return self.prompts.aside_of(opened) if "prompts" in self.__dict__ else ""

    def forget_aside(self) -> None:
        """What was put aside is a draft now, because something else is opened."""
        if "prompts" in self.__dict__:
            self.prompts.forget_aside()

    def submit(self, text: str) -> None:
        """Run the command that a text is, or send it with the files that it names."""
        command = _COMMAND.match(text)
        if command is not None:
            self.run_command(command[1], text[command.end() :].strip())
        elif "@" in text:
            work = self._submit_with_files(text)
            self._screen.run_worker(work, group="files", exclusive=True, description="files")
        else:
            self._screen.desk.submit(text)

    def is_command(self, text: str) -> bool:
        """Whether a text is a slash command, or the beginning of one."""
        from gptalk_tui.chat.autocomplete import slash_names

        command, names = _COMMAND.match(text), slash_names()
        if command is None:
            return text == "/"
        is_unfinished = command.end() == len(text) and any(name.startswith(command[1]) for name in names)
        return is_unfinished or command[1] in names

    def run_command(self, name: str, words: str = "") -> None:
        """Run a slash command; the composer is empty afterwards.

        Args:
            name: The command without its slash.
            words: What is written behind it.
        """
        from gptalk_tui.chat.autocomplete import slash_names

        screen = self._screen
        action = slash_names().get(name)
        if action is None:
            screen.say(f"No such command: /{one_line(name)}. A leading space sends it as text.")
        elif not action.available(screen):
            screen.say(f"/{name} cannot be done now.")
        elif words and action.run_with is None:
            screen.say(f"/{name} takes no words. A leading space sends it as text.")
        else:
            screen.composer.set_text("")
            screen.run_worker(screen.command(action.id, words), group="command", description="command")

    def unfold(self) -> None:
        """Show a folded paste."""
        if not self._screen.composer.unfold():
            self._screen.say("The pasted text is too long to be shown here; it is sent whole.")

    async def _submit_with_files(self, text: str) -> None:
        from gptalk_tui.chat.attachments import WITHOUT_IT, mentions, missing, with_files

        screen, returned = self._screen, self._screen.desk.returned
        if returned is not None and returned.content == text:
            screen.desk.submit(text)
            return
        opened = screen.desk.opened
        try:
            if absent := await asyncio.to_thread(missing, text):
                raise UsageError(f"There is no file {one_line(absent, max_chars=200)}.", hint=WITHOUT_IT)
            paths = await asyncio.to_thread(mentions, text)
            unasked = [path for path in paths if path not in self.completing.completed]
            if unasked:
                is_yes = await screen.app.push_screen_wait(_question_about(unasked))
                if is_yes is None:
                    return
                paths = paths if is_yes else [path for path in paths if path not in unasked]
            full = await asyncio.to_thread(with_files, text, paths)
        except UsageError as err:
            screen.say(err.for_humans(), is_error=True)
            return
        if screen.desk.opened == opened and screen.composer.text == text:
            screen.desk.submit(full)


def _question_about(paths: list[str]) -> ConfirmScreen:
    """Return the question before files go along that nobody chose: a pasted text may name any of them."""
    from gptalk_tui.dialogs.confirm import ConfirmScreen

    names = "\n".join(one_line(path, max_chars=200) for path in paths[:10])
    more = f"\nand {len(paths) - 10} more" if len(paths) > 10 else ""
    question = "Send this file along?" if len(paths) == 1 else f"Send these {len(paths)} files along?"
    return ConfirmScreen(question, names + more, yes="send", no="send the text alone")

"""Carrying out actions of the table: by key, by name in the palette, or as a slash command."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import nullcontext
from typing import TYPE_CHECKING

from gptalk_client.records import Record
from gptalk_client.text import one_line
from gptalk_tui.action_words import why_not
from gptalk_tui.actions import ACTION_OF, Action, Scope, in_footer
from gptalk_tui.chat.slash import SLASH_COMMANDS

if TYPE_CHECKING:
    from gptalk_tui.chat.host import Host
    from gptalk_tui.chat.navigation import Navigation
    from gptalk_tui.chat.snippets import Snippets
    from gptalk_tui.widgets.composer import Composer


def _always() -> bool:
    return True


class Command(Record, frozen=True):
    """What carries out an action."""

    run: Callable[[], Awaitable[None] | None]
    available: Callable[[], bool] = _always
    """Whether it makes sense now."""
    hinted: Callable[[], bool] = _always
    """Whether the footer names it while it is available."""
    run_with: Callable[[str], Awaitable[None] | None] | None = None
    """Carries it out with the words after the slash command; for actions that take words."""


class Commands:
    """The actions, each with what carries it out."""

    def __init__(self, host: Host, *, composer: Composer, snippets: Snippets) -> None:
        self._host = host
        self._composer = composer
        self._snippets = snippets

    def bind(self, bound: Mapping[str, Command], navigation: Navigation) -> None:
        """Bind every action of the table; called once, when what carries them out is made.

        Args:
            bound: By action id.
            navigation: Knows where the focus is.
        """
        self._bound = bound
        self._navigation = navigation

    def is_available(self, action: Action) -> bool:
        """Whether an action makes sense now."""
        return self._bound[action.id].available()

    def hears_key_of(self, action: Action) -> bool:
        """Whether the key of an action works now, where the focus is."""
        return self._navigation.hears(action.scope) and self.is_available(action)

    @property
    def scope(self) -> Scope:
        """Where the focus is, as far as keys go."""
        return self._navigation.scope

    def hinted(self) -> list[Action]:
        """Return the actions that the footer shows now, most useful first."""
        shown = in_footer(self._navigation.scope)
        return [each for each in shown if self.is_available(each) and self._bound[each.id].hinted()]

    async def run_key(self, action_id: str) -> None:
        """Carry out an action whose key was pressed."""
        if (result := self._bound[action_id].run()) is not None:
            await result

    def run_slash(self, name: str, words: str) -> None:
        """Run a slash command, after which the composer is empty, or put a snippet into it.

        Args:
            name: The command without its slash.
            words: What follows it.
        """
        action, typed = SLASH_COMMANDS.get(name), self._composer.text

        def refuse(why: str) -> None:
            self._host.say(why, is_true=lambda: self._composer.text == typed)

        if action is None and name in self._snippets.texts:
            self._snippets.insert(name, words)
        elif action is None:
            refuse(f"No such command: /{one_line(name)}. A leading space sends it as text.")
        elif not self.is_available(action):
            refuse(f"/{name} isn't available right now: {why_not(action)}.")
        elif words and not action.takes_words:
            refuse(f"/{name} takes no arguments. A leading space sends it as text.")
        else:
            self._composer.set_text("")
            self._start(action, words)

    def palette(self) -> None:
        """Show all commands."""
        from gptalk_tui.chat import palette
        from gptalk_tui.dialogs.picker import PickerScreen

        def chosen(action_id: str | None) -> None:
            action = ACTION_OF[action_id] if action_id else None
            if action is not None and self.is_available(action):
                self._start(action)
            elif action is not None:
                self._host.say(f"{action.title}: {why_not(action)}.")

        rows = palette.rows(self._host.keys, self.is_available)
        picker = PickerScreen("Commands", rows, empty_text="No such command", is_wide=True)
        self._host.open_dialog(picker, chosen)

    def help(self) -> None:
        """Show keys and help."""
        from gptalk_tui.dialogs.help import HelpScreen

        help_screen = HelpScreen(
            self._host.keys, self._navigation.scope, self._why_not_now, composer=self._composer.MORE_HELP
        )
        self._host.open_dialog(help_screen, lambda _: None)

    def _why_not_now(self, action: Action) -> str:
        """Return why an action isn't available; empty if it is."""
        return "" if self.is_available(action) else why_not(action)

    def _start(self, action: Action, words: str = "") -> None:
        self._host.start(self._run_named(action, words), "command")

    async def _run_named(self, action: Action, words: str) -> None:
        """Carry out an action that was called by its name: it may need a message while none is chosen."""
        command = self._bound[action.id]
        with self._navigation.some_message() if action.scope is Scope.MESSAGE else nullcontext():
            result = command.run_with(words) if words and command.run_with else command.run()
            if result is not None:
                await result

"""Moving through the conversation by keyboard and mouse: scroll, walk its messages, copy, open links."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING

from gptalk_client.text import one_line, visible
from gptalk_tui.actions import Scope
from gptalk_tui.terminal.desktop import open_outside
from gptalk_tui.widgets.queue_pane import QueuePane

if TYPE_CHECKING:
    from gptalk_tui.chat.host import Host
    from gptalk_tui.chat.prompt_queue import PromptQueue
    from gptalk_tui.chat.services import Services
    from gptalk_tui.chat.sidebar import Sidebar
    from gptalk_tui.terminal.clipboard import Clipboard
    from gptalk_tui.widgets.composer import Composer
    from gptalk_tui.widgets.transcript.widget import Transcript


LINK_S = 20.0
"""How long the address of a link is shown, in seconds, unless another one is chosen."""


class Navigation:
    """Where the focus is and where the reader goes."""

    def __init__(
        self,
        services: Services,
        host: Host,
        *,
        transcript: Transcript,
        composer: Composer,
        sidebar: Sidebar,
        queue: Callable[[], PromptQueue],
    ) -> None:
        self._services = services
        self._host = host
        self._transcript = transcript
        self._composer = composer
        self._sidebar = sidebar
        self._queue = queue

    @property
    def scope(self) -> Scope:
        """Where the focus is, as far as keys go."""
        if self.is_on_message:
            return Scope.MESSAGE
        if self._transcript.has_focus:
            return Scope.READING
        if isinstance(self._host.focused, QueuePane):
            return Scope.QUEUE
        return Scope.LIST if self._sidebar.has_focus else Scope.COMPOSER

    @property
    def is_on_message(self) -> bool:
        """The transcript has the focus and a message in it is chosen."""
        return self._transcript.has_focus and self._transcript.chosen is not None

    @property
    def has_messages(self) -> bool:
        """The open conversation is not empty."""
        return self._transcript.last_entry is not None

    def hears(self, scope: Scope) -> bool:
        """Return whether keys of a scope work where the focus is."""
        match scope:
            case Scope.LIST:
                return self._sidebar.has_focus
            case Scope.QUEUE:
                return isinstance(self._host.focused, QueuePane)
            case Scope.READING:
                return self._transcript.has_focus
            case Scope.MESSAGE:
                return self.is_on_message
            case _:
                return True

    def walk(self, by: int) -> None:
        """Put the marker on the message above or below; below the last one is the composer."""
        transcript = self._transcript
        if by > 0 and (
            transcript.chosen is None or transcript.chosen == len(transcript.document.entries) - 1
        ):
            self.leave()
            return
        if transcript.last_entry is not None:
            transcript.focus()
            transcript.walk(by)
            self._host.refresh_bars()

    def go_round(self, by: int) -> None:
        """Go from composer to queue to transcript to list and round again, past what is empty or closed."""
        composer, sidebar, queue = self._composer, self._sidebar, self._queue()
        places: list[tuple[bool, Callable[[], object]]] = [(composer.has_focus, composer.focus)]
        if queue.has_any:
            places.append((queue.has_focus, queue.visit))
        if self.has_messages:
            places.append((self._transcript.has_focus, self.enter))
        if sidebar.is_open:
            places.append((sidebar.has_focus, sidebar.visit))
        at = next((index for index, (is_here, _) in enumerate(places) if is_here), 0)
        if sidebar.has_focus:
            sidebar.close()
        places[(at + by) % len(places)][1]()

    def enter(self) -> None:
        """Go into the transcript, to the message that was chosen, else to the last one in view."""
        self._transcript.focus()
        if self._transcript.chosen is None:
            self._transcript.walk(-1)
        self._host.refresh_bars()

    def leave(self) -> None:
        """Clear marker and selection and go back to the composer."""
        self._transcript.choose(None)
        self._transcript.set_selection(None)
        self._composer.focus()

    @contextmanager
    def some_message(self) -> Iterator[None]:
        """Choose the last message for a command that needs one and was called from elsewhere."""
        transcript = self._transcript
        was_chosen = transcript.chosen is not None
        if not was_chosen:
            transcript.choose(len(transcript.document.entries) - 1)
        yield
        if not was_chosen and not transcript.has_focus:
            transcript.choose(None)

    def copy_message(self) -> None:
        """Copy the chosen message as it was written."""
        transcript = self._transcript
        if transcript.chosen is not None:
            self.copy(transcript.document.text(transcript.chosen), "the message")

    def copy_selection(self) -> bool:
        """Copy what is selected; return whether anything is."""
        text = self._transcript.selected_text
        if text:
            self.copy(text, "the selection")
            self._transcript.set_selection(None)
        return bool(text)

    def next_code(self) -> None:
        """Go to the next code block of the chosen message."""
        if not self._transcript.choose_code():
            self._host.say("This message has no code block.")

    def copy_code(self) -> None:
        """Copy the chosen code block, or the only one."""
        source = self._transcript.chosen_code
        if source is None:
            self.next_code()
            source = self._transcript.chosen_code
        if source is not None:
            self.copy(source, "the code block")

    def next_link(self) -> None:
        """Go to the next link of the chosen message, and show where it leads."""
        link = self._transcript.choose_link()
        if link is None:
            self._host.say("This message has no link.")
            return
        transcript, open_it = self._transcript, self._host.keys.how("link.open")
        self._host.say(
            f"{one_line(link.url, max_chars=400)} · {open_it} opens it",
            timeout_s=LINK_S,
            is_true=lambda: transcript.selection is link.selection,
        )

    def open_chosen_link(self) -> None:
        """Open the chosen link, or the only one, after its address was shown."""
        url = self._transcript.chosen_link
        if url is None:
            self.next_link()
        else:
            self.open_link(url)

    def copy(self, text: str, what: str = "") -> None:
        """Put a text on the clipboard and say how.

        Args:
            text: The text; control characters, which a shell would obey at the paste, are left out.
            what: What it is; empty says nothing unless the clipboard is out of reach.
        """
        app, text = self._host.app, visible(text)
        app._clipboard = text  # what Ctrl+V in a field gives
        app.run_worker(self._put(text, what), group="copy", description="copy")

    async def _put(self, text: str, what: str) -> None:
        try:
            how = await self._clipboard.put(text)
        except OSError as err:
            self._host.say(f"Nothing could be copied: {err.strerror or err}.", is_error=True)
            return
        if what or how.startswith("to the file"):
            self._host.say(f"Copied {what or 'the text'} {how}.")

    @cached_property
    def _clipboard(self) -> Clipboard:
        from gptalk_tui.terminal.clipboard import Clipboard

        return Clipboard(self._host.write_to_terminal, self._services.paths.data, os.environ)

    def open_link(self, url: str) -> None:
        """Ask before a link is opened, naming its host."""
        from gptalk_tui.dialogs.confirm import ConfirmScreen
        from gptalk_tui.markdown.inline import host_of

        host = one_line(host_of(url), max_chars=80)

        def answered(is_yes: bool | None) -> None:
            if is_yes:
                open_outside(url, lambda: self._copy_address(url))

        question = ConfirmScreen(f"Open {host}?", one_line(url, max_chars=400), yes="Open")
        self._host.open_dialog(question, answered)

    def _copy_address(self, url: str) -> None:
        """Copy an address that the system has no program for, as over SSH."""
        self.copy(url)
        self._host.say("No browser could be opened. The address is copied.")

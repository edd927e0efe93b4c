"""Reading the conversation by keyboard and mouse: scroll, walk its messages, copy, follow links."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from gptalk_client.text import one_line, visible
from gptalk_tui.markdown.inline import host_of

if TYPE_CHECKING:
    from gptalk_tui.chat.screen import ChatScreen
    from gptalk_tui.terminal.clipboard import Clipboard


class Reading:
    """What a reader does with the transcript.

    Args:
        screen: Where it is.
    """

    def __init__(self, screen: ChatScreen) -> None:
        self._screen = screen

    def follow_end(self) -> None:
        """Go to the end and follow the newest text."""
        self._screen.transcript.follow_end()

    def scroll_page(self, by: int) -> None:
        """Scroll by pages."""
        self._screen.transcript.scroll_page(by)

    def walk(self, by: int) -> None:
        """Put the marker on the message above or below; below the last one is the composer."""
        screen, transcript = self._screen, self._screen.transcript
        if by > 0 and (
            transcript.chosen is None or transcript.chosen == len(transcript.document.entries) - 1
        ):
            self.leave()
            return
        if transcript.last_entry is not None:
            transcript.focus()
            transcript.walk(by)
            screen.update_bars()

    def go_round(self, by: int) -> None:
        """Go from composer to transcript to list and round again, past what is empty or closed."""
        screen, transcript = self._screen, self._screen.transcript
        places: list[tuple[bool, Callable[[], object]]] = [(screen.composer.has_focus, screen.composer.focus)]
        if screen.has_messages:
            places.append((transcript.has_focus, self.enter))
        if screen.list_pane.has_class("-open"):
            places.append((screen.is_in_list, screen.shelf.visit))
        at = next((index for index, (is_here, _) in enumerate(places) if is_here), 0)
        if screen.is_in_list:
            screen.shelf.close()
        places[(at + by) % len(places)][1]()

    def enter(self) -> None:
        """Go into the transcript, to the message that was chosen, else to the last one in view."""
        self._screen.transcript.focus()
        if self._screen.transcript.chosen is None:
            self._screen.transcript.walk(-1)
        self._screen.update_bars()

    def leave(self) -> None:
        """Take marker and selection away and go back to the composer."""
        self._screen.transcript.choose(None)
        self._screen.transcript.set_selection(None)
        self._screen.composer.focus()

    @contextmanager
    def some_message(self) -> Iterator[None]:
        """Choose the last message for the time of a command that needs one and was called from elsewhere."""
        transcript = self._screen.transcript
        was_chosen = transcript.chosen is not None
        if not was_chosen:
            transcript.choose(len(transcript.document.entries) - 1)
        yield
        if not was_chosen and not transcript.has_focus:
            transcript.choose(None)

    def copy_message(self) -> None:
        """Copy the chosen message as it was written."""
        transcript = self._screen.transcript
        if transcript.chosen is not None:
            self.copy(transcript.document.text(transcript.chosen), "the message")

    def copy_selection(self) -> bool:
        """Copy what is selected; return whether anything is."""
        text = self._screen.transcript.selected_text
        if text:
            self.copy(text, "the selection")
            self._screen.transcript.set_selection(None)
        return bool(text)

    def next_code(self) -> None:
        """Go to the next code block of the chosen message."""
        if not self._screen.transcript.choose_code():
            self._screen.say("This message has no code block.")

    def copy_code(self) -> None:
        """Copy the chosen code block, or the only one."""
        source = self._screen.transcript.chosen_code
        if source is None:
            self.next_code()
            source = self._screen.transcript.chosen_code
        if source is not None:
            self.copy(source, "the code block")

    def copy(self, text: str, what: str = "") -> None:
        """Put a text on the clipboard and say how.

        Args:
            text: The text; no control character of it goes along, which a shell would obey at the paste.
            what: What it is; empty says nothing unless the clipboard is out of reach.
        """
        app, text = self._screen.app, visible(text)
        app._clipboard = text  # what Ctrl+V in a field gives
        app.run_worker(self._put(text, what), group="copy", description="copy")

    async def _put(self, text: str, what: str) -> None:
        screen = self._screen
        try:
            how = await self._clipboard.put(text)
        except OSError as err:
            screen.say(f"Nothing could be copied: {err.strerror or err}.", is_error=True)
            return
        if what or how.startswith("to the file"):
            screen.say(f"Copied {what or 'the text'} {how}.")

    @cached_property
    def _clipboard(self) -> Clipboard:
        from gptalk_tui.terminal.clipboard import Clipboard

        services = self._screen.services
        folder = services.paths.data if services is not None else Path(tempfile.gettempdir())
        return Clipboard(self._write, folder, os.environ)

    def _write(self, sequence: str) -> None:
        driver = self._screen.app._driver
        if driver is not None:
            driver.write(sequence)

    def open_link(self, url: str) -> None:
        """Ask before a link is opened, naming its host."""
        from gptalk_tui.dialogs.confirm import ConfirmScreen

        host = one_line(host_of(url), max_chars=80)

        def answered(is_yes: bool | None) -> None:
            if is_yes:
                self._screen.app.open_url(url)

        question = ConfirmScreen(f"Open {host}?", one_line(url, max_chars=400), yes="Open")
        self._screen.app.push_screen(question, answered)

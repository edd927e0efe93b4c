"""The conversation pane: messages that stream and can be navigated, selected and copied."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from textual import events
from textual.message import Message

from gptalk_client.models import BranchEntry
from gptalk_tui.widgets.transcript.code import code_blocks
from gptalk_tui.widgets.transcript.document import Fetch, Reasoning
from gptalk_tui.widgets.transcript.links import MessageLink, message_links
from gptalk_tui.widgets.transcript.marks import Marks
from gptalk_tui.widgets.transcript.pane import LinePane
from gptalk_tui.widgets.transcript.pointer import Pointer
from gptalk_tui.widgets.transcript.position import START, Position
from gptalk_tui.widgets.transcript.selection import Selection, selected_text, shifted
from gptalk_tui.widgets.transcript.styles import StyleTable


class Transcript(LinePane):
    """A conversation to read, navigate and copy from."""

    @dataclass
    class LinkClicked(Message):
        """A link was clicked. Nothing is opened yet."""

        transcript: Transcript
        url: str
        """Starts with `http:`, `https:` or `mailto:`."""

    @dataclass
    class CodeClicked(Message):
        """The copy mark of a code block was clicked."""

        transcript: Transcript
        source: str

    @dataclass
    class MessageChosen(Message):
        """The marker moved to another message, or to none."""

        transcript: Transcript
        message_id: str | None

    def __init__(self, styles: StyleTable, *, fetch: Fetch | None = None, id: str | None = None) -> None:
        super().__init__(styles, fetch=fetch, id=id)
        self._pointer = Pointer(
            self,
            on_link=lambda url: self.post_message(self.LinkClicked(self, url)),
            on_code=lambda source: self.post_message(self.CodeClicked(self, source)),
            on_note=self.toggle_reasoning,
            on_chip=self.toggle_chips,
        )

    # Content

    def show_conversation(
        self, entries: Sequence[BranchEntry], texts: Mapping[str, str] | None = None, *, at: str | None = None
    ) -> None:
        """Show another conversation.

        Args:
            entries: Its messages, oldest first.
            texts: Known texts by id.
            at: Id of the message to show first; None for the end.
        """
        self.document.set_entries(entries, texts)
        self.chosen = None
        self.selection = None
        self._set_new_text(False)
        index = self.document.index_of(at) if at is not None else None
        self._set_following(index is None)
        if index is not None:
            self.viewport.top = self.document.position_of_message(index)
        self._place()

    def show_branch(
        self, entries: Sequence[BranchEntry], texts: Mapping[str, str], *, choose: str | None
    ) -> None:
        """Show another branch of the same conversation, keeping what both share in place on screen.

        Args:
            entries: Its messages, oldest first.
            texts: Known texts by id; others are read when they come into view.
            choose: Id of the message to mark.
        """
        lines, chosen = self.viewport.lines, self.chosen
        heads = (y for y, (position, _) in enumerate(lines) if position.message == chosen)
        y = next(heads, 0) if self.viewport.shows_start_of(chosen or 0) else 0
        self.document.set_entries(entries, texts)
        self.chosen = self.document.index_of(choose) if choose is not None else None
        self.selection = None
        self._set_new_text(False)
        self._set_following(self.chosen is None)
        if self.chosen is not None:
            self.viewport.top = self.document.move(self.document.position_of_message(self.chosen), -y)
        self._place()
        self._follow_at_end()
        self.post_message(self.MessageChosen(self, choose))

    def show_news(self, entries: Sequence[BranchEntry]) -> None:
        """Show the same conversation after another program changed it, keeping the reader's place.

        Args:
            entries: Its messages, oldest first. Their texts are read when they come into view.
        """
        chosen = self.chosen_entry
        self.document.set_entries(entries)
        self.chosen = self.document.index_of(chosen.id) if chosen is not None else None
        self.selection = None
        if not self.is_following:
            self.viewport.top = self.document.clamp(self.viewport.top) if entries else START
        self._place(new_text=True)
        self.post_message(self.MessageChosen(self, chosen.id if self.chosen is not None and chosen else None))

    def begin_turn(self, prompt: BranchEntry, text: str, reply: BranchEntry, reply_text: str = "") -> None:
        """Show a prompt with a reply that grows below it, replacing whatever followed its parent.

        Args:
            prompt: The prompt.
            text: Its text.
            reply: The reply.
            reply_text: What there is of its text already.
        """
        document = self.document
        if (index := document.index_of(prompt.id)) is not None:
            document.truncate(index + 1)
        else:
            parent = document.index_of(prompt.parent_id) if prompt.parent_id else None
            document.truncate(0 if parent is None else parent + 1)
            document.append(prompt, text)
        document.append(reply, reply_text)
        self.chosen = None
        self.selection = None
        self._set_following(True)
        self._place()

    def append_text(self, message_id: str, text: str) -> None:
        """Append text to a reply. Call it once a frame."""
        index = self.document.index_of(message_id)
        if index is not None and text:
            with self._text_kept_in_place(index):
                self.document.append_text(index, text)
            self._keep_selection(index)
            self._place(new_text=True)

    def append_reasoning(self, message_id: str, text: str) -> None:
        """Let the reasoning of a reply grow; call it once a frame."""
        index = self.document.index_of(message_id)
        if index is not None and text:
            with self._text_kept_in_place(index):
                self.document.add_reasoning(index, text)
            self._place(new_text=True)

    def show_reasoning_time(self, message_id: str, ms: int) -> None:
        """Say how long the reasoning of a reply took so far, in milliseconds."""
        index = self.document.index_of(message_id)
        if index is not None and self.document.set_reasoning_ms(index, ms):
            self._place()

    def toggle_reasoning(self, index: int) -> None:
        """Show all of a message's reasoning, or fold it; its text stays in place."""
        with self._text_kept_in_place(index):
            self.document.toggle_reasoning(index)
        if self.selection is not None and index in (
            self.selection.anchor.message,
            self.selection.head.message,
        ):
            self.set_selection(None)
        if index == self.chosen and not self.viewport.shows_start_of(index):
            self._set_following(False)
            self.viewport.top = self.document.position_of_message(index)
        self._place()
        self._follow_at_end()

    @property
    def has_chips(self) -> bool:
        """Whether the chosen message has files or pasted text that are shown as one line, or could be."""
        return self.chosen is not None and self.document.has_chips(self.chosen)

    def toggle_chips(self, index: int) -> None:
        """Show a prompt's files and pasted text as they are, or each as one line."""
        if self.document.has_chips(index):
            self.selection = None
            self._set_following(False)
            self.document.toggle_chips(index)
            self.viewport.top = self.document.position_of_message(index)
            self._place()
            self._follow_at_end()

    def toggle_details(self) -> None:
        """Show under each reply what wrote it, how long it is and how long that took, or hide it."""
        self.document.toggle_details()
        self._place()
        self._follow_at_end()

    def set_context_start(self, message_id: str | None) -> None:
        """Show a line above the first message that is sent with the next prompt; None shows none."""
        if self.document.set_context_start(message_id):
            self._place()

    def replace_text(self, message_id: str, text: str) -> None:
        """Replace a reply's text after the service rewrote it."""
        index = self.document.index_of(message_id)
        if index is not None:
            self.document.replace_text(index, text)
            self.selection = None
            self._place(new_text=True)

    def end_message(self, entry: BranchEntry, text: str | None = None) -> None:
        """Set a message's final status, and its final text if known."""
        index = self.document.index_of(entry.id)
        if index is not None:
            with self._text_kept_in_place(index):
                if text is not None and text != self.document.text(index):
                    self.document.replace_text(index, text)
                self.document.end_message(entry)
            self._keep_selection(index)
            self._place()

    def restyle(self, styles: StyleTable) -> None:
        """Repaint with new colours."""
        self.document.renderer.styles = styles
        self.document.restyle()
        self._blank.clear()
        self._place()
        self.refresh()

    def show_reasoning(self, reasoning: Reasoning) -> None:
        """Show the reasoning of every message in another way from now on."""
        if reasoning != self.document.reasoning:
            self.document.set_reasoning(reasoning)
            self._place()
            self.refresh()

    @property
    def last_entry(self) -> BranchEntry | None:
        """The last message."""
        return self.document.entries[-1] if self.document.entries else None

    @property
    def chosen_entry(self) -> BranchEntry | None:
        """The message with the marker, if any."""
        return None if self.chosen is None else self.document.entries[self.chosen]

    # Choosing a message and its code

    def walk(self, by: int) -> None:
        """Move the marker up or down; without one, put it on the last message in view."""
        count = len(self.document.entries)
        if not count:
            return
        if self.chosen is None:
            lines = self.viewport.lines
            self.choose(lines[-1][0].message if lines else count - 1)
        else:
            self.choose(min(max(0, self.chosen + by), count - 1))

    def choose(self, index: int | None) -> None:
        """Mark a message, or none."""
        if index == self.chosen:
            return
        self.chosen = index
        if index is not None and not (
            self.viewport.shows_all_of(index) or self.viewport.shows_start_of(index)
        ):
            self._set_following(False)
            self.viewport.top = self.document.position_of_message(index)
        self._place()
        self._follow_at_end()
        entry = self.chosen_entry
        self.post_message(self.MessageChosen(self, entry.id if entry else None))

    def choose_code(self) -> bool:
        """Select the next code block of the chosen message, wrapping around; return False if there is none."""
        if self.chosen is None:
            return False
        blocks = code_blocks(self.document, self.chosen)
        if not blocks:
            return False
        starts = [block.selection.anchor for block in blocks]
        at = starts.index(self.selection.anchor) if self.selection and self.selection.anchor in starts else -1
        block = blocks[(at + 1) % len(blocks)]
        self._set_following(False)
        self.viewport.top = self.document.move(self.document.clamp(block.position), -2)
        self.selection = block.selection
        self._place()
        self.refresh()
        return True

    @property
    def chosen_code(self) -> str | None:
        """The source of the selected code block, or of the only one in the chosen message."""
        if self.chosen is None:
            return None
        blocks = code_blocks(self.document, self.chosen)
        for block in blocks:
            if block.selection == self.selection:
                return block.source
        return blocks[0].source if len(blocks) == 1 else None

    def choose_link(self) -> MessageLink | None:
        """Select the next link of the chosen message, wrapping around, and return it; None if there is none."""
        links = message_links(self.document, self.chosen) if self.chosen is not None else []
        if not links:
            return None
        at = next((at for at, each in enumerate(links) if each.selection == self.selection), -1)
        link = links[(at + 1) % len(links)]
        self.selection = link.selection
        self.show_position(link.position)
        return link

    @property
    def chosen_link(self) -> str | None:
        """The address of the selected link, or of the only one in the chosen message."""
        links = message_links(self.document, self.chosen) if self.chosen is not None else []
        for link in links:
            if link.selection == self.selection:
                return link.url
        return links[0].url if len(links) == 1 else None

    # Selecting

    def set_marks(self, marks: Marks | None) -> None:
        """Highlight matches, or none."""
        self.marks = marks
        self.refresh()

    def show_position(self, position: Position) -> None:
        """Scroll a line into view with some context above it; do nothing if it is in view already."""
        if not any(shown == position for shown, _ in self.viewport.lines):
            self._set_following(False)
            self.viewport.top = self.document.move(self.document.clamp(position), -(self.size.height // 3))
            self._place()
            self._follow_at_end()
        self.refresh()

    @property
    def selected_text(self) -> str:
        """The selected text; empty without a selection."""
        return selected_text(self.document, self.selection) if self.selection is not None else ""

    @contextmanager
    def _text_kept_in_place(self, index: int) -> Iterator[None]:
        """Keep what is known by row on its text while reasoning above it is opened, folded or grows."""
        rows = self.document.rows(index)
        before = rows.first
        yield
        by = self.document.rows(index).first - before
        if not by:
            return
        top, marks = self.viewport.top, self.marks
        if top.message == index and top.row >= before:
            self.viewport.top = top._replace(row=top.row + by)
        if marks is not None and marks.current is not None and marks.current.message == index:
            marks.current = marks.current._replace(row=marks.current.row + by)
        if self.selection is not None:
            anchor, head = (
                spot._replace(row=spot.row + by) if spot.message == index and spot.row >= before else spot
                for spot in (self.selection.anchor, self.selection.head)
            )
            self.selection = Selection(anchor, head, self.selection.unit)

    def _keep_selection(self, index: int) -> None:
        """Keep the selection on its text after the tail it was in was frozen."""
        if self.marks is not None:
            self.marks.keep(self.document, index)
        chosen = self.selection
        if chosen is not None and index in (chosen.anchor.message, chosen.head.message):
            anchor, head = shifted(self.document, chosen.anchor), shifted(self.document, chosen.head)
            self.selection = Selection(anchor, head, chosen.unit)

    async def _on_mouse_down(self, event: events.MouseDown) -> None:
        self._pointer.down(event)

    def _on_mouse_move(self, event: events.MouseMove) -> None:
        self._pointer.move(event)

    async def _on_mouse_up(self, event: events.MouseUp) -> None:
        self._pointer.up(event)

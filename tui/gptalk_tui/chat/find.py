"""Finding words in the open conversation."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.timer import Timer

from gptalk_client.errors import GptalkError
from gptalk_client.models import BranchEntry, Status
from gptalk_tui.chat.folded_texts import FoldedTexts
from gptalk_tui.widgets.find_bar import FindBar, FindCommand
from gptalk_tui.widgets.transcript.marks import Marks, Place

if TYPE_CHECKING:
    from gptalk_tui.chat.host import Host
    from gptalk_tui.chat.services import Services
    from gptalk_tui.chat.session import Session
    from gptalk_tui.widgets.composer import Composer
    from gptalk_tui.widgets.transcript.widget import Transcript

BATCH_MESSAGES = 256
BATCH_CHARS = 1_000_000
"""How much is read and searched before the count is shown."""

SAY_AGAIN_S = 0.1
"""How often at most the count is shown while it grows, in seconds."""

AGAIN_S = 0.5
"""How long new text waits until it is searched, in seconds."""


@dataclass(frozen=True, slots=True)
class Query:
    """What is to be found; case, accents, ё and е do not count."""

    pattern: re.Pattern[str]
    """Finds it in folded text."""
    folded: str = ""
    """The folded text where every sign means itself; empty for separate words."""

    @classmethod
    def of(cls, typed: str) -> Query | None:
        """Return the query for what was typed, every sign of it literal; None for spaces or accents alone."""
        from gptalk_client.textsearch.folding import fold

        folded = fold(typed)
        return cls(re.compile(re.escape(folded)), folded) if typed.strip() and folded else None

    @classmethod
    def of_words(cls, typed: str) -> Query | None:
        """Return the query as the search in all conversations understands it."""
        from gptalk_client.textsearch.query import parse

        return cls(parse(typed).marks) if typed.strip() else None

    def narrows(self, other: Query | None) -> bool:
        """Whether all that this finds is in messages where another one finds something."""
        return other is not None and bool(other.folded) and self.folded.startswith(other.folded)

    def count(self, folded: str) -> int:
        """Return how often it is in a folded text."""
        return folded.count(self.folded) if self.folded else sum(1 for _ in self.pattern.finditer(folded))

    def find(self, text: str) -> Sequence[tuple[int, int]]:
        """Return the places in a text."""
        from gptalk_client.textsearch.folding import composed
        from gptalk_client.textsearch.snippets import ranges

        whole = composed(text)
        found = ranges(whole, self.pattern)
        return found if whole is text or not found else _in_original(text, whole, found)


class Find:
    """Finds words in the open conversation.

    Args:
        session: What is open.
        services: Where its texts are read.
        host: The screen.
        transcript: Where matches are marked.
        composer: Where the focus goes afterwards.
        search_all: Searches all conversations for what was typed.
    """

    def __init__(
        self,
        session: Session,
        services: Services,
        host: Host,
        *,
        transcript: Transcript,
        composer: Composer,
        search_all: Callable[[str], None],
    ) -> None:
        self._services = services
        self._host = host
        self._transcript = transcript
        self._composer = composer
        self._search_all = search_all
        session.when_opened.append(lambda: self.close(refocus=False))
        self._bar: FindBar | None = None
        self._query: Query | None = None
        self._counts: dict[str, int] = {}
        """Matches by message id, in the order of the messages."""
        self._texts = FoldedTexts(services.store.call, transcript.document)
        self._is_whole = False
        """Every message was looked through for `_query`."""
        self._at: tuple[str, Place] | None = None
        self._seen: set[str] = set()
        """The messages that were looked through and do not change any more."""
        self._again: Timer | None = None

    @property
    def is_active(self) -> bool:
        """Whether found words are marked."""
        return self._transcript.marks is not None

    # The bar

    async def open(self, query: str | None = None) -> None:
        """Open the find bar; without a conversation, the search in all of them."""
        if not self._transcript.document.entries:
            self._search_all(query or "")
            return
        if self._bar is None:
            self._bar = FindBar(id="find-bar")
            await self._host.mount_before(self._bar, "#status")
        self._bar.enter(query)
        self.look(Query.of(self._bar.query_text))

    def press(self, command: FindCommand) -> None:
        """Do what a key in the bar asks for."""
        match command:
            case FindCommand.READ:
                self.enter()
            case FindCommand.NEXT:
                self.step(1)
            case FindCommand.PREVIOUS:
                self.step(-1)
            case FindCommand.EVERYWHERE:
                self._search_all(self._bar.query_text if self._bar is not None else "")
            case FindCommand.LEAVE:
                self.close()

    def enter(self) -> None:
        """Go from the bar to the text, where n and N go on."""
        if self._at is None:
            self.step(1)
        self._transcript.focus()
        self._host.refresh_bars()

    def close(self, *, refocus: bool = True) -> None:
        """Take bar and marks away; the reader stays where they are."""
        self._host.cancel("find")
        self._query, self._counts, self._at, self._is_whole = None, {}, None, False
        self._texts.clear()
        self._transcript.set_marks(None)
        if self._bar is not None and self._bar.has_class("-open"):
            self._bar.close()
            if refocus:
                self._composer.focus()
        self._host.refresh_bars()

    # Looking

    def look_for(self, typed: str) -> None:
        """Find what was typed, as it is."""
        self.look(Query.of(typed))

    def look(self, query: Query | None, *, at: int | None = None) -> None:
        """Find something else, in the background; a later request replaces an earlier one.

        Args:
            query: What; None finds nothing.
            at: The message to begin with; None: the first one in view.
        """
        self._host.start(self._look(query, at), "find", exclusive=True)

    async def _look(self, query: Query | None, at: int | None) -> None:
        transcript, entries = self._transcript, list(self._transcript.document.entries)
        if query is not None and self._is_whole and query.narrows(self._query):
            entries = [entry for entry in entries if entry.id in self._counts]
        self._query, self._counts, self._at, self._is_whole = query, {}, None, False
        self._seen = {each.id for each in transcript.document.entries} - {e.id for e in entries}
        if query is None:
            transcript.set_marks(None)
            self._say()
            await self._read_ahead(entries)
            return
        transcript.set_marks(Marks(query.find))
        lines = transcript.viewport.lines
        first = at if at is not None else (lines[0][0].message if lines else 0)
        index_of = transcript.document.index_of
        # What the reader will see first is looked through first; what stands above it comes last.
        below = [entry for entry in entries if (index_of(entry.id) or 0) >= first]
        above = [entry for entry in entries if (index_of(entry.id) or 0) < first]
        said_s = 0.0
        for batch in self._batches(below) + self._batches(above):
            try:
                texts = await self._texts.of(batch)
            except GptalkError as err:
                self._host.say(err.for_humans(), is_error=True)
                return
            self._counts |= await asyncio.to_thread(_counted, query, texts)
            self._seen |= {each.id for each in batch if each.status is not Status.STREAMING}
            if self._at is None:
                self._go_to_first(first)
            if time.monotonic() - said_s >= SAY_AGAIN_S:
                self._say()
                said_s = time.monotonic()
        self._is_whole = True
        self._counts = {each: self._counts[each] for each in self._in_order()}
        if self._at is None:
            self._go_to_first(0)
        self._say()

    def text_changed(self) -> None:
        """Messages came, grew or went while words are marked: look again soon, from where the reader is."""
        if self._query is not None and self._again is None:
            self._again = self._host.set_timer(AGAIN_S, self._look_again)

    def _look_again(self) -> None:
        self._again = None
        if self._query is not None:
            self._host.start(self._count_again(self._query), "find")

    async def _count_again(self, query: Query) -> None:
        """Count what was not looked through yet, or grows; the reader stays where they are."""
        entries = self._transcript.document.entries
        news = [each for each in entries if each.id not in self._seen or each.status is Status.STREAMING]
        for batch in self._batches(news):
            try:
                texts = await self._texts.of(batch)
            except GptalkError as err:
                self._host.say(err.for_humans(), is_error=True)
                return
            found = await asyncio.to_thread(_counted, query, texts)
            if query is not self._query:
                return
            self._seen |= {each.id for each in batch if each.status is not Status.STREAMING}
            self._counts = {each: count for each, count in self._counts.items() if each not in texts} | found
        self._say()

    async def _read_ahead(self, entries: Sequence[BranchEntry]) -> None:
        """Read what the next query will look through, the newest first, while nobody waits for it."""
        try:
            for batch in _in_batches(entries[::-1]):
                await self._texts.of(batch)
        except GptalkError:
            return  # a query says so

    def _batches(self, entries: Sequence[BranchEntry]) -> list[Sequence[BranchEntry]]:
        """Return messages in parts, after each of which the count is shown; what is kept is one part."""
        kept: list[BranchEntry] = []
        rest: list[BranchEntry] = []
        for each in entries:
            (kept if self._texts.has(each) else rest).append(each)
        return [*([kept] if kept else []), *_in_batches(rest)]

    # Going from one to the next

    def step(self, by: int) -> None:
        """Go to the next (1) or the previous (-1) match; after the last one comes the first."""
        transcript = self._transcript
        marks, document = transcript.marks, transcript.document
        ids = self._in_order()
        if marks is None or not ids:
            return
        if self._at is None or self._at[0] not in ids:
            self._show(ids[0], by, marks)
            return
        message_id, at = self._at
        index = document.index_of(message_id)
        spot = marks.current or at.spot
        if index is not None and spot is not None:
            place = marks.place(document, index, by, spot)
            if place is not None:
                self._take(message_id, place, marks)
                return
        self._show(ids[(ids.index(message_id) + by) % len(ids)], by, marks)

    def _go_to_first(self, first: int) -> None:
        """Go to the first match in or below a message, else wait for more."""
        transcript = self._transcript
        marks = transcript.marks
        for message_id in self._in_order():
            index = transcript.document.index_of(message_id)
            if marks is not None and index is not None and index >= first:
                self._show(message_id, 1, marks)
                return

    def _show(self, message_id: str, by: int, marks: Marks) -> None:
        document = self._transcript.document
        index = document.index_of(message_id)
        if index is None:
            return
        place = marks.place(document, index, by)
        self._take(message_id, place or Place(document.position_of_message(index), None, 1), marks)

    def _take(self, message_id: str, place: Place, marks: Marks) -> None:
        self._at = (message_id, place)
        marks.current = place.spot
        self._transcript.show_position(place.position)
        self._say()

    def _say(self) -> None:
        if self._bar is None:
            return
        index_of = self._transcript.document.index_of
        total = sum(count for each, count in self._counts.items() if index_of(each) is not None)
        if self._query is None:
            self._bar.say("")
        elif not total:
            self._bar.say("nothing" if self._is_whole else "…", is_empty=self._is_whole)
        else:
            more = "" if self._is_whole else "+"
            self._bar.say(f"{self._number()}/{total:,}{more}")

    def _number(self) -> int:
        """Return which of all matches the reader is at, from 1; 0 at none."""
        if self._at is None:
            return 0
        message_id, place = self._at
        index_of = self._transcript.document.index_of
        here = index_of(message_id)
        if here is None or message_id not in self._counts:
            return 0
        places = ((index_of(each), count) for each, count in self._counts.items())
        before = sum(count for index, count in places if index is not None and index < here)
        return before + min(place.number, self._counts[message_id])

    def _in_order(self) -> list[str]:
        """Return the messages with matches that are still shown, in their order."""
        index_of = self._transcript.document.index_of
        places = {each: index for each in self._counts if (index := index_of(each)) is not None}
        return sorted(places, key=places.__getitem__)


def _in_batches(entries: Sequence[BranchEntry]) -> list[list[BranchEntry]]:
    batches: list[list[BranchEntry]] = []
    room = 0
    for entry in entries:
        if not batches or len(batches[-1]) >= BATCH_MESSAGES or entry.size_chars > room:
            batches.append([])
            room = BATCH_CHARS
        batches[-1].append(entry)
        room -= entry.size_chars
    return batches


def _counted(query: Query, texts: Mapping[str, str]) -> dict[str, int]:
    return {message_id: count for message_id, text in texts.items() if (count := query.count(text))}


def _in_original(text: str, whole: str, found: Sequence[tuple[int, int]]) -> Sequence[tuple[int, int]]:
    """Return places of the composed text as places of the text as it is, where accents may stand apart."""
    import unicodedata

    starts: list[int] = []
    at = 0
    while at < len(text):
        end = at + 1
        while end < len(text) and unicodedata.combining(text[end]):
            end += 1
        starts.extend([at] * len(unicodedata.normalize("NFC", text[at:end])))
        at = end
    starts.append(len(text))
    if len(starts) != len(whole) + 1:  # composed over more than a letter and its accents, as Korean is
        return found
    return [(starts[start], starts[end]) for start, end in found]

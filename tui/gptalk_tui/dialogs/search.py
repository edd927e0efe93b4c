"""Search in all conversations, as one types: title, the words around the match, age."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Static

from gptalk_client.errors import GptalkError
from gptalk_client.models import SearchHit
from gptalk_client.text import one_line, visible
from gptalk_tui.dialogs.base import LOOKING, Dialog
from gptalk_tui.dialogs.key_hints import KeyHints
from gptalk_tui.dialogs.tags import TagSuggester
from gptalk_tui.widgets.listing import UNTITLED, age_of
from gptalk_tui.widgets.row_list import Row, RowList

if TYPE_CHECKING:
    from gptalk_client.store.store import Store
    from gptalk_client.store.worker import StoreThread

LIMIT = 100
_ROLE_MARKS = {"user": "▌", "title": "┃"}


@dataclass(frozen=True, slots=True)
class Found:
    """Where to go from a search."""

    query: str
    conversation_id: str | None = None
    """None: back to this conversation."""
    message_id: str | None = None


class SearchScreen(Dialog[Found | None]):
    """Returns what to open, or None.

    Args:
        store: Where the messages are.
        query: What to begin with.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Close", show=False),
        Binding("tab", "go_back", "This conversation", show=False),
        Binding("down", "move(1)", "Down", show=False),
        Binding("up", "move(-1)", "Up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
    ]

    def __init__(self, store: StoreThread, query: str = "") -> None:
        super().__init__()
        self._store = store
        self._query = query

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog -wide -search -filtering"):
            yield Static("Search all conversations", classes="dialog-title", markup=False)
            yield Input(
                self._query,
                placeholder="type to search, #tag",
                id="query",
                suggester=TagSuggester(self._store),
            )
            yield RowList(id="hits")
            yield KeyHints(("Enter", "open"), ("Tab", "this conversation"), ("Esc", "close"))

    def on_mount(self) -> None:
        self.query_one("#hits").can_focus = False
        self.query_one("#query", Input).focus()
        self._look(self._query)

    @on(Input.Changed, "#query")
    def _changed(self, event: Input.Changed) -> None:
        self._look(event.value)

    def _look(self, query: str) -> None:
        self.run_worker(self._search(query), group=LOOKING, exclusive=True, description="search")

    async def _search(self, query: str) -> None:
        def search(store: Store) -> tuple[list[SearchHit], tuple[int, int] | None]:
            hits = store.search(query, limit=LIMIT)
            return hits, None if hits or not query.strip() else store.search_extent()

        try:
            hits, extent = await self._store.look_up(search)
        except GptalkError as err:
            self.notify(err.for_humans(), severity="error")
            return
        rows = self.query_one("#hits", RowList)
        rows.empty_text = nothing_in(*extent) if extent is not None else ""
        found = rows_of(hits, datetime.now().astimezone())
        rows.set_rows(found, highlight=next((row.key for row in found if row.key), None))

    @on(Input.Submitted, "#query")
    def _submitted(self) -> None:
        self.query_one("#hits", RowList).action_choose()

    @on(RowList.Chosen, "#hits")
    def _chosen(self, event: RowList.Chosen) -> None:
        conversation_id, _, message_id = event.key.partition(":")
        self.dismiss(Found(self.query_one("#query", Input).value, conversation_id, message_id or None))

    def action_move(self, by: int) -> None:
        """Move the highlight."""
        self.query_one("#hits", RowList).action_move(by)

    def action_page(self, by: int) -> None:
        """Move the highlight by a page."""
        self.query_one("#hits", RowList).action_page(by)

    def action_go_back(self) -> None:
        """Find the same in the conversation on screen."""
        self.dismiss(Found(self.query_one("#query", Input).value))


def nothing_in(messages: int, conversations: int) -> str:
    """Return the words for a search that found nothing."""
    of = f"{messages:,} message{'s' if messages != 1 else ''}"
    return f"Nothing in {of} of {conversations:,} conversation{'s' if conversations != 1 else ''}"


def rows_of(hits: Sequence[SearchHit], now: datetime) -> list[Row]:
    """Return hits as rows: each conversation's title once, its messages below it."""
    by_conversation: dict[str, list[SearchHit]] = {}
    for hit in hits:
        by_conversation.setdefault(hit.conversation_id, []).append(hit)
    rows: list[Row] = []
    for some in by_conversation.values():
        rows.append(Row("", one_line(some[0].title) or UNTITLED))
        for hit in some:
            text, spans = harmless(hit.snippet, hit.matches)
            age = age_of(datetime.fromtimestamp(hit.created_at_ms / 1000, now.tzinfo), now)
            key = f"{hit.conversation_id}:{hit.message_id or ''}"
            rows.append(Row(key, text, age, _ROLE_MARKS.get(hit.role, ""), spans=spans))
    return rows


def harmless(text: str, spans: Sequence[tuple[int, int]]) -> tuple[str, tuple[tuple[int, int], ...]]:
    """Return a snippet without control characters, and its matches' places there."""
    parts: list[str] = []
    moved: list[tuple[int, int]] = []
    length = at = 0
    for start, end in spans:
        before = visible(text[at:start], newlines=False)
        match = visible(text[start:end], newlines=False)
        moved.append((length + len(before), length + len(before) + len(match)))
        parts += [before, match]
        length += len(before) + len(match)
        at = end
    parts.append(visible(text[at:], newlines=False))
    return "".join(parts), tuple(moved)

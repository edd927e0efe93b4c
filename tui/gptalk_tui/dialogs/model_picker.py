"""One of a provider's models: type to find, favourites and those used last first."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Static

from gptalk_client.errors import GptalkError
from gptalk_client.model_choices import ModelChoices
from gptalk_client.text import one_line
from gptalk_tui.dialogs.base import Dialog
from gptalk_tui.dialogs.confirm import ConfirmScreen
from gptalk_tui.dialogs.fuzzy import fuzzy_match
from gptalk_tui.dialogs.key_hints import KeyHints
from gptalk_tui.widgets.row_list import Row, RowList

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gptalk_client.providers.model_info import ModelInfo
    from gptalk_tui.dialogs.engine_book import EngineBook

MODELS_LIMIT_S = 15.0
"""How long a provider may take to list its models, in seconds."""

_TYPED = "typed"
_LISTED = "model "
"""What the keys of rows begin with, so that a model of any name has one."""
_STAR = "★"


class ModelPicker(Dialog[str | None]):
    """Returns the name of a model, or None. A name that is not listed is asked about.

    Args:
        provider: Its name, which may be that of one that is about to be added.
        book: Lists the models and remembers favourites.
        models: The provider's models; None asks for them.
        current: The model that has the highlight at first.
        typed: What is in the field at first.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Back", show=False),
        Binding("down", "move(1)", "Down", show=False),
        Binding("up", "move(-1)", "Up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("f4", "favourite", "Favourite", show=False),
    ]

    def __init__(
        self,
        provider: str,
        book: EngineBook,
        *,
        models: Sequence[ModelInfo] | None = None,
        current: str = "",
        typed: str = "",
    ) -> None:
        super().__init__()
        self._provider = provider
        self._book = book
        self._models = models
        self._current = _LISTED + current if current else None
        self._typed = typed
        self._choices = ModelChoices()
        self._texts: dict[str, str] = {}
        """What is shown of each name: to make it harmless takes time, and each key looks through all of them."""

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog -tall"):
            title = f"Models · {one_line(self._provider)}"
            yield Static(title, classes="dialog-title", markup=False)
            yield Input(self._typed, placeholder="type to find, or a model's name")
            yield RowList(empty_text="asking for the models…")
            yield Static(classes="dialog-error", markup=False)
            yield KeyHints(("Enter", "use"), ("F4", "favourite"), ("Esc", "back"))

    def on_mount(self) -> None:
        self.add_class("-filtering")
        self.query_one(Input).focus()
        self.ask_server(self._load())

    async def _load(self) -> None:
        self._choices = await self._book.choices(self._provider)
        rows = self.query_one(RowList)
        if self._models is None:
            self._look()
            self._models = await self._ask()
        rows.empty_text = "no models are listed; type a name"
        self._look()

    async def _ask(self) -> Sequence[ModelInfo]:
        try:
            async with asyncio.timeout(MODELS_LIMIT_S):
                return await self._book.models(self._provider)
        except TimeoutError:
            self.complain("The provider did not list its models in time. A name can be typed.")
        except GptalkError as err:
            self.complain(one_line(err.for_humans(), max_chars=300))
        return ()

    @on(Input.Changed)
    def _filter(self) -> None:
        self._look(is_new=True)

    def _look(self, *, is_new: bool = False) -> None:
        rows = list(self._rows(self.query_one(Input).value.strip()))
        first = next((row.key for row in rows if row.key), None)
        self.query_one(RowList).set_rows(rows, highlight=first if is_new else self._current)
        if self._models is not None:
            self._current = None

    # Rows

    def _rows(self, query: str) -> Iterator[Row]:
        models = {each.name: each for each in self._models or ()}
        if not query:
            yield from self._sections(models)
            return
        used = {name: at for at, name in enumerate(self._choices.used)}
        found = []
        for at, name in enumerate(models):
            match = fuzzy_match(query, self._shown(name))
            if match is not None:
                order = (match.rank, name not in self._choices.favourites, used.get(name, len(used)))
                found.append(((*order, match.spread, at), name, match.spans))
        for _, name, spans in sorted(found):
            yield self._row(models[name], spans)
        if self._models is not None and query not in models:
            yield Row(_TYPED, f"“{one_line(query)}”", "not listed" if models else "as typed")

    def _sections(self, models: dict[str, ModelInfo]) -> Iterator[Row]:
        """Favourites, those used last, and the rest, with headings if there are several."""
        favourites = [name for name in self._choices.favourites if name in models]
        used = [name for name in self._choices.used if name in models and name not in favourites]
        rest = [name for name in models if name not in {*favourites, *used}]
        sections = (("Favourites", favourites), ("Used last", used), ("All", rest))
        has_headings = bool(favourites or used)
        for heading, names in sections:
            if names and has_headings:
                yield Row("", heading)
            yield from (self._row(models[name]) for name in names)

    def _row(self, model: ModelInfo, spans: tuple[tuple[int, int], ...] = ()) -> Row:
        mark = _STAR if model.name in self._choices.favourites else ""
        return Row(
            _LISTED + model.name,
            self._shown(model.name),
            one_line(model.summary),
            mark,
            spans=spans,
        )

    def _shown(self, name: str) -> str:
        text = self._texts.get(name)
        if text is None:
            text = self._texts[name] = one_line(name, max_chars=200)
        return text

    # Keys

    def action_move(self, by: int) -> None:
        """Move the highlight."""
        self.query_one(RowList).action_move(by)

    def action_page(self, by: int) -> None:
        """Move the highlight by a page."""
        self.query_one(RowList).action_page(by)

    async def action_favourite(self) -> None:
        """Mark the highlighted model as a favourite, or no longer."""
        row = self.query_one(RowList).highlighted
        if row is None or not row.key.startswith(_LISTED):
            return
        model, favourites = row.key.removeprefix(_LISTED), self._choices.favourites
        is_favourite = model not in favourites
        if is_favourite:
            favourites.append(model)
        else:
            favourites.remove(model)
        self._current = row.key
        self._look()
        try:
            await self._book.mark(self._provider, model, is_favourite=is_favourite)
        except GptalkError as err:
            self.complain(one_line(err.for_humans(), max_chars=300))

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self.query_one(RowList).action_choose()

    @on(RowList.Chosen)
    def _chosen(self, event: RowList.Chosen) -> None:
        if event.key != _TYPED:
            self._end(event.key.removeprefix(_LISTED))
            return
        model = self.query_one(Input).value.strip()

        def answered(is_meant: bool | None) -> None:
            if is_meant:
                self._end(model)

        if self._models:
            self.app.push_screen(unlisted(self._provider, model), answered)
        else:
            self._end(model)

    def _end(self, model: str) -> None:
        self._book.note_used(self._provider, model)
        self.dismiss(model)


def unlisted(provider: str, model: str) -> ConfirmScreen:
    """Return the question about a model that its provider does not list."""
    return ConfirmScreen(
        f"{one_line(provider)} lists no model “{one_line(model)}”.",
        "If it doesn't have it, prompts will fail.",
        yes="use it anyway",
    )

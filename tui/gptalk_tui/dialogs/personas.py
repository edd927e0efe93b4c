"""The list of personas: use one, make, change or remove one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Static

from gptalk_client.errors import GptalkError
from gptalk_client.text import one_line
from gptalk_tui.dialogs.base import Dialog
from gptalk_tui.dialogs.confirm import ConfirmScreen
from gptalk_tui.dialogs.key_hints import KeyHints
from gptalk_tui.dialogs.settings_fields import Fields, persona_fields
from gptalk_tui.widgets.row_list import Row, RowList

if TYPE_CHECKING:
    from gptalk_tui.dialogs.engine_book import EngineBook

_NONE = "none"
_NAMED = "persona "


class PersonasScreen(Dialog[str | None]):
    """Returns the name of the persona to use, empty for none; None where the person left.

    Args:
        book: The personas.
        current: The one in use; empty if none is.
        fields: What a new persona starts with.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Back", show=False),
        Binding("a,insert", "add", "New", show=False),
        Binding("e,f2", "change", "Change", show=False),
        Binding("d,delete", "remove", "Remove", show=False),
    ]

    def __init__(self, book: EngineBook, *, current: str, fields: Fields) -> None:
        super().__init__()
        self._book = book
        self._current = current
        self._fields = fields

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog -tall"):
            yield Static("Personas", classes="dialog-title", markup=False)
            yield RowList()
            yield Static(classes="dialog-error", markup=False)
            yield KeyHints(("Enter", "use"), ("a", "new"), ("e", "change"), ("d", "remove"), ("Esc", "back"))

    def on_mount(self) -> None:
        self.query_one(RowList).focus()
        self._show(self._current)

    def _show(self, highlight: str | None = None) -> None:
        personas = self._book.settings.personas
        rows = [Row(_NONE, "none", mark="" if self._current else "●")]
        for name, persona in personas.items():
            about = one_line(persona.system_prompt or persona.model, max_chars=40)
            rows.append(Row(_NAMED + name, one_line(name), about, "●" if name == self._current else ""))
        wanted = None if highlight is None else _NAMED + highlight if highlight in personas else _NONE
        self.query_one(RowList).set_rows(rows, highlight=wanted)

    @property
    def _highlighted_name(self) -> str:
        row = self.query_one(RowList).highlighted
        return row.key.removeprefix(_NAMED) if row is not None and row.key != _NONE else ""

    @on(RowList.Chosen)
    def _chosen(self, event: RowList.Chosen) -> None:
        self.dismiss("" if event.key == _NONE else event.key.removeprefix(_NAMED))

    def action_add(self) -> None:
        """Make a persona of what is set now."""
        self._open("", replace(self._fields, persona="", context="", reasoning=""))

    def action_change(self) -> None:
        """Change the highlighted persona."""
        if name := self._highlighted_name:
            self._open(name, persona_fields(self._book.settings.personas[name]))

    def _open(self, name: str, fields: Fields) -> None:
        from gptalk_tui.dialogs.persona_form import PersonaForm

        def kept(name: str | None) -> None:
            if name is not None:
                self._show(name)

        self.app.push_screen(PersonaForm(self._book, name=name, fields=fields), kept)

    def action_remove(self) -> None:
        """Remove the highlighted persona, after a question."""
        if not (name := self._highlighted_name):
            return

        async def answered(is_meant: bool | None) -> None:
            if not is_meant:
                return
            try:
                await self._book.remove_persona(name)
            except GptalkError as err:
                self.complain(one_line(err.for_humans(), max_chars=400))
            self._show()

        detail = "Conversations that use it go on with the settings of their own and the defaults."
        question = f"Remove the persona “{one_line(name)}”?"
        self.app.push_screen(ConfirmScreen(question, detail, yes="remove"), answered)

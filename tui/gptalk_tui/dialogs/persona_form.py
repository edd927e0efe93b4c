"""A persona: a name for who answers, how, and with which instructions."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Input, Static

from gptalk_client.errors import GptalkError
from gptalk_client.text import one_line
from gptalk_tui.dialogs.base import Dialog
from gptalk_tui.dialogs.key_hints import KeyHints
from gptalk_tui.dialogs.model_picker import ModelPicker
from gptalk_tui.dialogs.settings_fields import BadValueError, Fields, Meanings, as_persona, what_applies
from gptalk_tui.dialogs.settings_form import SettingsForm, setting
from gptalk_tui.widgets.cycle import Cycle

if TYPE_CHECKING:
    from gptalk_tui.dialogs.engine_book import EngineBook

MOST_NAME_CHARS = 40
"""Longest name of a persona, in characters."""


class PersonaForm(Dialog[str | None]):
    """Returns the name of the persona that was kept; None where nothing was.

    Args:
        book: Keeps it.
        name: The persona that is changed; empty for a new one.
        fields: What it has at first.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Back", show=False),
        Binding("ctrl+t", "keep", "Keep", show=False, priority=True),
        Binding("enter", "enter", "Keep", show=False),
        Binding("down", "move(1)", "Next", show=False),
        Binding("up", "move(-1)", "Before", show=False),
    ]

    def __init__(self, book: EngineBook, *, name: str, fields: Fields) -> None:
        super().__init__()
        self._book = book
        self._persona = name
        self._fields = fields
        self._meant = Meanings()
        known = book.settings.personas.get(name)
        if known is not None:
            self._meant.remember(known.model)
            self._meant.remember(known.system_prompt, newlines=True)

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog", id="settings"):
            title = f"Persona · {one_line(self._persona)}" if self._persona else "New persona"
            yield Static(title, classes="dialog-title", markup=False)
            with VerticalScroll(classes="dialog-fields", can_focus=False):
                if not self._persona:
                    yield setting("name", Input(placeholder="a short name", id="name"))
                yield SettingsForm(has_context=False)
                yield Static(classes="dialog-error", markup=False)
            yield KeyHints(("Enter", "save"), ("Tab", "next"), ("Esc", "back"))

    def on_mount(self) -> None:
        self._fill(self._fields)
        self.query_one("#system" if self._persona else "#name").focus()

    def _fill(self, fields: Fields) -> None:
        applies = what_applies(self._book.settings, fields, is_default=False)
        self.query_one(SettingsForm).fill(
            fields, otherwise=applies, providers=self._book.providers(), is_optional=True
        )

    @property
    def _typed(self) -> Fields:
        return self.query_one(SettingsForm).read_into(self._fields)

    @on(Cycle.Changed, "#provider")
    def _provider_changed(self) -> None:
        self._fill(self._typed.without_model())

    def action_move(self, by: int) -> None:
        """Go to another field."""
        if by > 0:
            self.focus_next()
        else:
            self.focus_previous()

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self.action_enter()

    def action_enter(self) -> None:
        """List the models in their field, or keep the persona."""
        if self.focused is None or self.focused.id != "model":
            self.run_worker(self._keep(), group="keep", exclusive=True, description="keep")
            return
        field = self.query_one("#model", Input)

        def picked(model: str | None) -> None:
            if model is not None:
                field.value = self._meant.remember(model)

        provider = self._book.provider_of(self._typed)
        self.app.push_screen(ModelPicker(provider, self._book, typed=field.value.strip()), picked)

    def action_keep(self) -> None:
        """Keep the persona."""
        self.run_worker(self._keep(), group="keep", exclusive=True, description="keep")

    async def _keep(self) -> None:
        try:
            name = self._persona or self._new_name()
            await self._book.keep_persona(name, as_persona(self._meant.restore(self._typed.read())))
        except BadValueError as err:
            self.complain(one_line(str(err), max_chars=300))
        except GptalkError as err:
            self.complain(one_line(err.for_humans(), max_chars=300))
        else:
            self.dismiss(name)

    def _new_name(self) -> str:
        name = self.query_one("#name", Input).value.strip()
        if not name or len(name) > MOST_NAME_CHARS or not name.isprintable():
            raise BadValueError(f"A persona needs a name of at most {MOST_NAME_CHARS} characters.")
        if name in self._book.settings.personas:
            raise BadValueError(f"There is a persona “{one_line(name)}” already. Choose another name.")
        return name

"""The settings of a conversation, or the defaults: provider, model and parameters."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.suggester import SuggestFromList
from textual.widgets import Input, Static, TextArea

from gptalk_client.errors import GptalkError
from gptalk_client.settings import Persona
from gptalk_client.text import one_line, visible
from gptalk_tui.dialogs.base import Dialog
from gptalk_tui.dialogs.settings_fields import BadValueError, Fields, Values
from gptalk_tui.widgets.cycle import Cycle
from gptalk_tui.widgets.text_box import TextBox

HERE, DEFAULT = "here", "default"


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the person set, and for which scope."""

    scope: str
    """`here` or `default`."""
    values: Values


class SettingsScreen(Dialog[list[Chosen] | None]):
    """Returns what was changed, for this conversation, as the default, or both; None where the person left.

    Args:
        title: The conversation's title; made harmless by the caller.
        here: What this conversation sets for itself.
        defaults: What applies where a conversation sets nothing.
        providers: Name and title of those that can answer; made harmless by the caller.
        personas: By name.
        find_models: Returns the names of a provider's models.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Close", show=False),
        Binding("ctrl+t", "keep", "Keep", show=False, priority=True),
        Binding("enter", "keep", "Keep", show=False),
        Binding("down", "move(1)", "Next", show=False),
        Binding("up", "move(-1)", "Before", show=False),
        Binding("pagedown", "model(1)", "Next model", show=False),
        Binding("pageup", "model(-1)", "Model before", show=False),
    ]

    def __init__(
        self,
        title: str,
        here: Values,
        defaults: Values,
        *,
        providers: Mapping[str, str],
        personas: Mapping[str, Persona],
        find_models: Callable[[str], Awaitable[list[str]]],
    ) -> None:
        super().__init__()
        self._title = title
        self._defaults = defaults
        self._set = {HERE: Fields.of(here), DEFAULT: Fields.of(defaults)}
        """What was set before, by scope."""
        self._typed = dict(self._set)
        """What the fields hold, by scope; for the scope on screen, when it was shown."""
        self._scope = HERE
        self._plain = self._set[HERE]
        """The fields without a persona."""
        self._providers = providers
        self._personas = personas
        self._find_models = find_models
        self._models: list[str] = []
        self._meant: dict[str, str] = {}
        """What a field shows, and the text that it stands for, which is kept where the field is left alone."""
        sources: list[Values | Persona] = [here, defaults, *personas.values()]
        for each in sources:
            self._harmless(each.model)
            self._harmless(each.system_prompt, newlines=True)

    def compose(self) -> ComposeResult:
        personas = [("", "none"), *((name, one_line(name)) for name in self._personas)]
        with Vertical(classes="dialog", id="settings"):
            yield Static(f"Settings · “{self._title}”", classes="dialog-title", markup=False)
            yield from _row(
                "for", Cycle([(HERE, "this conversation"), (DEFAULT, "all new ones (default)")], id="scope")
            )
            if self._personas:
                yield from _row("persona", Cycle(personas, id="persona"))
            yield from _row("provider", Cycle([], id="provider"))
            yield from _row("model", Input(compact=True, id="model"))
            yield from _row("temperature", Input(compact=True, id="temperature"))
            yield from _row("context messages", Input(compact=True, id="context"))
            yield Static("system prompt", classes="setting-label", markup=False)
            yield TextBox(compact=True, id="system", tab_behavior="focus", highlight_cursor_line=False)
            yield Static(classes="dialog-error", markup=False)
            yield Static(classes="dialog-hint", markup=False, id="hint")

    def on_mount(self) -> None:
        self._fill(self._typed[HERE])
        self.query_one("#provider").focus()

    # Fields

    def _fill(self, fields: Fields) -> None:
        """Show the scope's fields; an empty one says what applies instead."""
        defaults, is_here = self._defaults, self._scope == HERE
        names = list(self._providers.items())
        if is_here:
            default = self._providers.get(defaults.provider, defaults.provider)
            names.insert(0, ("", f"default: {default}"))
        if fields.provider not in dict(names):
            names.append((fields.provider, fields.provider))  # set elsewhere; it stays until it is changed
        self.query_one("#provider", Cycle).set_options(names, value=fields.provider)
        self._show("#model", fields.model, _held(is_here, defaults.model, "the provider's own"))
        default = "" if defaults.temperature is None else f"{defaults.temperature:g}"
        self._show("#temperature", fields.temperature, _held(is_here, default, "the service's own"))
        self._show("#context", fields.context, _held(is_here, str(defaults.context_messages or 0), "20"))
        system = self.query_one("#system", TextArea)
        system.load_text(fields.system)
        system.placeholder = _held(is_here, one_line(defaults.system_prompt, max_chars=80), "none")
        self._name_persona(fields)
        self._look_for_models()

    def _show(self, selector: str, value: str, placeholder: str) -> None:
        field = self.query_one(selector, Input)
        field.value = value
        field.placeholder = placeholder

    def _harmless(self, text: str, *, newlines: bool = False) -> str:
        """Return a text as a field shows it, and remember what it stands for."""
        shown = visible(text, newlines=newlines).strip()
        self._meant[shown] = text
        return shown

    def _name_persona(self, fields: Fields) -> None:
        """Show the name of the persona that the fields match."""
        if self._personas:
            same = (name for name, each in self._personas.items() if fields == fields.as_persona(each))
            self.query_one("#persona", Cycle).value = next(same, "")

    @property
    def _fields(self) -> Fields:
        """What the fields hold now."""
        return Fields(
            provider=self.query_one("#provider", Cycle).value,
            model=self.query_one("#model", Input).value,
            temperature=self.query_one("#temperature", Input).value,
            context=self.query_one("#context", Input).value,
            system=self.query_one("#system", TextArea).text,
        )

    @on(Cycle.Changed, "#scope")
    def _scope_changed(self, event: Cycle.Changed) -> None:
        self._show_scope(event.value)

    def _show_scope(self, scope: str) -> None:
        self._typed[self._scope] = self._fields
        self._scope = scope
        self._plain = self._typed[scope]
        self._fill(self._plain)

    @on(Cycle.Changed, "#provider")
    def _provider_changed(self) -> None:
        self.query_one("#model", Input).value = ""  # a model of the other provider
        self._look_for_models()

    @on(Cycle.Changed, "#persona")
    def _persona_changed(self, event: Cycle.Changed) -> None:
        fields = self._fields
        if not any(fields == fields.as_persona(each) for each in self._personas.values()):
            self._plain = fields
        persona = self._personas.get(event.value)
        self.complain("")
        if persona is None:
            self._fill(self._plain)
        elif persona.provider is not None and persona.provider not in self._providers:
            self._fill(self._plain)
            name = one_line(event.value)
            self.complain(f"{name} uses {persona.provider}, which is not set up in the config file.")
        else:
            self._fill(self._plain.as_persona(persona))
        self.query_one("#persona", Cycle).value = event.value

    # Models

    def _look_for_models(self) -> None:
        provider = self.query_one("#provider", Cycle).value or self._defaults.provider
        self._take_models([], "looking for models…")
        self.run_worker(self._fetch_models(provider), group="models", exclusive=True, description="models")

    async def _fetch_models(self, provider: str) -> None:
        try:
            models = await self._find_models(provider)
        except GptalkError as err:
            self._take_models([], one_line(err.message))
            return
        self._take_models(models, "" if models else "the provider lists no models")

    def _take_models(self, models: list[str], words: str) -> None:
        self._models = models = [self._harmless(name) for name in models]
        self.query_one("#model", Input).suggester = SuggestFromList(models, case_sensitive=False)
        named = ", ".join(one_line(name) for name in models[:3]) + (", …" if len(models) > 3 else "")
        hint = f"models: {named} (PgUp and PgDn in the field)" if models else words
        self.query_one("#hint", Static).update(
            Content(f"{hint}\nLeft and Right: choose · Enter or Ctrl+T: save · Esc: cancel")
        )

    # Keys

    def action_move(self, by: int) -> None:
        """Go to another field."""
        if by > 0:
            self.focus_next()
        else:
            self.focus_previous()

    def action_model(self, by: int) -> None:
        """Take the next or the previous model into its field."""
        field = self.query_one("#model", Input)
        if field.has_focus and self._models:
            at = self._models.index(field.value) + by if field.value in self._models else min(0, by)
            field.value = self._models[at % len(self._models)]
            field.cursor_position = len(field.value)

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self.action_keep()

    def action_keep(self) -> None:
        """Close with what was changed, if it can be used."""
        self._typed[self._scope] = self._fields
        chosen: list[Chosen] = []
        for scope in (HERE, DEFAULT):
            if self._typed[scope] == self._set[scope]:
                continue
            try:
                chosen.append(Chosen(scope, self._as_meant(self._typed[scope].read())))
            except BadValueError as err:
                if scope != self._scope:
                    self.query_one("#scope", Cycle).value = scope
                    self._show_scope(scope)
                self.complain(str(err))
                return
        self.dismiss(chosen)

    def _as_meant(self, values: Values) -> Values:
        model, system = values.model, values.system_prompt
        return replace(
            values, model=self._meant.get(model, model), system_prompt=self._meant.get(system, system)
        )


def _row(label: str, field: Cycle | Input) -> ComposeResult:
    with Horizontal(classes="setting"):
        yield Static(label, classes="setting-label", markup=False)
        yield field


def _held(is_here: bool, default: str, otherwise: str) -> str:
    """Return what applies while a field is empty."""
    return f"default: {one_line(default) or otherwise}" if is_here else otherwise

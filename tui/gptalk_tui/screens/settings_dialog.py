"""The settings of a conversation, or of all new ones: who answers, with which model and how."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
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
from gptalk_tui.screens.sizing import Dialog
from gptalk_tui.widgets.cycle import Cycle

HERE, DEFAULT = "here", "default"


@dataclass(frozen=True, slots=True)
class Values:
    """What can be set; what is empty or None comes from elsewhere."""

    provider: str = ""
    model: str = ""
    temperature: float | None = None
    context_messages: int | None = None
    system_prompt: str = ""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the person set, and for what."""

    scope: str
    """`here` or `default`."""
    values: Values


class BadValueError(ValueError):
    """A field holds what cannot be used; says what can."""


class SettingsScreen(Dialog[Chosen | None]):
    """Returns what was set, or None.

    Args:
        title: The conversation's title; made harmless by the caller.
        here: What this conversation sets for itself.
        defaults: What holds for every conversation.
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
        self._values = {HERE: here, DEFAULT: defaults}
        self._providers = providers
        self._personas = personas
        self._find_models = find_models
        self._models: list[str] = []
        self._meant: dict[str, str] = {}
        """What stands in a field, and the text from outside that is meant by it."""

    def compose(self) -> ComposeResult:
        personas = [("", "none"), *((name, one_line(name)) for name in self._personas)]
        with Vertical(classes="dialog", id="settings"):
            yield Static(f"Settings · “{self._title}”", classes="dialog-title", markup=False)
            yield from _row(
                "for", Cycle([(HERE, "this conversation"), (DEFAULT, "all, as the default")], id="scope")
            )
            if self._personas:
                yield from _row("persona", Cycle(personas, id="persona"))
            yield from _row("provider", Cycle([], id="provider"))
            yield from _row("model", Input(compact=True, id="model"))
            yield from _row("temperature", Input(compact=True, id="temperature"))
            yield from _row("context messages", Input(compact=True, id="context"))
            yield Static("system prompt", classes="setting-label", markup=False)
            yield TextArea(compact=True, id="system", tab_behavior="focus", highlight_cursor_line=False)
            yield Static(classes="dialog-error", markup=False)
            yield Static(classes="dialog-hint", markup=False, id="hint")

    def on_mount(self) -> None:
        self._fill(HERE)
        self.query_one("#provider").focus()

    # Fields

    def _fill(self, scope: str) -> None:
        """Show what is set for a scope; what is not set says what holds instead."""
        defaults, values = self._values[DEFAULT], self._values[scope]
        is_here = scope == HERE
        names = list(self._providers.items())
        if is_here:
            default = self._providers.get(defaults.provider, defaults.provider)
            names.insert(0, ("", f"default: {default}"))
        provider = self.query_one("#provider", Cycle)
        provider.set_options(names, value=values.provider)
        self._show("#model", values.model, _held(is_here, defaults.model, "the provider's own"))
        temperature = "" if values.temperature is None else f"{values.temperature:g}"
        default = "" if defaults.temperature is None else f"{defaults.temperature:g}"
        self._show("#temperature", temperature, _held(is_here, default, "left to the service"))
        context = "" if values.context_messages is None else str(values.context_messages)
        self._show("#context", context, _held(is_here, str(defaults.context_messages or 0), "20"))
        system = self.query_one("#system", TextArea)
        system.load_text(self._harmless(values.system_prompt, newlines=True))
        held = _held(is_here, one_line(defaults.system_prompt, max_chars=80), "none")
        system.placeholder = held
        self._look_for_models()

    def _show(self, selector: str, value: str, placeholder: str) -> None:
        field = self.query_one(selector, Input)
        field.value = self._harmless(value)
        field.placeholder = placeholder

    def _harmless(self, text: str, *, newlines: bool = False) -> str:
        """Return a text as a field may paint it; if it is left alone, it is kept as it was."""
        shown = visible(text, newlines=newlines).strip()
        self._meant[shown] = text
        return shown

    @on(Cycle.Changed, "#scope")
    def _scope_changed(self, event: Cycle.Changed) -> None:
        self._fill(event.value)

    @on(Cycle.Changed, "#provider")
    def _provider_changed(self) -> None:
        self.query_one("#model", Input).value = ""  # a model of the other provider
        self._look_for_models()

    @on(Cycle.Changed, "#persona")
    def _persona_changed(self, event: Cycle.Changed) -> None:
        persona = self._personas.get(event.value)
        if persona is None:
            self._fill(self.query_one("#scope", Cycle).value)
            return
        if persona.provider is not None:
            self.query_one("#provider", Cycle).value = persona.provider
        self.query_one("#model", Input).value = self._harmless(persona.model)
        if persona.temperature is not None:
            self.query_one("#temperature", Input).value = f"{persona.temperature:g}"
        self.query_one("#system", TextArea).load_text(self._harmless(persona.system_prompt, newlines=True))
        self._look_for_models()

    # Models

    def _look_for_models(self) -> None:
        provider = self.query_one("#provider", Cycle).value or self._values[DEFAULT].provider
        self._take_models([], "looking for models…")
        self.run_worker(self._fetch_models(provider), group="models", exclusive=True, description="models")

    async def _fetch_models(self, provider: str) -> None:
        try:
            models = await self._find_models(provider)
        except GptalkError as err:
            self._take_models([], one_line(err.message))
            return
        self._take_models(models, "" if models else "the provider names no models")

    def _take_models(self, models: list[str], words: str) -> None:
        self._models = models = [self._harmless(name) for name in models]
        self.query_one("#model", Input).suggester = SuggestFromList(models, case_sensitive=False)
        named = ", ".join(one_line(name) for name in models[:3]) + (", …" if len(models) > 3 else "")
        hint = f"models: {named} (Up and Down in the field)" if models else words
        self.query_one("#hint", Static).update(
            Content(f"{hint}\nLeft and Right choose · Enter or Ctrl+T keeps · Esc leaves")
        )

    # Keys

    def action_move(self, by: int) -> None:
        """Go to another field; in the model's, to another model."""
        field = self.focused
        if isinstance(field, Input) and field.id == "model" and self._models:
            at = self._models.index(field.value) + by if field.value in self._models else min(0, by)
            field.value = self._models[at % len(self._models)]
            field.cursor_position = len(field.value)
        elif by > 0:
            self.focus_next()
        else:
            self.focus_previous()

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self.action_keep()

    def action_keep(self) -> None:
        """Close with what is set, if it can be used."""
        try:
            values = self._read()
        except BadValueError as err:
            box = self.query_one(".dialog-error", Static)
            box.update(Content(str(err)))
            box.add_class("-shown")
            return
        self.dismiss(Chosen(self.query_one("#scope", Cycle).value, values))

    def action_leave(self) -> None:
        """Close without a change."""
        self.dismiss(None)

    def _read(self) -> Values:
        temperature = self.query_one("#temperature", Input).value.strip().replace(",", ".")
        context = self.query_one("#context", Input).value.strip()
        try:
            degree = float(temperature) if temperature else None
        except ValueError:
            degree = -1.0
        if degree is not None and not 0 <= degree <= 2:
            raise BadValueError("The temperature is a number from 0 for sober to 2 for wild.")
        if context and not (context.isascii() and context.isdigit()):
            raise BadValueError("The context is a whole number of messages; 0 sends all.")
        model = self.query_one("#model", Input).value.strip()
        system = self.query_one("#system", TextArea).text.strip()
        return Values(
            provider=self.query_one("#provider", Cycle).value,
            model=self._meant.get(model, model),
            temperature=degree,
            context_messages=int(context[:9]) if context else None,
            system_prompt=self._meant.get(system, system),
        )


def _row(label: str, field: Cycle | Input) -> ComposeResult:
    with Horizontal(classes="setting"):
        yield Static(label, classes="setting-label", markup=False)
        yield field


def _held(is_here: bool, default: str, otherwise: str) -> str:
    """Return what holds while a field is empty."""
    return f"default: {one_line(default) or otherwise}" if is_here else otherwise

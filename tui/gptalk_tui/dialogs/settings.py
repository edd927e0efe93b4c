"""The settings of a conversation, or the defaults: persona, provider, model and parameters."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.widget import Widget
from textual.widgets import Input, Static

from gptalk_client.errors import GptalkError
from gptalk_client.text import one_line
from gptalk_tui.actions import ACTION_OF
from gptalk_tui.dialogs.base import Dialog
from gptalk_tui.dialogs.key_hints import KeyHints
from gptalk_tui.dialogs.model_picker import ModelPicker, unlisted
from gptalk_tui.dialogs.settings_fields import BadValueError, Fields, Meanings, Values, what_applies
from gptalk_tui.dialogs.settings_form import SettingsForm, setting
from gptalk_tui.keymap import KeyMap, types_nothing
from gptalk_tui.widgets.cycle import Cycle

if TYPE_CHECKING:
    from gptalk_client.providers.model_info import ModelInfo
    from gptalk_tui.dialogs.engine_book import EngineBook

HERE, DEFAULT = "here", "default"

MODELS_LIMIT_S = 8.0
"""How long a provider may take to list its models, in seconds."""

_REASONING = [("folded", "folded to one line"), ("open", "open"), ("hidden", "hidden")]


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
        book: The providers, their models and the personas.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Close", show=False),
        Binding("enter", "enter", "Open or keep", show=False),
        Binding("down", "move(1)", "Next", show=False),
        Binding("up", "move(-1)", "Before", show=False),
    ]

    def __init__(self, title: str, here: Values, defaults: Values, book: EngineBook) -> None:
        super().__init__()
        self._title = title
        self._book = book
        keys = KeyMap(book.settings.keys)
        self._save_key = keys.first("conversation.settings") or "Enter"
        for key in filter(types_nothing, keys.keys(ACTION_OF["conversation.settings"])):
            self._bindings.bind(key, "keep", "Keep", show=False, priority=True)
        self._set = {HERE: Fields.of(here), DEFAULT: Fields.of(defaults)}
        """What was set before, by scope."""
        self._typed = dict(self._set)
        """What the fields hold, by scope; for the scope on screen, when it was shown."""
        self._scope = HERE
        self._models: dict[str, Mapping[str, ModelInfo]] = {}
        """By provider, the models that it has listed."""
        self._meant = Meanings()
        self._keeps_when_listed = False
        for each in (here, defaults):
            self._meant.remember(each.model)
            self._meant.remember(each.system_prompt, newlines=True)

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog", id="settings"):
            yield Static(f"Settings · “{self._title}”", classes="dialog-title", markup=False)
            with VerticalScroll(classes="dialog-fields", can_focus=False):
                scopes = [(HERE, "this conversation"), (DEFAULT, "all new ones (default)")]
                yield setting("for", Cycle(scopes, id="scope"))
                yield setting("persona", Cycle([], id="persona"))
                yield setting("reasoning", Cycle(_REASONING, id="reasoning"))
                yield SettingsForm()
                yield Static(classes="dialog-error", markup=False)
            yield KeyHints()

    def on_mount(self) -> None:
        self._fill(self._typed[HERE])
        self.query_one("#provider").focus()

    # Fields

    @property
    def _form(self) -> SettingsForm:
        return self.query_one(SettingsForm)

    def _fill(self, fields: Fields) -> None:
        """Show the scope's fields; an empty one says what applies instead."""
        is_here = self._scope == HERE
        personas = [("", "none"), *((name, one_line(name)) for name in self._book.settings.personas)]
        if fields.persona not in dict(personas):
            personas.append((fields.persona, f"{one_line(fields.persona)} (removed)"))
        self.query_one("#persona", Cycle).set_options(personas, value=fields.persona)
        self._show_row("#persona", is_here)
        self.query_one("#reasoning", Cycle).value = fields.reasoning
        self._show_row("#reasoning", not is_here)
        self._show(fields)

    def _show(self, fields: Fields) -> None:
        """Show the fields that depend on the persona and the provider, and ask for the provider's models."""
        is_here = self._scope == HERE
        applies = what_applies(self._book.settings, fields, is_default=not is_here)
        self._form.fill(fields, otherwise=applies, providers=self._book.providers(), is_optional=is_here)
        self._look_for_models()

    def _show_row(self, selector: str, is_shown: bool) -> None:
        row = self.query_one(selector).parent
        assert isinstance(row, Widget)
        row.display = is_shown

    @property
    def _fields(self) -> Fields:
        """What the fields hold now."""
        return replace(
            self._form.read_into(self._typed[self._scope]),
            persona=self.query_one("#persona", Cycle).value if self._scope == HERE else "",
            reasoning=self.query_one("#reasoning", Cycle).value if self._scope == DEFAULT else "",
        )

    @on(Cycle.Changed, "#scope")
    def _scope_changed(self, event: Cycle.Changed) -> None:
        self._show_scope(event.value)

    def _show_scope(self, scope: str) -> None:
        self._typed[self._scope] = self._fields
        self._scope = scope
        self._fill(self._typed[scope])

    @on(Cycle.Changed, "#provider")
    def _provider_changed(self) -> None:
        self._take_provider()

    def _take_provider(self) -> None:
        self._show(self._fields.without_model())  # a model of the other provider

    @on(Cycle.Changed, "#persona")
    def _persona_changed(self) -> None:
        self.complain("")
        self._show(self._fields)

    # Models

    @property
    def _provider(self) -> str:
        """Who would answer, by the fields."""
        return self._book.provider_of(self._fields)

    def _look_for_models(self) -> None:
        provider = self._provider
        if provider in self._models:
            self._take_models(provider, "")
            return
        self._note(f"asking {one_line(provider)} for its models…")
        self.run_worker(self._fetch_models(provider), group="models", exclusive=True, description="models")

    async def _fetch_models(self, provider: str) -> None:
        words = ""
        try:
            async with asyncio.timeout(MODELS_LIMIT_S):
                self._models[provider] = {each.name: each for each in await self._book.models(provider)}
        except TimeoutError:
            words = f"{one_line(provider)} did not list its models in time"
        except GptalkError as err:
            words = one_line(err.message, max_chars=200)
        self._take_models(provider, words)

    def _take_models(self, provider: str, words: str) -> None:
        models = self._models.get(provider, {})
        self._form.suggest_models([self._meant.remember(each) for each in models])
        self._note(words)
        if self._keeps_when_listed:
            self._keeps_when_listed = False
            self.action_keep()

    @on(Input.Changed, "#model")
    def _model_typed(self) -> None:
        self._note("")

    def _note(self, words: str) -> None:
        """Say what there is to say of the model: what came of asking for it, else what is known of it."""
        models = self._models.get(self._provider)
        name = self._meant.of(self.query_one("#model", Input).value)
        if not words and models is not None:
            if name in models:
                words = one_line(models[name].summary)
            elif name:
                words = f"{one_line(self._provider)} lists no such model"
            else:
                words = {0: "no models are listed", 1: "1 model"}.get(len(models), f"{len(models)} models")
        self._form.note_model(words)

    # Keys

    @on(events.DescendantFocus)
    def _focus_changed(self) -> None:
        does = {"provider": "providers", "model": "models", "persona": "personas"}
        focused = self.focused.id or "" if self.focused is not None else ""
        hints = [(self._save_key, "save"), ("Esc", "cancel")]  # first, where there is room for one line only
        if focused in does:
            hints.append(("Enter", does[focused]))
        if isinstance(self.focused, Cycle):
            hints.append(("← →", "choose"))
        self.query_one(KeyHints).show(*hints, ("Tab", "next"))

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
        """Open the list that the field has, or keep what was changed."""
        focused = self.focused.id if self.focused is not None else None
        if focused == "model":
            self._pick_model()
        elif focused == "provider":
            self._choose_provider()
        elif focused == "persona":
            self._choose_persona()
        else:
            self.action_keep()

    def _pick_model(self) -> None:
        provider, typed = self._provider, self.query_one("#model", Input).value.strip()
        is_listed = self._meant.of(typed) in self._models.get(provider, {})

        def picked(model: str | None) -> None:
            if model is not None:
                self.query_one("#model", Input).value = self._meant.remember(model)

        picker = ModelPicker(
            provider,
            self._book,
            current=self._meant.of(typed) if is_listed else "",
            typed="" if is_listed else typed,
        )
        self.app.push_screen(picker, picked)

    def _choose_provider(self) -> None:
        from gptalk_tui.dialogs.providers import ProvidersScreen

        def chosen(name: str | None) -> None:
            self._models.clear()  # the addresses may be others now
            if name is None:
                self._show(self._fields)
            else:
                self._show(replace(self._fields.without_model(), provider=name))

        self.app.push_screen(ProvidersScreen(self._book, current=self._provider), chosen)

    def _choose_persona(self) -> None:
        from gptalk_tui.dialogs.personas import PersonasScreen

        def chosen(name: str | None) -> None:
            self._fill(replace(self._fields, persona=self._fields.persona if name is None else name))

        screen = PersonasScreen(self._book, current=self._fields.persona, fields=self._fields)
        self.app.push_screen(screen, chosen)

    # The end

    def action_keep(self) -> None:
        """Close with what was changed, if it can be used."""
        self._typed[self._scope] = self._fields
        chosen: list[Chosen] = []
        for scope in (HERE, DEFAULT):
            if self._typed[scope] == self._set[scope]:
                continue
            try:
                chosen.append(Chosen(scope, self._meant.restore(self._typed[scope].read())))
            except BadValueError as err:
                if scope != self._scope:
                    self.query_one("#scope", Cycle).value = scope
                    self._show_scope(scope)
                self.complain(str(err))
                return
        if not self._asks_about_model(chosen):
            self.dismiss(chosen)

    def _asks_about_model(self, chosen: list[Chosen]) -> bool:
        """Ask about a new model that its provider does not list; return whether the dialog has to wait."""
        for each in chosen:
            model, provider = each.values.model, self._book.provider_of(self._typed[each.scope])
            if not model or self._typed[each.scope].model == self._set[each.scope].model:
                continue
            listed = self._models.get(provider)
            if listed is None and self._is_asking(provider):
                self._keeps_when_listed = True
                return True
            if listed and model not in listed:
                self.app.push_screen(unlisted(provider, model), partial(self._answered, chosen))
                return True
        return False

    def _answered(self, chosen: list[Chosen], is_meant: bool | None) -> None:
        if is_meant:
            self.dismiss(chosen)

    def _is_asking(self, provider: str) -> bool:
        return provider == self._provider and any(
            each.node is self and each.group == "models" and not each.is_finished for each in self.workers
        )

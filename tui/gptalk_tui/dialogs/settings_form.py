"""Who answers and how: the fields that a conversation's settings, the defaults and a persona have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.suggester import SuggestFromList
from textual.widget import Widget
from textual.widgets import Input, Static, TextArea

from gptalk_client.parameters import EFFORTS, PARAMETERS
from gptalk_client.settings import BUILT_IN
from gptalk_client.text import one_line
from gptalk_tui.dialogs.settings_fields import Fields
from gptalk_tui.widgets.cycle import Cycle
from gptalk_tui.widgets.text_box import TextBox

EFFORT = "reasoning_effort"
_PAIRS = (
    ("temperature", "top_p"),
    ("max_tokens", "seed"),
    ("presence_penalty", "frequency_penalty"),
    (EFFORT, "stop"),
)


class SettingsForm(Vertical):
    """Fields for provider, model, parameters and system prompt. The dialog around it decides what keys do.

    Args:
        has_context: Whether there is a field for how many messages are sent.
    """

    DEFAULT_CSS = """
    SettingsForm { height: auto; }
    """

    def __init__(self, *, has_context: bool = True) -> None:
        super().__init__()
        self._has_context = has_context

    def compose(self) -> ComposeResult:
        yield setting("provider", Cycle([], id="provider"))
        yield setting("model", Input(id="model"))
        yield setting("", Static(id="model-note", markup=False))
        for pair in _PAIRS:
            fields = [(_label(name), self._parameter(name)) for name in pair]
            yield Horizontal(*(setting(label, field) for label, field in fields), classes="setting-pair")
        yield setting("others", Input(placeholder="name=value", id="others"))
        if self._has_context:
            yield setting("context messages", Input(id="context"))
        yield Static("system prompt", classes="setting-label", markup=False)
        yield TextBox(id="system", tab_behavior="focus", highlight_cursor_line=False)

    def _parameter(self, name: str) -> Widget:
        return Cycle([("", "")], id=name) if name == EFFORT else Input(id=name)

    @property
    def provider(self) -> str:
        """The name of the provider that the fields choose; empty where they choose none."""
        return self.query_one("#provider", Cycle).value

    def read_into(self, fields: Fields) -> Fields:
        """Return fields with what the form has now."""
        typed = {name: self._text(name) for name in PARAMETERS}
        return replace(
            fields,
            provider=self.provider,
            model=self.query_one("#model", Input).value,
            parameters={name: text for name, text in typed.items() if text},
            others=self.query_one("#others", Input).value,
            context=self._text("context") if self._has_context else "",
            system=self.query_one("#system", TextArea).text,
        )

    def _text(self, name: str) -> str:
        field = self.query_one(f"#{name}")
        return field.value if isinstance(field, Input | Cycle) else ""

    def fill(
        self,
        fields: Fields,
        *,
        otherwise: Mapping[str, str],
        providers: Sequence[tuple[str, str]],
        is_optional: bool,
    ) -> None:
        """Show fields.

        Args:
            fields: What they hold.
            otherwise: What applies where a field is empty, by its id; made harmless by the caller.
            providers: Name and place of those to choose from; made harmless by the caller.
            is_optional: Whether there may be none: then, what applies instead.
        """
        names = [("", otherwise["provider"])] if is_optional else []
        names += [(name, place if name in BUILT_IN else f"{name} · {place}") for name, place in providers]
        if fields.provider not in dict(names):
            names.append((fields.provider, f"{one_line(fields.provider)} (removed)"))
        self.query_one("#provider", Cycle).set_options(names, value=fields.provider)
        texts = {
            "model": fields.model,
            "others": fields.others,
            "context": fields.context,
            **fields.parameters,
        }
        for each in self.query(Input):
            each.value = texts.get(each.id or "", "")
            each.placeholder = otherwise.get(each.id or "", "").replace(" ", "\N{NO-BREAK SPACE}")
            each.cursor_position = len(each.value)
        effort = fields.parameters.get(EFFORT, "")
        efforts = [("", otherwise.get(EFFORT) or "unset"), *((each, each) for each in EFFORTS)]
        if effort not in dict(efforts):
            efforts.append((effort, effort))
        self.query_one(f"#{EFFORT}", Cycle).set_options(efforts, value=effort)
        system = self.query_one("#system", TextArea)
        system.load_text(fields.system)
        system.placeholder = otherwise.get("system", "")

    def note_model(self, words: str) -> None:
        """Say something about the model, such as its context; made harmless by the caller."""
        self.query_one("#model-note", Static).update(Content(words))

    def suggest_models(self, models: Iterable[str]) -> None:
        """Complete what is typed in the model's field to one of these names."""
        self.query_one("#model", Input).suggester = SuggestFromList(models, case_sensitive=False)


def setting(label: str, field: Widget) -> Horizontal:
    """Return a field with its label to the left."""
    return Horizontal(Static(label, classes="setting-label", markup=False), field, classes="setting")


def _label(name: str) -> str:
    return name.replace("_", " ")

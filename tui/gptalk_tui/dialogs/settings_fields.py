"""The fields of the settings: as typed, and what they mean."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from gptalk_client.errors import UsageError
from gptalk_client.models import Conversation
from gptalk_client.parameters import PARAMETERS, PERSONA, read_parameter
from gptalk_client.settings import GPTALK, MOST_MESSAGES, ChatSettings, Persona, Settings
from gptalk_client.text import one_line, visible
from gptalk_client.turn_options import TurnOptions

_PAIR = re.compile(r"(?:^|(?<=\s))([A-Za-z_][\w.-]*)\s*=")
_JSON = ('"', "[", "{")
_EQUALS = "\\u003d"
"""How JSON can write `=`, so that no name is found inside a value."""


@dataclass(frozen=True, slots=True)
class Values:
    """What can be set; what is empty or None comes from elsewhere."""

    provider: str = ""
    model: str = ""
    persona: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """What goes with the request, such as `temperature`; None leaves a default out."""
    context_messages: int | None = None
    system_prompt: str = ""
    reasoning: str = ""
    """How reasoning is shown; a default only."""


class BadValueError(ValueError):
    """A field has a value that cannot be used; the message says what can."""


class Meanings(dict[str, str]):
    """What fields show, and the texts that they mean, which are kept where a field is left alone."""

    def remember(self, text: str, *, newlines: bool = False) -> str:
        """Return a text as a field shows it, and remember what it means."""
        shown = visible(text, newlines=newlines).strip()
        self[shown] = text
        return shown

    def of(self, shown: str) -> str:
        """Return what a field means that shows this."""
        return self.get(shown.strip(), shown.strip())

    def restore(self, values: Values) -> Values:
        """Return the values with the texts that their fields mean."""
        return replace(values, model=self.of(values.model), system_prompt=self.of(values.system_prompt))


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields as they are typed; what is empty comes from elsewhere."""

    provider: str = ""
    model: str = ""
    persona: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    """The text of each field that is not empty, by the parameter's name."""
    others: str = ""
    """Any other parameters, such as `top_k=40 min_p=0.05`."""
    context: str = ""
    system: str = ""
    reasoning: str = ""

    @classmethod
    def of(cls, values: Values) -> Fields:
        """Return the fields that show what is set, with control characters made visible."""
        return cls(
            provider=values.provider,
            model=visible(values.model, newlines=False).strip(),
            persona=values.persona,
            parameters={
                name: parameter_text(name, value)
                for name, value in values.parameters.items()
                if name in PARAMETERS
            },
            others=" ".join(
                _pair(name, value) for name, value in values.parameters.items() if name not in PARAMETERS
            ),
            context="" if values.context_messages is None else str(values.context_messages),
            system=visible(values.system_prompt).strip(),
            reasoning=values.reasoning,
        )

    def read(self) -> Values:
        """Return what the fields mean.

        Raises:
            BadValueError: One of them cannot be used.
        """
        context = self.context.strip()
        if context and not (context.isascii() and context.isdigit()):
            raise BadValueError("The context is a whole number of messages; 0 sends all.")
        return Values(
            provider=self.provider,
            model=self.model.strip(),
            persona=self.persona,
            parameters=self._read_parameters(),
            context_messages=min(int(context[:9]), MOST_MESSAGES) if context else None,
            system_prompt=self.system.strip(),
            reasoning=self.reasoning,
        )

    def _read_parameters(self) -> dict[str, Any]:
        typed = {name: text.strip() for name, text in self.parameters.items() if text.strip()}
        for name, text in typed.items():
            if PARAMETERS[name].kind in ("number", "whole number"):
                typed[name] = text.replace(",", ".")
        for name, text in split_pairs(self.others):
            if name in typed:
                raise BadValueError(f"{name} is set twice.")
            typed[name] = text
        read = {}
        for name, text in typed.items():
            try:
                read[name] = read_parameter(name, text)
            except UsageError as err:
                raise BadValueError(err.message) from err
        return read

    def without_model(self) -> Fields:
        """Return the fields for another provider, whose models are others."""
        return replace(self, model="")


def persona_fields(persona: Persona) -> Fields:
    """Return the fields that show a persona."""
    return Fields.of(
        Values(
            provider=persona.provider or "",
            model=persona.model,
            parameters=persona.parameters,
            system_prompt=persona.system_prompt,
        )
    )


def as_persona(values: Values) -> Persona:
    """Return the persona that is set in the fields."""
    options = {name: value for name, value in values.parameters.items() if value is not None}
    return Persona(
        system_prompt=values.system_prompt,
        model=values.model,
        temperature=options.pop("temperature", None),
        provider=values.provider or None,
        options=options,
    )


def without_own(settings: Settings, fields: Fields, *, is_default: bool) -> TurnOptions:
    """Return how prompts are answered where the fields choose a provider and a persona, and nothing else.

    Args:
        settings: The settings.
        fields: What is typed.
        is_default: The fields are the defaults themselves, so those do not apply.
    """
    if is_default:
        return TurnOptions.resolve(
            replace(settings, provider=fields.provider or None, model="", chat=ChatSettings())
        )
    options = {PERSONA: fields.persona} if fields.persona else {}
    return TurnOptions.resolve(
        settings, Conversation("", "", 0, 0, provider=fields.provider, options=options)
    )


def what_applies(settings: Settings, fields: Fields, *, is_default: bool) -> dict[str, str]:
    """Return what applies where a field is empty, by the field's id, with where it comes from; made harmless.

    The arguments are those of `without_own`.
    """
    applies = without_own(settings, fields, is_default=is_default)
    persona = settings.personas.get("" if is_default else fields.persona) or Persona()
    ours = {"provider": persona.provider, "model": persona.model, "system": persona.system_prompt}
    others = (_pair(name, value) for name, value in applies.parameters.items() if name not in PARAMETERS)
    usual = ChatSettings() if is_default else settings.chat

    def said(name: str, value: str, otherwise: str) -> str:
        if not value or is_default:
            return value or otherwise
        return f"{one_line(fields.persona, max_chars=20) if ours.get(name) else 'default'}: {value}"

    return {
        "provider": said("provider", one_line(persona.provider or settings.provider or GPTALK), ""),
        "model": said("model", one_line(applies.model), "the provider's own"),
        "context": said("context", str(usual.context_messages), ""),
        "system": said("system", one_line(applies.system_prompt), "none"),
        "others": one_line(" ".join(others)) or "name=value",
        **{
            name: one_line(parameter_text(name, applies.parameters[name]))
            for name in PARAMETERS
            if name in applies.parameters
        },
    }


def parameter_text(name: str, value: object) -> str:
    """Return the text that means a value, where it is typed for a parameter."""
    if isinstance(value, str) and value.strip() == value:
        shown = visible(value, newlines=False)
        try:
            if shown and read_parameter(name, shown) == value:
                return shown
        except UsageError:
            return shown  # written into the config file by hand: its field says what is wrong with it
    if isinstance(value, float) and float(f"{value:g}") == value:
        return f"{value:g}"
    return json.dumps(value)


def _pair(name: str, value: object) -> str:
    text = parameter_text(name, value)
    if isinstance(value, str) and re.search(r"[\s=]", text):
        text = json.dumps(value)
    return f"{name}={text.replace('=', _EQUALS) if text[:1] in _JSON else text}"


def split_pairs(text: str) -> list[tuple[str, str]]:
    """Return the parameters of a text such as `top_k=40 min_p=0.05`. A value ends where the next name begins.

    Raises:
        BadValueError: A part of it is not `name=value`.
    """
    found = list(_PAIR.finditer(text))
    before = text[: found[0].start()] if found else text
    if before.strip():
        raise BadValueError(
            f"“{visible(before.strip(), newlines=False)}” is not name=value, such as top_k=40."
        )
    if not found:
        return []
    ends = [each.start() for each in found[1:]] + [len(text)]
    pairs = [(each[1], text[each.end() : end].strip(" ,")) for each, end in zip(found, ends, strict=True)]
    for name, value in pairs:
        if not value:
            raise BadValueError(f"{name} has no value; write it as {name}=value.")
    return pairs

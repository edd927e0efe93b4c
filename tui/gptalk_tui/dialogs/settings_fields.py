"""The fields of the settings dialog: as typed, and what they mean."""

from __future__ import annotations

from dataclasses import dataclass, replace

from gptalk_client.settings import MOST_MESSAGES, Persona
from gptalk_client.text import visible


@dataclass(frozen=True, slots=True)
class Values:
    """What can be set; what is empty or None comes from elsewhere."""

    provider: str = ""
    model: str = ""
    temperature: float | None = None
    context_messages: int | None = None
    system_prompt: str = ""


class BadValueError(ValueError):
    """A field has a value that cannot be used; the message says what can."""


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields as they are typed; what is empty comes from elsewhere."""

    provider: str = ""
    model: str = ""
    temperature: str = ""
    context: str = ""
    system: str = ""

    @classmethod
    def of(cls, values: Values) -> Fields:
        """Return the fields that show what is set, with control characters made visible."""
        return cls(
            provider=values.provider,
            model=visible(values.model, newlines=False),
            temperature="" if values.temperature is None else f"{values.temperature:g}",
            context="" if values.context_messages is None else str(values.context_messages),
            system=visible(values.system_prompt),
        )

    def as_persona(self, persona: Persona) -> Fields:
        """Return the fields with all that a persona says, and nothing set where it says nothing."""
        return replace(
            self,
            provider=persona.provider or "",
            model=visible(persona.model, newlines=False),
            temperature="" if persona.temperature is None else f"{persona.temperature:g}",
            system=visible(persona.system_prompt),
        )

    def read(self) -> Values:
        """Return what the fields mean.

        Raises:
            BadValueError: One of them cannot be used.
        """
        temperature, context = self.temperature.strip().replace(",", "."), self.context.strip()
        try:
            degree = float(temperature) if temperature else None
        except ValueError:
            degree = -1.0
        if degree is not None and not 0 <= degree <= 2:
            raise BadValueError("The temperature is a number from 0 (precise) to 2 (creative).")
        if context and not (context.isascii() and context.isdigit()):
            raise BadValueError("The context is a whole number of messages; 0 sends all.")
        return Values(
            provider=self.provider,
            model=self.model.strip(),
            temperature=degree,
            context_messages=min(int(context[:9]), MOST_MESSAGES) if context else None,
            system_prompt=self.system.strip(),
        )

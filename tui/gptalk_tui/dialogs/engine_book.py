"""What the dialogs about providers, models and personas may ask for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from gptalk_client.model_choices import ModelChoices
    from gptalk_client.providers.discovery import FoundEngine
    from gptalk_client.providers.model_info import ModelInfo
    from gptalk_client.settings import Persona, ProviderSettings, Settings
    from gptalk_tui.dialogs.settings_fields import Fields


@dataclass(frozen=True, slots=True)
class Candidate:
    """A provider as it was typed, which is tested before it is kept."""

    name: str
    settings: ProviderSettings
    key: str = field(default="", repr=False)
    """The key that was typed; empty where none was."""
    keeps_key: bool = True
    """Whether the key is kept on disk; otherwise it is known until the app closes."""


class EngineBook(Protocol):
    """The providers, their models and the personas: what there is, and how to change it."""

    @property
    def settings(self) -> Settings:
        """The settings as they are now."""

    def providers(self) -> list[tuple[str, str]]:
        """Return the name of every provider and where it is, made harmless."""

    def provider_of(self, fields: Fields) -> str:
        """Return the name of the provider that answers with these fields."""

    async def discover(self) -> list[FoundEngine]:
        """Return the engines that answer on this computer's usual ports. Never takes long."""

    async def test(self, candidate: Candidate) -> list[ModelInfo]:
        """Return the models of a provider as it was typed.

        Raises:
            GptalkError: It cannot be used; the sentence says why and what to do.
        """

    async def check(self, provider: str) -> list[ModelInfo]:
        """Return the models of a provider after what a chat would ask it first, such as a login.

        Raises:
            GptalkError: It would not answer; the sentence says why and what to do.
        """

    async def models(self, provider: str) -> list[ModelInfo]:
        """Return the models of a provider; empty if it lists none.

        Raises:
            GptalkError: They cannot be had.
        """

    async def keep_provider(self, candidate: Candidate, model: str) -> None:
        """Add a provider or change the one with its name, and keep its key if it is to be kept.

        Args:
            candidate: The provider.
            model: Its default model; empty for its own.

        Raises:
            GptalkError: It cannot be written; nothing has changed.
        """

    async def remove_provider(self, name: str) -> None:
        """Remove a provider with its key.

        Raises:
            GptalkError: It cannot be written.
        """

    async def keep_persona(self, name: str, persona: Persona) -> None:
        """Add a persona, or change the one with this name.

        Raises:
            GptalkError: It cannot be written.
        """

    async def remove_persona(self, name: str) -> None:
        """Remove a persona.

        Raises:
            GptalkError: It cannot be written.
        """

    async def choices(self, provider: str) -> ModelChoices:
        """Return a provider's favourites and the models that were used last."""

    async def mark(self, provider: str, model: str, *, is_favourite: bool) -> None:
        """Remember that a model is a favourite, or no longer.

        Raises:
            GptalkError: It cannot be written.
        """

    def note_used(self, provider: str, model: str) -> None:
        """Remember, in the background, that a model was chosen."""
